"""A model behind HTTP: one question, tried again where that may help, in either format.

Tried again is what passes by itself and was not answered in part: a busy or failing server, one
that cannot be reached just now. Never tried again is what stays as it is (a wrong key, model or
question), and what the server may have counted (an answer that broke off), since that would cost
twice what was held for it.
"""

from __future__ import annotations

import functools
import math
import random
import re
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from codegenesis.config import Endpoint
from codegenesis.core.models import reading, refusals
from codegenesis.core.models.dialect import Counts, Dialect
from codegenesis.core.models.failing import Failure
from codegenesis.core.models.keys import Key
from codegenesis.core.models.leash import Leash
from codegenesis.core.models.model import Answer, Request, Usage
from codegenesis.core.models.prices import FREE, Price, guessed_tokens, most_input, most_output
from codegenesis.core.models.speaker import Speaker
from codegenesis.core.models.transport import FAULTS, Wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx2

_T = TypeVar("_T")

#: Failures that may pass by themselves.
_PASSING = frozenset({"dead", "busy", "failing"})

#: An endpoint that wants to be left alone for longer is not waited for.
_PATIENCE_S = 30.0

#: Bytes of an answer on the wire, beside and for each token of it.
_ROOM_BYTES, _TOKEN_BYTES = 256 << 10, 2 << 10

#: Bytes of a list of models.
_MOST_NAMES = 4 << 20


