"""`genome`: the map of strengths and weaknesses, and one function of it in full."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from codegenesis.cli.genome_view import draw
from codegenesis.cli.options import tests_option
from codegenesis.cli.output import emit, json_option, nanoseconds, printable, table
from codegenesis.cli.settings import config_options, one_gene, open_store
from codegenesis.config import Config
from codegenesis.errors import UsageError
from codegenesis.genome import Priority, apart, priority, strengths
from codegenesis.genome.history import recall
from codegenesis.genome.learning import learn_ages, learn_told
from codegenesis.genome.rollup import DAY_NS
from codegenesis.genome.standing import AGE, aged
from codegenesis.genome.survey import survey
from codegenesis.genome.worth import worth
from codegenesis.lifecycle import calls_of, locate, observe, recent
from codegenesis.lifecycle.analysis import Analysis, analyse
from codegenesis.model import Bucket, Gene, Observation, Record, Release, Trait
from codegenesis.store import Store


class _Genome(click.Command):
    """`genome export` is a command of its own; any other word is a TARGET."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        if args[:1] == ["export"]:
            from codegenesis.cli.genome_export import export

            return export.make_context(f"{info_name} export", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


class Known(Record, frozen=True, kw_only=True):
    """What the store knows of one function; nothing of one that it does not know."""

    gene: Gene
    seen: tuple[Observation, ...] = ()
    traits: tuple[Trait, ...] = ()
    releases: tuple[Release, ...] = ()


@click.command(cls=_Genome)
@click.argument("target", required=False)
@click.option(
    "--inputs",
    metavar="FILE",
    help='Calls to watch instead of recorded ones: JSON lines {"args": []}.',
)
@click.option("--segment", metavar="NAME", help="Only calls that were made for this segment.")
@tests_option("Without recorded calls and --inputs, watch the calls that these tests make.")
@json_option
@config_options
def genome(config: Config, target: str | None, inputs: str | None, segment: str | None) -> None:
    """The map of strengths and weaknesses, worst first.

    With TARGET, one function in full: what is weak and what is strong in it, what it is handed and
    for whom, where its time goes line by line, which lines are suspicious if calls of it fail, and
    which operators could help, with what they promise. Works on recorded calls, and on a function
    nobody watched with --inputs or --tests.

    `codegenesis genome export` writes all of it to files.
    """
    if target is None:
        if inputs:
            raise UsageError("--inputs needs a TARGET", remedy="Name the function that they call.")
        with open_store(config) as store:
            _show_map(store, segment)
        return
    known = _known(config, target, segment)
    seen, traits = known.seen, known.traits
    if inputs:
        seen, traits = tuple(observe(known.gene, calls_of(Path(inputs)), config)), ()
    found = analyse(known.gene, config, observations=seen, traits=traits)
    document = _document(found, known)
    emit(document, lambda console: draw(console, found))


def _document(found: Analysis, known: Known) -> dict[str, object]:
    return {
        "gene": found.gene,
        "traits": found.traits,
        "weaknesses": (*found.weaknesses, *apart(found.traits)),
        "strengths": strengths(found.gene, found.traits),
        "crashes": [_crash(crash, found) for crash in found.crashes],
        "profile": found.profile,
        "remedies": found.remedies,
        "releases": known.releases,
    }


def _known(config: Config, target: str, segment: str | None) -> Known:
    """What the store knows of a function; one that it does not know is read from its file."""
    if not config.store and not config.database.exists():
        return Known(gene=locate(target, service=config.service, cwd=Path.cwd()))
    with open_store(config) as store:
        if not store.find_genes(target) and ":" in target:
            return Known(gene=locate(target, service=config.service, cwd=Path.cwd()))
        gene, now = one_gene(store, target), time.time_ns()
        survey(store, now_ns=now)
        learn_ages(store, now_ns=now, only=gene)
        learn_told(store, now_ns=now, only=gene)
        seen = [each for each in recent(store, gene) if segment in (None, each.segment)]
        return Known(
            gene=gene,
            seen=tuple(seen),
            traits=tuple(_traits(store, gene, seen, segment, now)),
            releases=tuple(store.releases(gene=gene.id)),
        )


def _traits(
    store: Store, gene: Gene, seen: Sequence[Observation], segment: str | None, now_ns: int
) -> list[Trait]:
    if segment is not None:
        days = _days(store, segment, now_ns)
        return recall(gene.id, days.get(gene.id, ()), now_ns=now_ns)
    rewards = store.rewards.find(service=gene.service, since_ns=now_ns - DAY_NS)
    known = [aged(t, now_ns=now_ns) if t.name == AGE else t for t in store.traits(gene.id)]
    traces = {each.trace for each in seen if each.trace}
    return known + worth(gene.id, rewards, traces, at_ns=now_ns) if known else []


def _days(store: Store, segment: str, now_ns: int) -> dict[str, list[Bucket]]:
    """Roll-ups of the last days for one segment, by gene.

    Raises:
        UsageError: nothing was called for it.
    """
    since = (now_ns // DAY_NS - 7) * DAY_NS
    kept = store.buckets.of_width(DAY_NS, since_ns=since)
    days: dict[str, list[Bucket]] = defaultdict(list)
    for each in kept:
        if each.segment == segment:
            days[each.gene].append(each)
    if not days:
        names = sorted({each.segment for each in kept if each.segment})
        raise UsageError(
            f"expected a segment that calls were made for, got {segment!r}",
            remedy=f"There are: {', '.join(map(printable, names[:20]))}."
            if names
            else "None was told yet: wrap the application in a middleware, or use "
            "codegenesis.context(segment=…).",
        )
    return days


def _crash(crash: Any, found: Analysis) -> dict[str, object]:
    names = ("type", "count", "share", "detail", "line", "fingerprint")
    suspects = found.profile.suspects.get(crash.type, ())
    return {**{name: getattr(crash, name) for name in names}, "suspects": suspects}


class _Row(Record, frozen=True, kw_only=True):
    """One function on the map."""

    target: str
    priority: Priority
    observations: int
    refused: str
    traits: tuple[Trait, ...]


def _show_map(store: Store, segment: str | None) -> None:
    now = time.time_ns()
    survey(store, now_ns=now)
    learn_told(store, now_ns=now)
    rows = _rows(store) if segment is None else _rows_for(store, segment, now)
    rows.sort(key=lambda row: (bool(row.refused), -row.priority.score, row.target))
    emit(rows, lambda console: _draw_map(console, rows))


def _rows(store: Store) -> list[_Row]:
    """All functions, from one look at everything that is known."""
    known: dict[str, list[Trait]] = defaultdict(list)
    for trait in store.traits():
        known[trait.gene].append(trait)
    counts = store.buckets.totals()
    return [_row(gene, known[gene.id], counts.get(gene.id, 0)) for gene in store.genes()]


def _rows_for(store: Store, segment: str, now_ns: int) -> list[_Row]:
    """Functions that were called for a segment."""
    days = _days(store, segment, now_ns)
    return [
        _row(gene, recall(gene.id, days[gene.id], now_ns=now_ns), sum(b.n for b in days[gene.id]))
        for gene in store.genes()
        if gene.id in days
    ]


def _row(gene: Gene, traits: list[Trait], seen: int) -> _Row:
    return _Row(
        target=gene.target,
        priority=priority(traits),
        observations=seen,
        refused=gene.refused,
        traits=tuple(traits),
    )


def _draw_map(console: Console, rows: Sequence[_Row]) -> None:
    columns = ["function", ">calls seen", ">CPU share", ">CPU p50", ">wall p99", ">errors", "why"]
    drawn = table(
        "",
        columns,
        (
            (
                row.target,
                str(row.observations),
                _figure(row.traits, "cpu_share", "{:.1%}"),
                _time(row.traits, "cpu_ns_p50"),
                _time(row.traits, "wall_ns_p99"),
                _figure(row.traits, "error_rate", "{:.1%}"),
                row.refused or row.priority.reason,
            )
            for row in rows
        ),
    )
    console.print(drawn)


def _figure(traits: Sequence[Trait], name: str, form: str) -> str:
    return next((form.format(trait.value) for trait in traits if trait.name == name), "-")


def _time(traits: Sequence[Trait], name: str) -> str:
    return next((nanoseconds(trait.value) for trait in traits if trait.name == name), "-")
