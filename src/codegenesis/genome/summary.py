"""What is known of many calls together, in a form that can be added up: the body of a bucket.

Every part is a sum, a count, a set of the least hashes, or an extreme, so that minutes make an
hour, hours a day, and segments or hosts a service. The number of different calls is estimated from
the `KEPT` least hashes of their digests (k minimum values, Bar-Yossef et al. 2002): exact up to
that many, about 12 % off beyond.
"""

from __future__ import annotations

import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from codegenesis.genome.histogram import Histogram, histogram, merged
from codegenesis.genome.inputs import Inputs, added, inputs
from codegenesis.model import Bucket, Observation

#: Least hashes that are kept, and the range that they are from.
KEPT, HASHES = 64, 1 << 60
#: Of so many calls one sketch is read, for calls of a burst are alike; and how many at most.
EACH, SKETCHED = 4, 64
#: Crashes and processes of which books are kept.
CRASHES, PROCESSES = 32, 256


class Call(NamedTuple):
    """What roll-ups need of an observation, by the same names; the values are not among it."""

    gene: str
    segment: str
    process: str
    variant: str
    at_ns: int
    wall_ns: int
    cpu_ns: int
    error: str
    fingerprint: str
    call_digest: str
    sketch: str
    burst_rate: float
    replayable: bool


class Bursts(msgspec.Struct, array_like=True, frozen=True):
    """Sums and sums of squares over bursts; a burst counts where its first call does.

    Attributes:
        rate: calls per second while it lasted.
        share: of one core while it lasted.
        cpu_ns: mean of its calls.
    """

    n: int = 0
    rate: float = 0.0
    rate_squared: float = 0.0
    share: float = 0.0
    share_squared: float = 0.0
    cpu_ns: float = 0.0
    cpu_ns_squared: float = 0.0


class Failure(msgspec.Struct, array_like=True, frozen=True):
    """One way of failing: the exception's type, how often, when last."""

    type: str
    count: int
    last_ns: int


class Summary(msgspec.Struct, array_like=True, frozen=True):
    """Many calls of a gene.

    Attributes:
        n, errors, cpu_ns, wall_ns: calls, how many failed, sums of time.
        replayable: kept with their values.
        evolved: ran a variant instead of the original.
        first_ns, last_ns: when.
        cpu, wall: distributions of time (`genome.histogram`).
        processes: hashes of those that called it, at most `PROCESSES`.
        digested: calls that have a digest.
        least: the least hashes of digests, per process (a cache lives in one).
        failures: by fingerprint.
        inputs: by parameter.
    """

    n: int = 0
    errors: int = 0
    cpu_ns: int = 0
    wall_ns: int = 0
    replayable: int = 0
    evolved: int = 0
    first_ns: int = 0
    last_ns: int = 0
    cpu: Histogram = {}
    wall: Histogram = {}
    bursts: Bursts = Bursts()
    processes: list[int] = []
    digested: int = 0
    least: list[int] = []
    failures: dict[str, Failure] = {}
    inputs: Inputs = {}

    def distinct(self) -> float:
        """How many different calls there were, about."""
        if len(self.least) < KEPT:
            return float(len(self.least))
        return (KEPT - 1) * HASHES / self.least[-1]


def total(summaries: Iterable[Summary]) -> Summary:
    """All of them together."""
    parts = [each for each in summaries if each.n]
    if len(parts) < 2:
        return parts[0] if parts else Summary()
    return Summary(
        n=sum(each.n for each in parts),
        errors=sum(each.errors for each in parts),
        cpu_ns=sum(each.cpu_ns for each in parts),
        wall_ns=sum(each.wall_ns for each in parts),
        replayable=sum(each.replayable for each in parts),
        evolved=sum(each.evolved for each in parts),
        first_ns=min(each.first_ns for each in parts),
        last_ns=max(each.last_ns for each in parts),
        cpu=merged(each.cpu for each in parts),
        wall=merged(each.wall for each in parts),
        bursts=_sum(each.bursts for each in parts if each.bursts.n),
        processes=sorted({p for each in parts for p in each.processes})[:PROCESSES],
        digested=sum(each.digested for each in parts),
        least=sorted({least for each in parts for least in each.least})[:KEPT],
        failures=_failures(item for each in parts for item in each.failures.items()),
        inputs=added(each.inputs for each in parts),
    )


def _sum(parts: Iterable[Bursts]) -> Bursts:
    columns = zip(*(msgspec.structs.astuple(each) for each in parts), strict=True)
    return Bursts(*map(sum, columns))


def bucket(summary: Summary, *, gene: str, segment: str, start_ns: int, width_ns: int) -> Bucket:
    """The bucket that keeps a summary."""
    return Bucket(
        gene=gene,
        segment=segment,
        start_ns=start_ns,
        width_ns=width_ns,
        n=summary.n,
        errors=summary.errors,
        cpu_ns=summary.cpu_ns,
        wall_ns=summary.wall_ns,
        body=_encode(summary),
    )


def read(kept: Bucket) -> Summary:
    """The summary that a bucket keeps."""
    return _decode(kept.body) if kept.body else Summary()


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Summary).decode