class Remote:
    """A model at an endpoint; see `Model`.

    Args:
        name: what it is called in answers.
        model: what the endpoint calls it.
        dialect: the format that the endpoint speaks.
        key: where its key comes from.
        price: of its tokens; None where nobody knows.
        pace_s: pause before the first further try; each next one is about twice as long.
    """

    def __init__(
        self,
        name: str,
        *,
        model: str,
        endpoint: Endpoint,
        dialect: Dialect,
        key: Key,
        price: Price | None = FREE,
        pace_s: float = 0.5,
    ) -> None:
        self.name = name
        self.model = model
        self.endpoint = endpoint
        self.key = key
        self.price = price
        self.strength = endpoint.strength
        self.identity = f"{endpoint.url} {endpoint.wire} {model}"
        self._dialect = dialect
        self._pace_s = pace_s
        self._turns = threading.BoundedSemaphore(endpoint.parallel)
        self._without: frozenset[str] = frozenset()
        self._lock = threading.Lock()
        self._wire: Wire | None = None

    def ask(
        self,
        request: Request,
        *,
        told: Callable[[str], None] | None = None,
        cancelled: threading.Event | None = None,
    ) -> Answer:
        """See `Model.ask`."""
        began = time.monotonic()
        most = _ROOM_BYTES + _TOKEN_BYTES * request.max_tokens
        leash = Leash(self.name, self.endpoint, most_bytes=most, cancelled=cancelled)
        with self._turn(leash):
            said = self._persist(request, told, leash)
        usage = self._usage(request, said, seconds=time.monotonic() - began)
        return Answer(text=said.text, model=self.name, usage=usage, finish=said.finish)

    def close(self) -> None:
        """Close its connections."""
        with self._lock:
            if self._wire:
                self._wire.close()
            self._wire = None

    def offered(self) -> tuple[str, ...]:
        """Names of the models that the endpoint lists.

        Raises:
            Failure: it does not answer, or not so.
        """
        leash = Leash(self.name, self.endpoint, most_bytes=_MOST_NAMES, cancelled=None)
        speaker = self._speaker()

        def listed() -> tuple[str, ...]:
            with self._open().get("/models", leash) as response:
                self._admit(response, speaker)
                return reading.names(response, speaker=speaker)

        return self._safely(listed, speaker)

    @property
    def context(self) -> int:
        """Most tokens of question and answer together; 0 is unknown."""
        return self.endpoint.context or getattr(self.price, "context", 0)

    def _open(self) -> Wire:
        """Opened with the first question: to read all certificates takes a while."""
        with self._lock:
            self._wire = self._wire or Wire(self.endpoint, key_headers=self._key_headers)
            return self._wire

    def _speaker(self) -> Speaker:
        try:
            return Speaker(self.name, self.key.get())
        except Failure as failure:
            words, remedy = f"{self.name}: {failure}", failure.remedy
        raise Failure(words, kind="denied", remedy=remedy, free=True)

    def _key_headers(self) -> list[tuple[bytes, bytes]]:
        headers = self._dialect.key_headers(self.key.get().reveal())
        return [(name.encode(), value.encode()) for name, value in headers.items()]

    @contextmanager
    def _turn(self, leash: Leash) -> Iterator[None]:
        """Not more at once than the endpoint may be asked."""
        while not self._turns.acquire(timeout=0.05):
            leash.look()
        try:
            leash.look()
            yield
        finally:
            self._turns.release()

    def _persist(
        self, request: Request, told: Callable[[str], None] | None, leash: Leash
    ) -> reading.Said:
        speaker = self._speaker()
        tries = 0
        while True:
            body = self._dialect.body(self.model, request, without=self._without)
            try:
                return self._safely(
                    functools.partial(self._once, body, request, told, leash, speaker), speaker
                )
            except Failure as failure:
                leash.begin_again()
                if self._learns(failure, body):
                    continue
                pause = self._pause(failure, tries)
                if tries >= self.endpoint.retries or pause > min(_PATIENCE_S, leash.left_s):
                    raise
            tries += 1
            leash.wait(pause)

    def _once(
        self,
        body: bytes,
        request: Request,
        told: Callable[[str], None] | None,
        leash: Leash,
        speaker: Speaker,
    ) -> reading.Said:
        with self._open().post(self._dialect.path, body, leash) as response:
            self._admit(response, speaker)
            return reading.read(
                response, speaker=speaker, dialect=self._dialect, request=request, told=told
            )

    def _safely(self, call: Callable[[], _T], speaker: Speaker) -> _T:
        """What comes of a call; a failure without the frames below, which hold the key."""
        try:
            return call()
        except Failure as error:
            failure = error.with_traceback(None)
            failure.__context__ = None
        except FAULTS as error:
            failure = refusals.fault(speaker, self.endpoint.url, error)
        raise failure

    def _admit(self, response: httpx2.Response, speaker: Speaker) -> None:
        if response.status_code != 200:
            raise refusals.refusal(speaker, response, self.key.where)

    def _pause(self, failure: Failure, tries: int) -> float:
        """Seconds until it is worth trying again."""
        if failure.kind not in _PASSING or not failure.free:
            return math.inf
        return failure.wait_s or self._pace_s * 2**tries * random.uniform(0.5, 1.5)

    def _learns(self, failure: Failure, body: bytes) -> bool:
        """Whether it refused an option of this question that can be left out."""
        if failure.kind != "refused":
            return False
        words = set(re.findall(r"\w+", str(failure)))
        named = {each for each in self._dialect.options if f'"{each}":'.encode() in body} & words
        with self._lock:
            self._without |= named
        return bool(named)

    def _usage(self, request: Request, said: reading.Said, *, seconds: float) -> Usage:
        counts = said.counts
        told = counts.input is not None and counts.output is not None
        question = "".join(message.text for message in request.messages)
        asked = guessed_tokens(question) if counts.input is None else counts.input
        answered = guessed_tokens(said.text) if counts.output is None else counts.output
        cached = min(asked, counts.cached or 0)
        self._believe(request, counts)
        price = self.price or FREE
        return Usage(
            input_tokens=asked,
            output_tokens=answered,
            cached_tokens=cached,
            usd=price.usd(input_tokens=asked, output_tokens=answered, cached_tokens=cached),
            seconds=seconds,
            estimated=not told,
        )

    def _believe(self, request: Request, counts: Counts) -> None:
        """No more is believed than can be."""
        limits = (counts.input, most_input(request)), (counts.output, most_output(request))
        for count, most in limits:
            if count is not None and count > most:
                raise Failure(
                    f"{self.name}: it counts {count} tokens where {most} are the most that can be",
                    kind="nonsense",
                )
