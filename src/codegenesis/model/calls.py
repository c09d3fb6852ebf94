"""What one call came to, in the jail or in a live process."""

from __future__ import annotations

from typing import Literal

from codegenesis.model.record import Record

#: `Observation.process` begins so where a test suite made the call: such calls are no traffic.
SUITE = "pytest-"

OutcomeKind = Literal["returned", "raised", "died"]


class Outcome(Record, frozen=True, kw_only=True):
    """What one call came to. Two outcomes are equal when `same_as` says so.

    Attributes:
        kind: `died` covers every end without an answer (killed, time, memory, output limit,
            malformed answer).
        value: the result, or `(type name, args)` of the exception; empty when it died.
        after: `(args, kwargs)` as the call left them: mutation of arguments is an effect.
        detail: for people: repr of the exception, or the limit that was hit.
        cpu_ns, wall_ns: cost of this call; 0 when not measured.
        peak_bytes: real memory that the process had at most in this call, above what it was cloned
            with; 0 when not measured.
        waited: turns of the event loop, and seconds of its clock, that a coroutine was suspended
            for; None where nobody looked (in live processes).
    """

    kind: OutcomeKind
    value: bytes = b""
    after: bytes = b""
    detail: str = ""
    cpu_ns: int = 0
    wall_ns: int = 0
    peak_bytes: int = 0
    waited: tuple[int, float] | None = None

    def same_as(self, other: Outcome) -> bool:
        """Strict equality: kind, exact value, what became of the arguments, and the waiting."""
        mine, theirs = (self.kind, self.value, self.after), (other.kind, other.value, other.after)
        return mine == theirs and self.waits_as(other)

    def waits_as(self, other: Outcome) -> bool:
        """Did both let others run as often and for as long, as far as that was watched?"""
        return self.waited is None or other.waited is None or self.waited == other.waited


class Observation(Record, frozen=True, kw_only=True):
    """One sampled call of a gene in a live process.

    Attributes:
        gene: `Gene.id`.
        variant: `Variant.id` that ran, empty for the original.
        process: `Process.id`.
        call: `(args, kwargs)` before the call; None when capture is off, too large or refused.
        outcome: None when `call` is None or the result could not be encoded.
        call_digest: keyed digest of the call, so that repeats count even where values are not kept.
        sketch: type, size and range of each argument, by parameter name; JSON.
        error: exception type (`module.qualname`), empty when it returned.
        fingerprint: exception type + in-app frames, no line numbers; groups crashes.
        burst_rate: calls per second seen while this burst lasted; 0 when unknown.
        segment: of whom it was made for (`codegenesis.context`), like a user, tenant or plan.
        trace: id of the trace that it was part of, 32 hex digits; empty when there was none.
    """

    gene: str
    process: str
    variant: str = ""
    at_ns: int
    wall_ns: int
    cpu_ns: int
    call: bytes | None = None
    outcome: Outcome | None = None
    call_digest: str = ""
    sketch: str = "{}"
    error: str = ""
    fingerprint: str = ""
    burst_rate: float = 0.0
    segment: str = ""
    trace: str = ""
