"""The installed model as a `Model`: its server starts with the first question and ends with us.

Llama.cpp inside this process was rejected: a crash or a lack of memory in native code would take
the engine along, its threads would count as ours, and a question could not be given up. As a server
it speaks the format that every other model is asked in, so it is asked by the same client.

It keeps what it has read of the last prompt, which makes the next one that begins alike several
times quicker to read. The price: the same question with the same seed may get another answer when
another question came before.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from codegenesis.config import Endpoint
from codegenesis.core.models.embedded.cache import Installed, installed
from codegenesis.core.models.embedded.catalogue import DEFAULT
from codegenesis.core.models.embedded.process import CONTEXT, ServerProcess
from codegenesis.core.models.failing import Failure
from codegenesis.core.models.model import Answer, Request
from codegenesis.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codegenesis.core.models.remote import Remote

#: A slow machine reads a long prompt for minutes before it says the first word.
_ANSWER_S, _SILENCE_S = 900.0, 300.0
_LOOK_S = 0.05

#: A process that is killed closes its connections a little before it is gone.
_DYING_S = 2.0


class Embedded:
    """An installed model; see `Model`. Close it when it is not needed any more.

    Nothing is started before the first question. A server that died is started once more for the
    question that it died of.

    Args:
        name: of an installed model; "" for the default, else the first that there is.
        cache: directory of models; the user's when None.
        threads: for the model; None for as many as the machine has to spare when it starts (see
            `resources`).
        context: tokens of question and answer together.
    """

    def __init__(
        self,
        name: str = "",
        *,
        cache: Path | None = None,
        threads: int | None = None,
        context: int = CONTEXT,
    ) -> None:
        self._there = _chosen(name, installed(cache=cache))
        self.model = self._there.name if self._there else name or DEFAULT
        self.name = f"embedded:{self.model}"
        self.identity = f"embedded {self._there.sha256 if self._there else self.model}"
        self._threads, self._context = threads, context
        self._lock = threading.Lock()
        self._server: ServerProcess | None = None
        self._client: Remote | None = None

    @property
    def pid(self) -> int | None:
        """Of the server's process; None while there is none."""
        server = self._server
        return server.pid if server else None

    def ask(
        self,
        request: Request,
        *,
        told: Callable[[str], None] | None = None,
        cancelled: threading.Event | None = None,
    ) -> Answer:
        """See `Model.ask`."""
        server, client = self._ready(cancelled)
        try:
            return client.ask(request, told=told, cancelled=cancelled)
        except Failure as failure:
            if not _died(server, failure):
                raise
        server, client = self._ready(cancelled)
        try:
            return client.ask(request, told=told, cancelled=cancelled)
        except Failure as failure:
            if not _died(server, failure):
                raise
            raise ModelError(
                f"{self.name} died twice of the same question",
                remedy="It may need more memory than there is; `codegenesis models install --list` "
                "names smaller ones.",
            ) from failure

    def close(self) -> None:
        """End the server and wait until it is gone; may be called again."""
        with self._lock:
            self._end()

    def __enter__(self) -> Embedded:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _ready(self, cancelled: threading.Event | None) -> tuple[ServerProcess, Remote]:
        """The server, running, and who talks to it."""
        with self._alone(cancelled):
            if self._server and self._client and not self._server.ended():
                return self._server, self._client
            self._end()
            if cancelled and cancelled.is_set():
                raise ModelError(f"cancelled before {self.name} was loaded")
            there = self._installed()
            self._server = ServerProcess(
                there.path,
                name=self.model,
                threads=self._threads,
                context=self._context,
                cancelled=cancelled,
            )
            self._client = _client(self.name, self._server)
            return self._server, self._client

    @contextmanager
    def _alone(self, cancelled: threading.Event | None) -> Iterator[None]:
        """One thread starts the server; those that wait for it can be told to stop."""
        while not self._lock.acquire(timeout=_LOOK_S):
            if cancelled and cancelled.is_set():
                raise ModelError(f"cancelled while {self.name} was being loaded")
        try:
            yield
        finally:
            self._lock.release()

    def _end(self) -> None:
        client, server = self._client, self._server
        self._client = self._server = None
        if client:
            client.close()
        if server:
            server.close()

    def _installed(self) -> Installed:
        if self._there is None or not self._there.path.is_file():
            raise ModelError(
                f"the model {self.model} is not installed",
                remedy=f"codegenesis models install {self.model}",
            )
        return self._there


def _chosen(name: str, there: tuple[Installed, ...]) -> Installed | None:
    by_name = {each.name: each for each in there}
    if name:
        return by_name.get(name)
    return by_name.get(DEFAULT) or next(iter(there), None)


def _died(server: ServerProcess, failure: Failure) -> bool:
    """Whether there is no answer because there is no server any more."""
    return failure.kind in {"dead", "broken"} and server.ended(within_s=_DYING_S)


def _client(name: str, server: ServerProcess) -> Remote:
    from codegenesis.core.models.keys import Key
    from codegenesis.core.models.openai import OpenAI
    from codegenesis.core.models.remote import Remote

    endpoint = Endpoint(
        url=f"{server.url}/v1",
        model=server.name,
        timeout_s=_ANSWER_S,
        pause_s=_SILENCE_S,
        retries=0,
        # The server answers one after the other; who waits here can be cancelled.
        parallel=1,
    )
    key = Key(env="EMBEDDED", environ={"EMBEDDED": server.key})
    return Remote(name, model=server.name, endpoint=endpoint, dialect=OpenAI(), key=key)
