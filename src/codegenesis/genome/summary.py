"""What is known of many calls together, in a form that can be added up: the body of a bucket.

Every part is a sum, a count, a set of the least hashes, or an extreme, so that minutes make an
hour, hours a day, and segments or hosts a service. The number of different calls is estimated from
the `KEPT` least hashes of their digests (k minimum values, Bar-Yossef et al. 2002): exact up to
that many, about 12 % off beyond.
"""

from __future__ import annotations

import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

import msgspec

from codegenesis.genome.histogram import Histogram, histogram, merged
from codegenesis.genome.inputs import Inputs, added, inputs
from codegenesis.model import Bucket, Observation

#: Least hashes that are kept, and the range that they are from.
KEPT, HASHES = 64, 1 << 60
#: Sketches of a group of calls that are read; the rest is like them.
SKETCHED = 64
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


class Moments(msgspec.Struct, array_like=True, frozen=True):
    """Sum and sum of squares of a figure that each burst has."""

    total: float = 0.0
    squares: float = 0.0

    def plus(self, other: Moments) -> Moments:
        """Over both."""
        return Moments(self.total + other.total, self.squares + other.squares)


class Bursts(msgspec.Struct, array_like=True, frozen=True):
    """What bursts say together; a burst counts where its first call does.

    Attributes:
        rate: calls per second while it lasted.
        share: of one core while it lasted.
        cpu_ns: mean of its calls.
    """

    n: int = 0
    rate: Moments = Moments()
    share: Moments = Moments()
    cpu_ns: Moments = Moments()

    def plus(self, other: Bursts) -> Bursts:
        """Over both."""
        return Bursts(
            self.n + other.n,
            self.rate.plus(other.rate),
            self.share.plus(other.share),
            self.cpu_ns.plus(other.cpu_ns),
        )


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

    def plus(self, other: Summary) -> Summary:
        """Over both."""
        return Summary(
            n=self.n + other.n,
            errors=self.errors + other.errors,
            cpu_ns=self.cpu_ns + other.cpu_ns,
            wall_ns=self.wall_ns + other.wall_ns,
            replayable=self.replayable + other.replayable,
            evolved=self.evolved + other.evolved,
            first_ns=min(self.first_ns or other.first_ns, other.first_ns or self.first_ns),
            last_ns=max(self.last_ns, other.last_ns),
            cpu=merged(self.cpu, other.cpu),
            wall=merged(self.wall, other.wall),
            bursts=self.bursts.plus(other.bursts),
            processes=sorted({*self.processes, *other.processes})[:PROCESSES],
            digested=self.digested + other.digested,
            least=sorted({*self.least, *other.least})[:KEPT],
            failures=_failures(self.failures, other.failures),
            inputs=added(self.inputs, other.inputs),
        )

    def distinct(self) -> float:
        """How many different calls there were, about."""
        if len(self.least) < KEPT:
            return float(len(self.least))
        return (KEPT - 1) * HASHES / self.least[-1]


def total(summaries: Iterable[Summary]) -> Summary:
    """All of them together."""
    whole = Summary()
    for each in summaries:
        whole = whole.plus(each) if whole.n else each
    return whole


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
        read(first).plus(read(second)),
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
    hashes = _hashes(calls)
    moments = [call.at_ns for call in calls]
    return Summary(
        n=len(calls),
        errors=sum(1 for call in calls if call.error),
        cpu_ns=sum(call.cpu_ns for call in calls),
        wall_ns=sum(call.wall_ns for call in calls),
        replayable=sum(1 for call in calls if call.replayable),
        evolved=sum(1 for call in calls if call.variant),
        first_ns=min(moments, default=0),
        last_ns=max(moments, default=0),
        cpu=histogram(call.cpu_ns for call in calls),
        wall=histogram(call.wall_ns for call in calls),
        bursts=next(iter(bursts_of(calls).values()), Bursts()) if bursts is None else bursts,
        processes=sorted({zlib.crc32(call.process.encode()) for call in calls})[:PROCESSES],
        digested=len(hashes),
        least=sorted(set(hashes))[:KEPT],
        failures=_failing(calls),
        inputs=_inputs(calls),
    )


def bursts_of(calls: Sequence[Call]) -> dict[str, Bursts]:
    """What bursts say, by the segment of their first call; all calls are of one gene."""
    groups: dict[tuple[str, float], list[Call]] = defaultdict(list)
    for call in calls:
        if call.burst_rate:  # the store has None for what is no number
            groups[call.process, call.burst_rate].append(call)
    found: dict[str, Bursts] = {}
    for burst in groups.values():
        segment = burst[0].segment
        found[segment] = found.get(segment, Bursts()).plus(_burst(burst))
    return found


def _burst(calls: Sequence[Call]) -> Bursts:
    rate, cpu_ns = calls[0].burst_rate, sum(call.cpu_ns for call in calls) / len(calls)
    figures = (rate, rate * cpu_ns / 1e9, cpu_ns)
    return Bursts(1, *(Moments(each, each * each) for each in figures))


def _hashes(calls: Iterable[Call]) -> list[int]:
    """One hash for each call that has a digest; equal for equal calls of one process."""
    salts: dict[str, int] = {}
    found = []
    for call in calls:
        if call.call_digest:
            salt = salts.get(call.process)
            if salt is None:
                name = call.process.encode()
                salt = salts[call.process] = (zlib.crc32(name) << 28) ^ zlib.adler32(name)
            found.append((_number(call.call_digest) ^ salt) % HASHES)
    return found


def _number(digest: str) -> int:
    try:
        return int(digest[:15], 16)
    except ValueError:  # not one of ours
        return (zlib.crc32(digest.encode()) << 28) ^ zlib.adler32(digest.encode()[::-1])


def _failing(calls: Iterable[Call]) -> dict[str, Failure]:
    failed = [call for call in calls if call.error]
    counts = Counter(call.fingerprint or call.error for call in failed)
    last = {call.fingerprint or call.error: call for call in failed}
    found = {
        name: Failure(last[name].error, count, last[name].at_ns) for name, count in counts.items()
    }
    return _failures(found, {})


def _failures(first: Mapping[str, Failure], second: Mapping[str, Failure]) -> dict[str, Failure]:
    both = dict(first)
    for name, each in second.items():
        known = both.get(name)
        both[name] = each if known is None else _same(known, each)
    if len(both) <= CRASHES:
        return both
    return dict(islice(sorted(both.items(), key=lambda item: -item[1].count), CRASHES))


def _same(one: Failure, two: Failure) -> Failure:
    return Failure(two.type, one.count + two.count, max(one.last_ns, two.last_ns))


def _inputs(calls: Sequence[Call]) -> Inputs:
    step = max(1, len(calls) // SKETCHED)
    some = calls[::step][:SKETCHED]
    return inputs((call.sketch, call.cpu_ns, bool(call.error)) for call in some)
