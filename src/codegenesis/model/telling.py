"""What applications, their users, their tests and their telemetry tell beside sampled calls."""

from __future__ import annotations

from typing import Literal

from codegenesis.model.record import Record
from codegenesis.model.releases import Arm

EventSource = Literal["logging", "exception", "otlp", "pytest"]
EventKind = Literal["log", "crash", "span", "metric", "test"]


class Reward(Record, frozen=True, kw_only=True):
    """What a use of the application was worth to its user (`codegenesis.reward`).

    Attributes:
        process: `Process.id`.
        name: of what is rewarded, for instance `checkout`.
        value: higher is better.
        segment, trace: of the use that is rewarded, as on its observations.
        key: digest of what its draws stick to: uses with the same key are no independent evidence.
        arms: which arm each canary (`Release.id`) met in this use had drawn.
    """

    service: str
    process: str
    name: str = "reward"
    value: float
    segment: str = ""
    key: str = ""
    trace: str = ""
    arms: dict[str, Arm] = {}
    at_ns: int


class Event(Record, frozen=True, kw_only=True):
    """Something that was told; events that are alike within a few seconds are one, with a count.

    Attributes:
        process: `Process.id`; empty when it came from outside.
        gene: `Gene.id` that it is about; empty when that is not known.
        name: of the logger, span, metric or test.
        level: severity or outcome in lower case: `error`, `warning`, `failed`.
        fingerprint: groups what is the same (see `runtime.fingerprint` for crashes).
        message: redacted and cut short.
        count: how many this one stands for.
        value: their sum: nanoseconds of spans and tests, values of a metric; 0 for the others.
        unit: of `value`.
        attributes: redacted.
        body: further detail as MessagePack, for instance a histogram of durations.
        at_ns: of the last of them.
    """

    service: str
    process: str = ""
    source: EventSource
    kind: EventKind
    gene: str = ""
    name: str = ""
    level: str = ""
    fingerprint: str = ""
    message: str = ""
    segment: str = ""
    trace: str = ""
    count: int = 1
    value: float = 0.0
    unit: str = ""
    attributes: dict[str, str] = {}
    body: bytes = b""
    at_ns: int


class Coverage(Record, frozen=True, kw_only=True):
    """How tests went through a gene: `Event.body` of its event of a suite, as MessagePack.

    Attributes:
        failed: tests that went through it and failed.
        lines: by number in the gene's source, from 1: tests that passed, and that failed.
    """

    failed: int
    lines: dict[int, tuple[int, int]]


class Bucket(Record, frozen=True, kw_only=True):
    """Calls of a gene in a stretch of time, rolled up: what stays when the single calls go.

    Attributes:
        gene: `Gene.id`.
        source: where the calls were seen.
        start_ns, width_ns: the stretch, half open.
        n, errors: calls, and how many of them failed.
        cpu_ns, wall_ns: sums over the calls.
        body: distributions and sketches as MessagePack.
    """

    gene: str
    source: Literal["probe", "otlp", "pytest"] = "probe"
    segment: str = ""
    start_ns: int
    width_ns: int
    n: int
    errors: int
    cpu_ns: int
    wall_ns: int
    body: bytes = b""
