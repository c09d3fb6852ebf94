"""What telemetry, logs and tests say of genes, as traits beside those of sampled calls.

span_ns_p50 … span_ns_p99   how long spans of the gene took, as the user's own tracing saw them
span_error_rate             spans that ended in an error
crashes, logged_errors      incidents in the stretch of time that the events are from
tests, test_failure_rate    tests that go through the gene, and the share of them that failed
line_coverage               statements that tests ran: what they leave out proves nothing
"""

from __future__ import annotations

import ast
import math
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from codegenesis.genome.histogram import merged, quantile
from codegenesis.genome.ingest.rollup import distribution
from codegenesis.genome.statistics import Z95, Estimate, proportion
from codegenesis.model import Coverage, Event, Gene, Trait
from codegenesis.parsing import syntax_tree

#: A run of a suite is over when nothing of it came for so long; workers of one run end apart.
RUN_NS = 600_000_000_000
_PERCENTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}

#: Name, estimate, unit, n, method.
_Said = tuple[str, Estimate, str, int, str]


def told(events: Iterable[Event], genes: Iterable[Gene]) -> list[Trait]:
    """Traits of genes from what was told of them.

    Args:
        events: of the stretch of time that the traits shall be about.
        genes: those to speak of; events of others are left out.
    """
    of_gene: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        if event.gene:
            of_gene[event.gene].append(event)
    now_ns = time.time_ns()
    return [
        Trait(
            gene=gene.id, name=name, value=found.value, unit=unit, low=found.low, high=found.high,
            n=n, method=method, at_ns=now_ns,
        )
        for gene in genes
        if gene.id in of_gene
        for name, found, unit, n, method in _said(gene, of_gene[gene.id])
    ]  # fmt: skip


def _said(gene: Gene, events: Sequence[Event]) -> Iterator[_Said]:
    yield from _spans([event for event in events if event.kind == "span"])
    yield from _incidents("crashes", "not handled, or recorded on a span", events, "crash")
    yield from _incidents("logged_errors", "log records of errors", events, "log")
    yield from _tests(gene, [event for event in events if event.source == "pytest"])


def _spans(events: Sequence[Event]) -> Iterator[_Said]:
    counts = merged(distribution(event) for event in events)
    n = sum(counts.values())
    if not n:
        return
    for name, share in _PERCENTILES.items():
        how = f"spans over OTLP, in bins of 6 %, {len(events)} stretches of 10 s"
        yield f"span_ns_{name}", quantile(counts, share), "ns", n, how
    failed = _count(event for event in events if event.level == "error")
    rate = proportion(min(failed, n), n)
    yield "span_error_rate", rate, "of spans", n, "spans over OTLP with an error, Wilson interval"


def _incidents(name: str, words: str, events: Sequence[Event], kind: str) -> Iterator[_Said]:
    found = [event for event in events if event.kind == kind]
    n = _count(found)
    if n:
        ways = len({event.fingerprint for event in found})
        how = f"{words}, counted, {ways} different, Byar's interval"
        yield name, poisson(n), "times", n, how


def _tests(gene: Gene, events: Sequence[Event]) -> Iterator[_Said]:
    summed = [event for event in events if event.name == "coverage"]
    newest = max((event.at_ns for event in summed), default=0)
    run = [event for event in summed if newest - event.at_ns < RUN_NS]
    if not run:
        return
    covered, tests = [_covered(event) for event in run], _count(run)
    exact = Estimate(value=tests, low=tests, high=tests)
    yield "tests", exact, "tests", tests, "pytest --codegenesis, last run: tests that go through it"
    failed = min(sum(each.failed for each in covered), tests)
    how = "of these, those that failed, Wilson interval"
    yield "test_failure_rate", proportion(failed, tests), "of tests", tests, how
    wanted = statements(gene.source)
    if wanted:
        ran = {line for each in covered for line in each.lines}
        share = len(wanted & ran) / len(wanted)
        found = Estimate(value=share, low=share, high=share)
        how = "those that ran in any test, exact"
        yield "line_coverage", found, "of statements", len(wanted), how


def statements(source: str) -> frozenset[int]:
    """Lines on which a function's statements begin, from 1; none when it does not parse."""
    try:
        tree = syntax_tree(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    inside = (node for definition in tree.body for node in ast.walk(definition))
    found = {node.lineno for node in inside if isinstance(node, ast.stmt) and _runs(node)}
    return frozenset(found - {definition.lineno for definition in tree.body})


def _runs(node: ast.stmt) -> bool:
    """Does this statement come to any code of its own?"""
    if isinstance(node, ast.Expr):
        return not isinstance(node.value, ast.Constant)
    if isinstance(node, ast.AnnAssign):
        return node.value is not None
    return not isinstance(node, ast.Global | ast.Nonlocal)


_decode = msgspec.msgpack.Decoder(Coverage).decode


def _covered(event: Event) -> Coverage:
    try:
        return _decode(event.body)
    except msgspec.DecodeError:
        return Coverage(failed=0, lines={})


def poisson(count: int) -> Estimate:
    """A count of independent incidents with Byar's approximation to its exact 95 % interval."""
    above = count + 1
    low = count * (1 - 1 / (9 * count) - Z95 / (3 * math.sqrt(count))) ** 3 if count else 0.0
    high = above * (1 - 1 / (9 * above) + Z95 / (3 * math.sqrt(above))) ** 3
    return Estimate(value=float(count), low=max(0.0, low), high=high)


def _count(events: Iterable[Event]) -> int:
    return sum(event.count for event in events)
