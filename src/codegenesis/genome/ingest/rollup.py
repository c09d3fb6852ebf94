"""What is alike within ten seconds becomes one event with a count.

Telemetry comes in as fast as the application makes it; what is kept must not grow with traffic but
with the number of different things told. That number is bounded, too: names come from outside.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from codegenesis.genome.histogram import Histogram, bin_of, merged
from codegenesis.model import Event, EventKind

WIDTH_NS = 10_000_000_000
#: What is older than this is kept in stretches of this length.
COARSE_NS = 600_000_000_000
#: Different things that may wait at a time.
ROOM = 10_000


class Key(NamedTuple):
    """What makes two things alike; fields as of `Event`, all told over OTLP."""

    service: str
    kind: EventKind
    gene: str = ""
    name: str = ""
    level: str = ""
    fingerprint: str = ""
    segment: str = ""
    unit: str = ""
    attributes: tuple[tuple[str, str], ...] = ()


class _Heap:
    """All that was alike in one stretch of time."""

    __slots__ = ("at_ns", "count", "counts", "message", "trace", "value")

    def __init__(self, message: str, trace: str) -> None:
        self.message, self.trace = message, trace
        self.count, self.value, self.at_ns = 0, 0.0, 0
        self.counts: Histogram = {}


class Rollup:
    """Adds up; not for several threads at once.

    Args:
        room: different things that are held until they are taken; what is too much is refused.
    """

    def __init__(self, *, width_ns: int = WIDTH_NS, room: int = ROOM) -> None:
        self._width_ns = width_ns
        self._room = room
        self._heaps: dict[tuple[Key, int], _Heap] = {}

    def __len__(self) -> int:
        return len(self._heaps)

    def add(
        self,
        key: Key,
        *,
        at_ns: int,
        count: int = 1,
        value: float = 0.0,
        distributed: bool = False,
        message: str = "",
        trace: str = "",
    ) -> bool:
        """Add something; False when there is no room for one more different thing.

        Args:
            count: how many it stands for.
            value: their sum.
            distributed: keep how values are distributed (`Event.body` is then a histogram, see
                `distribution`); then `count` is 1.
            message, trace: kept of the first.
        """
        place = (key, at_ns // self._width_ns)
        heap = self._heaps.get(place)
        if heap is None:
            if len(self._heaps) >= self._room:
                return False
            heap = self._heaps[place] = _Heap(message, trace)
        heap.count += count
        heap.value += value
        heap.at_ns = max(heap.at_ns, at_ns)
        if distributed:
            number = bin_of(int(value))
            heap.counts[number] = heap.counts.get(number, 0) + 1
        return True

    def take(self, *, before_ns: int) -> list[Event]:
        """Events of all stretches that ended before a moment, oldest first; they are forgotten."""
        ended = before_ns // self._width_ns
        taken = [place for place in self._heaps if place[1] < ended]
        events = [_event(place[0], self._heaps.pop(place)) for place in taken]
        return sorted(events, key=lambda event: event.at_ns)


def folded(events: Iterable[Event], *, width_ns: int) -> list[Event]:
    """Events in longer stretches of time: what of a day ago nobody asks for by the second."""
    alike: dict[object, list[Event]] = defaultdict(list)
    for event in events:
        attributes = tuple(sorted(event.attributes.items()))
        told = (event.kind, event.gene, event.name, event.level, event.fingerprint, event.unit)
        key = (event.service, event.process, event.source, event.segment, told, attributes)
        alike[key, event.at_ns // width_ns].append(event)
    return [_one(group) for group in alike.values()]


def _one(events: list[Event]) -> Event:
    if len(events) == 1:
        return events[0]
    counts = merged(distribution(event) for event in events)
    return replace(
        max(events, key=lambda event: event.at_ns),
        count=sum(event.count for event in events),
        value=math.fsum(event.value for event in events),
        body=msgspec.msgpack.encode(counts) if counts else b"",
    )


_decode = msgspec.msgpack.Decoder(Histogram).decode


def distribution(event: Event) -> Histogram:
    """How the durations of a span's event are distributed; empty when it is not known."""
    try:
        return _decode(event.body) if event.body else {}
    except msgspec.DecodeError:
        return {}


def _event(key: Key, heap: _Heap) -> Event:
    fields: Mapping[str, object] = key._asdict()
    return Event(
        source="otlp",
        **{**fields, "attributes": dict(key.attributes)},  # type: ignore[arg-type]
        message=heap.message,
        trace=heap.trace,
        count=heap.count,
        value=heap.value,
        body=msgspec.msgpack.encode(heap.counts) if heap.counts else b"",
        at_ns=heap.at_ns,
    )
