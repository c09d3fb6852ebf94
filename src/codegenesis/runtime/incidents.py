"""Crashes and errors of this process on their way to the agent, alike ones as one with a count.

An application in trouble may log thousands of errors a second, so what an error costs the thread
that has it is a look into a dict (about 2 us), unless it is new: then its fingerprint and message
are made, at most `MOST` times until the agent comes by, each second. No lock is taken: errors come
out of signal handlers and `__del__`, in the middle of anything.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterable
from types import TracebackType

from codegenesis.model import Event, EventKind, EventSource
from codegenesis.runtime.context import current
from codegenesis.runtime.fingerprint import error_name, fingerprint
from codegenesis.runtime.live import LiveGene

#: Different incidents that may wait for the agent.
MOST = 256
_MESSAGE, _NAME = 500, 200
_FRAMES = 64


class Incident:
    """One crash or error as it waits.

    Attributes:
        file, line: where it was logged; empty when it was raised.
        seen: how often it came.
    """

    __slots__ = (
        "_calls", "at_ns", "file", "fingerprint", "kind", "level", "line", "message", "name",
        "seen", "segment", "source", "trace",
    )  # fmt: skip

    def __init__(self, source: EventSource, kind: EventKind, name: str, level: str) -> None:
        self.source, self.kind, self.name, self.level = source, kind, name[:_NAME], level
        self.file, self.line = "", 0
        self.fingerprint = self.message = ""
        self._calls = itertools.count(1)
        use = current()
        self.segment, self.trace = (use.segment, use.trace) if use else ("", "")
        self.seen, self.at_ns = 0, 0

    def again(self) -> None:
        """It came (once more)."""
        self.at_ns = time.time_ns()
        self.seen = next(self._calls)  # one step for the interpreter: no count is lost


class Box:
    """Holds incidents until the agent fetches them.

    Attributes:
        dropped: incidents that were let go because too many different ones waited.
    """

    def __init__(self) -> None:
        self._waiting: dict[object, Incident] = {}
        self.dropped = 0

    def put(self, key: object, make: Callable[[], Incident]) -> None:
        """Called in the application's threads.

        Args:
            key: the same for incidents that are alike.
            make: describes the first of them.
        """
        use = current()
        place = (key, use.segment if use else "")
        found = self._waiting.get(place)
        if found is None:
            if len(self._waiting) >= MOST:
                self.dropped += 1
                return
            found = self._waiting.setdefault(place, make())
        found.again()

    def clear(self) -> None:
        """In a forked child: what waits is the parent's."""
        self._waiting = {}
        self.dropped = 0

    def take(
        self,
        *,
        service: str,
        process: str,
        clean: Callable[[str], str],
        genes: Iterable[LiveGene],
    ) -> list[Event]:
        """All that wait, as records; called on the agent's thread.

        Args:
            clean: takes secrets out of a text.
            genes: those of this process, to say which one an incident is about.
        """
        if not self._waiting:
            return []
        waiting, self._waiting = self._waiting, {}
        atlas = _Atlas(genes)
        return [
            Event(
                service=service,
                process=process,
                source=each.source,
                kind=each.kind,
                gene=atlas.gene(each, service),
                name=clean(each.name),
                level=each.level,
                fingerprint=clean(each.fingerprint),
                message=clean(each.message),
                segment=each.segment,
                trace=each.trace,
                count=each.seen,
                at_ns=each.at_ns,
            )
            for each in waiting.values()
        ]


box = Box()
os.register_at_fork(after_in_child=box.clear)


def describe(incident: Incident, error: BaseException | None, message: str) -> Incident:
    """Complete an incident with what was raised, if anything was."""
    if error is not None:
        incident.fingerprint = fingerprint(error)
        message = message or f"{error_name(type(error))}: {error}"
    incident.message = message[:_MESSAGE]
    return incident


def stack(traceback: TracebackType | None) -> tuple[int, ...]:
    """The same numbers for the same way through the code; cheap, and good for a second."""
    places: list[int] = []
    while traceback is not None and len(places) < _FRAMES:
        places.append(hash((id(traceback.tb_frame.f_code), traceback.tb_lineno)))
        traceback = traceback.tb_next
    return tuple(places)


class _Atlas:
    """Which gene an incident is about."""

    def __init__(self, genes: Iterable[LiveGene]) -> None:
        self._genes = list(genes)
        self._targets = {gene.target for gene in self._genes}

    def gene(self, incident: Incident, service: str) -> str:
        """`Gene.id`; empty when none is known."""
        if " in " in incident.fingerprint and not incident.file:
            return self._raised(incident.fingerprint, service)
        found = self._at(incident.file, incident.line)
        return f"{service}/{found}" if found else ""

    def _raised(self, fingerprint: str, service: str) -> str:
        """The innermost frame that is a gene, else the innermost that has a name."""
        names = fingerprint.partition(" in ")[2].split(" < ")
        known = [name for name in names if name in self._targets]
        named = known or [name for name in names if not name.endswith(">")]
        return f"{service}/{named[0]}" if named else ""

    def _at(self, file: str, line: int) -> str:
        lines = [(_lines(gene), gene.target) for gene in self._genes if gene.path == file]
        inside = [(span[0], target) for span, target in lines if span[0] <= line <= span[1]]
        return max(inside)[1] if inside else ""


def _lines(gene: LiveGene) -> tuple[int, int]:
    first = gene.definition.line
    return first, first + gene.definition.source.count("\n")
