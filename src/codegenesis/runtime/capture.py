"""What the probe takes down of one call, in the application's own thread: little, and bounded.

Values are encoded here (`codegenesis.wire` runs no code of the values' classes) with a byte cap, so
a huge argument costs a bounded time and is only sketched. What is written here stays in memory:
redaction and everything that needs thought happens on the agent's thread (`intake`).

Per gene and minute, the first `FULL` sampled calls are kept with their values, in their order and
with their repeats, so that a realistic workload can be replayed; after these, calls not seen
before, up to `NOVEL`; genes in shadow go on. All others leave their keyed digest and a sketch.
"""

from __future__ import annotations

import hashlib
import inspect
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from codegenesis import wire
from codegenesis.errors import WireError
from codegenesis.runtime.closures import immutable
from codegenesis.runtime.context import current
from codegenesis.runtime.fingerprint import error_name, fingerprint
from codegenesis.runtime.live import LiveGene
from codegenesis.runtime.local import Cost
from codegenesis.runtime.sketch import Sketch, sketch

#: Encoded bytes per value, at most.
VALUE_BYTES = 64 << 10
#: Encoded bytes that may wait for the agent, about.
PENDING_BYTES = 32 << 20
PENDING_CALLS = 4096
#: Watched calls that may be on their way at once, some for hours: with their values, 32 MiB.
UNDERWAY = 512
FULL, NOVEL = 240, 60
_MINUTE_NS = 60_000_000_000
_MUTABLE_DEFAULTS = (list, dict, set, bytearray)


class Watch(Protocol):
    """The burst that a call belongs to."""

    gene: LiveGene
    variant: str

    def rate(self) -> float:
        """Calls per second in this burst."""


class Raw:
    """One sampled call as it waits for the agent."""

    __slots__ = (
        "after", "at_ns", "call", "cost", "digest", "error", "fingerprint", "gene", "immutable",
        "keep", "segment", "sketch", "trace", "value", "watch",
    )  # fmt: skip

    def __init__(self, watch: Watch) -> None:
        context = current()
        self.watch = watch
        self.gene = watch.gene
        self.segment = context.segment if context else ""
        self.trace = context.trace if context else ""
        self.at_ns = time.time_ns()
        self.cost = Cost(0, 0)
        self.call = self.value = self.after = b""
        self.digest = self.error = self.fingerprint = ""
        self.keep = self.immutable = False
        self.sketch: Sketch = {}

    def size(self) -> int:
        """Encoded bytes that it holds."""
        return len(self.call) + len(self.value) + len(self.after)


class Ring:
    """Sampled calls on their way to the agent; the oldest give way, and are counted."""

    def __init__(self) -> None:
        self.waiting: deque[Raw] = deque()
        self.dropped = 0
        self.bytes = 0  # about: several threads add to it without a lock

    def append(self, raw: Raw) -> None:
        """Called in the application's threads."""
        self.bytes += raw.size()
        self.waiting.append(raw)
        while len(self.waiting) > PENDING_CALLS or self.bytes > PENDING_BYTES:
            try:
                self.bytes -= self.waiting.popleft().size()
            except IndexError:  # the agent was faster
                self.bytes = 0
                return
            self.dropped += 1

    def drain(self) -> list[Raw]:
        """All that waits, oldest first; called on the agent's thread."""
        taken = []
        while self.waiting:
            try:
                taken.append(self.waiting.popleft())
            except IndexError:
                break
        self.bytes = 0
        return taken