def joined(first: Bucket, second: Bucket) -> Bucket:
    """One bucket of two of the same stretch."""
    return bucket(
        total((read(first), read(second))),
        gene=first.gene,
        segment=first.segment,
        start_ns=first.start_ns,
        width_ns=first.width_ns,
    )


def call_of(seen: Observation) -> Call:
    """What roll-ups need of an observation."""
    return Call(
        gene=seen.gene,
        segment=seen.segment,
        process=seen.process,
        variant=seen.variant,
        at_ns=seen.at_ns,
        wall_ns=seen.wall_ns,
        cpu_ns=seen.cpu_ns,
        error=seen.error,
        fingerprint=seen.fingerprint,
        call_digest=seen.call_digest,
        sketch=seen.sketch,
        burst_rate=seen.burst_rate,
        replayable=seen.call is not None,
    )


def summarise(calls: Sequence[Call], *, bursts: Bursts | None = None) -> Summary:
    """Calls of one gene, taken together.

    Args:
        bursts: those that begin among the calls; found among the calls themselves when None.
    """
    if not calls:
        return Summary()
    # By column: every call comes by here, and sums over tuples run in C.
    columns: dict[str, tuple[Any, ...]] = dict(
        zip(Call._fields, zip(*calls, strict=True), strict=True)
    )
    moments, cpu, wall = columns["at_ns"], columns["cpu_ns"], columns["wall_ns"]
    processes, errors = columns["process"], columns["error"]
    hashes = _hashes(processes, columns["call_digest"])
    return Summary(
        n=len(calls),
        errors=len(calls) - errors.count(""),
        cpu_ns=sum(cpu),
        wall_ns=sum(wall),
        replayable=sum(map(bool, columns["replayable"])),
        evolved=len(calls) - columns["variant"].count(""),
        first_ns=min(moments),
        last_ns=max(moments),
        cpu=histogram(cpu),
        wall=histogram(wall),
        bursts=_sum(bursts_of(calls).values()) if bursts is None else bursts,
        processes=sorted({zlib.crc32(name.encode()) for name in {*processes}})[:PROCESSES],
        digested=len(hashes),
        least=sorted(set(hashes))[:KEPT],
        failures=_failing(calls) if any(errors) else {},
        inputs=_inputs(calls),
    )


def bursts_of(calls: Iterable[Call]) -> dict[str, Bursts]:
    """What bursts say, by the segment of their first call; all calls are of one gene."""
    groups: dict[tuple[str, float], list[Call]] = defaultdict(list)
    for call in calls:
        if call.burst_rate:  # the store has None for what is no number
            groups[call.process, call.burst_rate].append(call)
    found: dict[str, list[Bursts]] = defaultdict(list)
    for burst in groups.values():
        found[burst[0].segment].append(_burst(burst))
    return {name: _sum(each) for name, each in found.items()}


def _burst(calls: Sequence[Call]) -> Bursts:
    rate, cpu_ns = calls[0].burst_rate, sum(call.cpu_ns for call in calls) / len(calls)
    share = rate * cpu_ns / 1e9
    return Bursts(1, rate, rate * rate, share, share * share, cpu_ns, cpu_ns * cpu_ns)


def _hashes(processes: Sequence[str], digests: Sequence[str]) -> list[int]:
    """One hash for each call that has a digest; equal for equal calls of one process."""
    salts = {
        name: (zlib.crc32(name.encode()) << 28) ^ zlib.adler32(name.encode())
        for name in {*processes}
    }
    return [
        (_number(digest) ^ salts[name]) % HASHES
        for name, digest in zip(processes, digests, strict=True)
        if digest
    ]


def _number(digest: str) -> int:
    try:
        return int(digest[:15], 16)
    except ValueError:  # not one of ours
        return (zlib.crc32(digest.encode()) << 28) ^ zlib.adler32(digest.encode()[::-1])


def _failing(calls: Iterable[Call]) -> dict[str, Failure]:
    failed = [call for call in calls if call.error]
    counts = Counter(call.fingerprint or call.error for call in failed)
    last = {call.fingerprint or call.error: call for call in failed}
    return _failures(
        (name, Failure(last[name].error, count, last[name].at_ns)) for name, count in counts.items()
    )


def _failures(parts: Iterable[tuple[str, Failure]]) -> dict[str, Failure]:
    both: dict[str, Failure] = {}
    for name, each in parts:
        known = both.get(name)
        both[name] = each if known is None else _same(known, each)
    if len(both) <= CRASHES:
        return both
    return dict(islice(sorted(both.items(), key=lambda item: -item[1].count), CRASHES))


def _same(one: Failure, two: Failure) -> Failure:
    return Failure(two.type, one.count + two.count, max(one.last_ns, two.last_ns))


def _inputs(calls: Sequence[Call]) -> Inputs:
    step = max(1, min(EACH, len(calls) // EACH), len(calls) // SKETCHED)
    some = calls[::step][:SKETCHED]
    return inputs((call.sketch, call.cpu_ns, bool(call.error)) for call in some)
