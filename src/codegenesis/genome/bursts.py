"""Observations arrive in bursts: this finds them again, and the sizes of what was handed in.

The probe records a run of consecutive calls, rests, and comes back (`codegenesis.runtime`). Calls
of one burst share a process and a `burst_rate`, and usually resemble each other: one request, one
page, one customer. Treating them as independent makes intervals far too narrow.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence

from codegenesis.model import Observation

#: Calls of an unrated burst (`burst_rate == 0`) that are further apart than this are two bursts.
GAP_NS = 100_000_000

Burst = tuple[Observation, ...]


def bursts(observations: Iterable[Observation]) -> list[Burst]:
    """The observations as bursts, each from one process, in the order of their first call."""
    by_process: dict[str, list[Observation]] = defaultdict(list)
    for observation in sorted(observations, key=lambda o: o.at_ns):
        by_process[observation.process].append(observation)
    found = [burst for calls in by_process.values() for burst in _split(calls)]
    return sorted(found, key=lambda burst: burst[0].at_ns)


def _split(calls: Sequence[Observation]) -> list[Burst]:
    groups: list[list[Observation]] = []
    for call in calls:
        if groups and _together(groups[-1][-1], call):
            groups[-1].append(call)
        else:
            groups.append([call])
    return [tuple(group) for group in groups]


def _together(before: Observation, after: Observation) -> bool:
    if before.burst_rate != after.burst_rate:
        return False
    return after.burst_rate > 0 or after.at_ns - before.at_ns <= GAP_NS


def sizes(observation: Observation) -> dict[str, float]:
    """Size of each argument that has one: `len` of a container, the value of a positive int.

    Falls back to the length of the encoded call under the name `call`. Sketches are read
    tolerantly: what is not understood has no size.
    """
    found = {
        name: size
        for name, entry in _sketch(observation.sketch).items()
        if (size := _size(entry)) is not None
    }
    if not found and observation.call is not None:
        return {"call": float(len(observation.call))}
    return found


def _sketch(text: str) -> dict[str, object]:
    try:
        data = json.loads(text)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _size(entry: object) -> float | None:
    if not isinstance(entry, dict):
        return None
    for field in ("len", "value"):
        size = entry.get(field)
        if isinstance(size, int | float) and not isinstance(size, bool) and size > 0:
            return float(size)
    return None
