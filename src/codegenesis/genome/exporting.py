"""Everything that is known, as flat tables for other tools: no code, and no values of calls.

One table a subject, because that is what spreadsheets, DuckDB and data frames join well: `genes`,
`traits`, `history` (by day), `inputs` and `crashes`. Column types are DuckDB's.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain

from codegenesis.genome.histogram import quantile
from codegenesis.genome.inputs import Parameter
from codegenesis.genome.rollup import DAY_NS
from codegenesis.genome.strong import strengths
from codegenesis.genome.summary import Summary, read, total
from codegenesis.genome.weakness import OF, apart, priority, weaknesses
from codegenesis.genome.worth import worth
from codegenesis.model import Bucket, Gene, Trait
from codegenesis.store import Store
from codegenesis.store.buckets import EVER

Row = dict[str, object]
Tables = dict[str, list[Row]]

_TEXT, _WHOLE, _NUMBER = "VARCHAR", "BIGINT", "DOUBLE"
_QUANTILES = {
    f"{clock}_ns_{name}": (clock, q)
    for clock in ("cpu", "wall")
    for name, q in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
}


def _columns(texts: str = "", wholes: str = "", numbers: str = "") -> dict[str, str]:
    kinds = ((texts, _TEXT), (wholes, _WHOLE), (numbers, _NUMBER))
    return {name: kind for names, kind in kinds for name in names.split()}


#: Columns of each table with their types.
COLUMNS: Mapping[str, dict[str, str]] = {
    "genes": _columns(
        "gene service module qualname kind path base decorated refused reason weaknesses strengths",
        "line calls",
        "priority impact opportunity confidence",
    ),
    "traits": _columns("gene trait segment unit method", "n at_ns", "value low high"),
    "history": _columns(
        "gene source segment",
        "start_ns width_ns calls errors cpu_ns wall_ns",
        " ".join(_QUANTILES),
    ),
    "inputs": _columns("gene parameter types items words", "n", "low high"),
    "crashes": _columns("gene fingerprint type", "calls last_ns"),
}


def tables(store: Store) -> Tables:
    """All that is known of all genes, from a handful of queries.

    Raises:
        StoreError: the store cannot be read.
    """
    genes, known = store.genes(), _by_gene(store.traits())
    counts, ever = store.buckets.totals(), store.buckets.of_width(EVER)
    wholes = _wholes(ever)
    found = {
        "genes": (_gene(gene, known.get(gene.id, []), counts.get(gene.id, 0)) for gene in genes),
        "traits": map(_trait, (*chain(*known.values()), *_earned(store, genes, known))),
        "history": map(_day, store.buckets.of_width(DAY_NS)),
        "inputs": (_input(gene, *item) for gene, each in wholes for item in each.inputs.items()),
        "crashes": (row for gene, each in wholes for row in _crashes(gene, each)),
    }
    return {name: [_ordered(name, row) for row in rows] for name, rows in found.items()}


def _earned(store: Store, genes: Iterable[Gene], known: Collection[str]) -> Iterator[Trait]:
    """What uses of the last day were worth, for genes of which something is known."""
    now_ns = time.time_ns()
    since_ns = now_ns - DAY_NS
    services = {gene.service for gene in genes}
    rewards = {each: store.rewards.find(service=each, since_ns=since_ns) for each in services}
    traces = store.traces(since_ns=since_ns) if any(rewards.values()) else {}
    for gene in genes:
        if gene.id in known:
            yield from worth(gene.id, rewards[gene.service], traces.get(gene.id, ()), at_ns=now_ns)


def _ordered(table: str, row: Row) -> Row:
    return {name: row[name] for name in COLUMNS[table]}


def _by_gene(traits: Iterable[Trait]) -> dict[str, list[Trait]]:
    known: dict[str, list[Trait]] = defaultdict(list)
    for trait in traits:
        known[trait.gene].append(trait)
    return known


def _wholes(ever: Iterable[Bucket]) -> list[tuple[str, Summary]]:
    parts: dict[str, list[Summary]] = defaultdict(list)
    for bucket in ever:
        parts[bucket.gene].append(read(bucket))
    return [(gene, total(each)) for gene, each in parts.items()]


def _gene(gene: Gene, traits: list[Trait], calls: int) -> Row:
    urgency = priority(traits)
    names = (
        "service",
        "module",
        "qualname",
        "kind",
        "path",
        "base",
        "decorated",
        "refused",
        "line",
    )
    return {
        **{name: getattr(gene, name) for name in names},
        "gene": gene.id,
        "calls": calls,
        "priority": urgency.score,
        "impact": urgency.impact,
        "opportunity": urgency.opportunity,
        "confidence": urgency.confidence,
        "reason": urgency.reason,
        "weaknesses": "; ".join((*weaknesses(gene, traits), *apart(traits))),
        "strengths": "; ".join(strengths(gene, traits)),
    }


def _trait(trait: Trait) -> Row:
    name, _, segment = trait.name.partition(OF)
    names = ("gene", "value", "unit", "low", "high", "n", "method", "at_ns")
    return {
        **{field: getattr(trait, field) for field in names},
        "trait": name,
        "segment": segment,
    }


def _day(bucket: Bucket) -> Row:
    seen = read(bucket)
    names = ("gene", "source", "segment", "start_ns", "width_ns", "errors", "cpu_ns", "wall_ns")
    return {
        **{name: getattr(bucket, name) for name in names},
        "calls": bucket.n,
        **{
            name: quantile(counts, q).value if (counts := getattr(seen, clock)) else None
            for name, (clock, q) in _QUANTILES.items()
        },
    }


def _input(gene: str, name: str, parameter: Parameter) -> Row:
    return {
        "gene": gene,
        "parameter": name,
        "types": ", ".join(sorted(parameter.types)),
        "items": ", ".join(sorted(parameter.items)),
        "words": parameter.words(),
        "n": parameter.n,
        "low": parameter.low,
        "high": parameter.high,
    }


def _crashes(gene: str, seen: Summary) -> Iterator[Row]:
    for fingerprint, each in seen.failures.items():
        yield {
            "gene": gene,
            "fingerprint": fingerprint,
            "type": each.type,
            "calls": each.count,
            "last_ns": each.last_ns,
        }
