"""Crashes of a gene, grouped by fingerprint, with the calls that caused them.

A fingerprint is exception type + in-app frames without line numbers (`codegenesis.runtime`), so a
crash keeps its name when the file is edited. Example calls stay in the wire format: they are only
decoded where values may be looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from codegenesis.model import Observation, Record

#: So many different calls are kept per crash.
EXAMPLES = 8


class Crash(Record, frozen=True, kw_only=True):
    """One way in which a gene fails.

    Attributes:
        type: exception type as `module.qualname`, as `Observation.error` has it.
        count: how many sampled calls ended so.
        share: of all sampled calls, 0..1.
        calls: up to `EXAMPLES` different calls, wire format; empty where values are not captured.
        detail: repr of the exception at its last occurrence, empty when it was not captured.
        line: the failing line inside the gene's source, from 1; 0 when unknown.
    """

    fingerprint: str
    type: str
    count: int
    share: float = 0.0
    calls: tuple[bytes, ...] = ()
    detail: str = ""
    line: int = 0
    first_ns: int = 0
    last_ns: int = 0

    @property
    def example(self) -> bytes | None:
        """One call that crashes, wire format."""
        return self.calls[0] if self.calls else None

    @property
    def name(self) -> str:
        """The bare name of the exception type."""
        return self.type.rpartition(".")[2]


def crashes(observations: Iterable[Observation], *, variant: str = "") -> list[Crash]:
    """Crashes among the observations, most frequent first."""
    groups: dict[str, list[Observation]] = defaultdict(list)
    total = 0
    for observation in sorted(observations, key=lambda o: o.at_ns):
        if observation.variant != variant:
            continue
        total += 1
        if observation.error:
            groups[observation.fingerprint or observation.error].append(observation)
    found = [_crash(fingerprint, calls, total) for fingerprint, calls in groups.items()]
    return sorted(found, key=lambda crash: (-crash.count, crash.fingerprint))


def _crash(fingerprint: str, calls: list[Observation], total: int) -> Crash:
    examples = dict.fromkeys(o.call for o in calls if o.call is not None)
    details = [o.outcome.detail for o in calls if o.outcome is not None and o.outcome.detail]
    return Crash(
        fingerprint=fingerprint,
        type=calls[-1].error,
        count=len(calls),
        share=len(calls) / total,
        calls=tuple(examples)[:EXAMPLES],
        detail=details[-1] if details else "",
        first_ns=calls[0].at_ns,
        last_ns=calls[-1].at_ns,
    )