class Capture:
    """Takes down calls as the owner allows.

    Args:
        mode: `plain`, `values`, `sketch` or `off`, see `Config.capture`.
        mode_of: the same for single targets; by default all have `mode`.
        sensitive: says which parameter names must not be recorded.
        key: keys the digests, so that they cannot be compared with guessed values.

    Attributes:
        underway: calls that suspend and have not ended yet.
        eager: targets whose calls are kept beyond what a minute allows: their release is in
            shadow and waits for fresh ones.
    """

    def __init__(
        self,
        *,
        mode: str,
        sensitive: Callable[[str], bool],
        key: bytes,
        ring: Ring,
        mode_of: Callable[[str], str] | None = None,
    ) -> None:
        self._mode_of = mode_of or (lambda _target: mode)
        self.sensitive = sensitive
        self.key = key
        self.ring = ring
        self.eager: frozenset[str] = frozenset()
        self.underway: set[Raw] = set()  # adding and discarding take no lock
        self._forms: dict[LiveGene, _Form] = {}

    def full(self) -> bool:
        """Are so many calls on their way that no more are to be watched?"""
        return len(self.underway) >= UNDERWAY

    def before(self, watch: Watch, args: tuple[object, ...], kwargs: dict[str, object]) -> Raw:
        """What can be said before the call; never raises."""
        raw = Raw(watch)
        try:
            self._before(raw, args, kwargs)
        except Exception:  # noqa: BLE001 - boundary: watching must not disturb the application
            raw.keep = False
        return raw

    def returned(
        self, raw: Raw, result: object, args: tuple[object, ...], kwargs: dict[str, object]
    ) -> None:
        """Complete `raw` after the call returned; never raises."""

        def encoded(*call: Any) -> tuple[bytes, bytes]:
            return wire.encode_outcome(result, *call, max_bytes=2 * VALUE_BYTES)

        self._finish(raw, args, kwargs, encoded)

    def left(self, raw: Raw) -> None:
        """Complete `raw` of a call that has no outcome: it gave items, or was not let finish."""
        if not raw.keep:
            raw.call = b""
        self.ring.append(raw)

    def raised(
        self,
        raw: Raw,
        error: BaseException,
        args: tuple[object, ...],
        kwargs: dict[str, object],
        *,
        whole: bool = True,
    ) -> None:
        """Complete `raw` after the call raised; never raises.

        Args:
            whole: that is all that came of it, no items were given before.
        """
        raw.error = error_name(type(error))
        if isinstance(error, Exception):
            raw.fingerprint = fingerprint(error)
            if not raw.watch.variant:
                raw.gene.seen_errors.add(raw.error)
        if not whole:
            self.left(raw)
            return

        def encoded(*call: Any) -> tuple[bytes, bytes]:
            after = wire.encode_call(*call, max_bytes=VALUE_BYTES)
            return wire.encode_exception(error, max_bytes=VALUE_BYTES), after

        self._finish(raw, args, kwargs, encoded)

    def form(self, gene: LiveGene) -> _Form:
        """What is known of a gene's parameters."""
        found = self._forms.get(gene)
        if found is None:
            mode = self._mode_of(gene.target)
            found = self._forms[gene] = _Form(gene, self.sensitive, mode=mode)
        return found

    def _before(self, raw: Raw, args: tuple[object, ...], kwargs: dict[str, object]) -> None:
        form = self.form(raw.gene)
        if form.mode == "off":
            return
        raw.sketch = sketch(form.by_name(args, kwargs), sensitive=form.sensitive)
        try:
            raw.call = wire.encode_call(*form.given(args, kwargs), max_bytes=VALUE_BYTES)
        except WireError:
            raw.gene.blind += 1
            return
        raw.gene.blind = 0
        raw.digest = hashlib.blake2b(raw.call, digest_size=16, key=self.key).hexdigest()
        # A closure's free variables are among these, but can be bound to something else.
        raw.immutable = not raw.gene.free and immutable((*args, *kwargs.values()))
        allowed = form.mode != "sketch" and not form.sensitive
        raw.keep = allowed and (form.room_for(raw.digest) or raw.gene.target in self.eager)

    def _finish(
        self,
        raw: Raw,
        args: tuple[object, ...],
        kwargs: dict[str, object],
        encoded: Callable[..., tuple[bytes, bytes]],
    ) -> None:
        try:
            if raw.keep and raw.immutable:
                raw.value, raw.after = encoded((), {})[0], raw.call
            elif raw.keep:
                raw.value, raw.after = encoded(*self.form(raw.gene).given(args, kwargs))
            else:
                raw.call = b""
        except Exception:  # noqa: BLE001 - boundary: watching must not disturb the application
            raw.value = raw.after = b""
        self.ring.append(raw)


class _Form:
    """The parameters of a gene, and how many calls of it were kept in this minute."""

    def __init__(self, gene: LiveGene, sensitive: Callable[[str], bool], *, mode: str) -> None:
        self.mode = mode
        function = gene.function
        kinds = inspect.signature(function, follow_wrapped=False).parameters.values()
        named = [p for p in kinds if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        self.positional = [p.name for p in named]
        self.star = next((p.name for p in kinds if p.kind is p.VAR_POSITIONAL), "")
        self.sensitive = frozenset(
            [p.name for p in kinds if sensitive(p.name)]
            + [f".{name}" for name in gene.free if sensitive(name)]
        )
        self.function = function
        self._minute_ns = 0
        self._kept = 0
        self._seen: set[str] = set()

    def by_name(self, args: tuple[object, ...], kwargs: dict[str, object]) -> dict[str, object]:
        """Arguments by the name of their parameter, as the trampoline hands them over."""
        values = dict(zip(self.positional, args, strict=False))
        if self.star and len(args) > len(self.positional):
            values[self.star] = args[len(self.positional) :]
        return values | kwargs

    def given(
        self, args: tuple[object, ...], kwargs: dict[str, object]
    ) -> tuple[tuple[object, ...], dict[str, object]]:
        """The call without arguments that are the very default objects: sentinels cannot travel.

        Mutable defaults stay, because what they hold by now is part of the call.
        """
        defaults = self.function.__defaults__ or ()
        if len(args) == len(self.positional):
            last, first = len(args), len(args) - len(defaults)
            while last > first and _is_default(args[last - 1], defaults[last - first - 1]):
                last -= 1
            args = args[:last]
        named = self.function.__kwdefaults__
        if named:
            kwargs = {
                name: value
                for name, value in kwargs.items()
                if name not in named or not _is_default(value, named[name])
            }
        return args, kwargs

    def room_for(self, digest: str) -> bool:
        """Whether this call is to be kept with its values."""
        now = time.perf_counter_ns()
        if now - self._minute_ns > _MINUTE_NS:
            self._minute_ns, self._kept = now, 0
            self._seen.clear()
        if self._kept >= FULL and (self._kept >= FULL + NOVEL or digest in self._seen):
            return False
        self._seen.add(digest)
        self._kept += 1
        return True


def _is_default(value: object, default: object) -> bool:
    return value is default and type(default) not in _MUTABLE_DEFAULTS
