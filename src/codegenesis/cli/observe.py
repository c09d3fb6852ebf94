"""`genome` and `status`: what is known of the app, and what is going on."""

from __future__ import annotations

import time

import click
from rich.console import Console

from codegenesis.cli.output import emit, json_option, nanoseconds, table
from codegenesis.cli.settings import config_options, one_gene, open_store
from codegenesis.config import Config
from codegenesis.delivery import OPEN_STAGES
from codegenesis.genome import priority, weaknesses
from codegenesis.lifecycle import Snapshot, snapshot
from codegenesis.model import Gene, Trait
from codegenesis.store import Store


@click.command()
@click.argument("target", required=False)
@json_option
@config_options
def genome(config: Config, target: str | None) -> None:
    """The map of strengths and weaknesses, worst first; with TARGET, one function in full."""
    with open_store(config) as store:
        if target is not None:
            _show_gene(store, one_gene(store, target))
        else:
            _show_map(store)


def _show_map(store: Store) -> None:
    counts = store.observation_counts()
    rows = []
    for gene in store.genes():
        traits = store.traits(gene.id)
        rows.append((gene, traits, priority(traits), counts.get(gene.id, 0)))
    rows.sort(key=lambda row: (bool(row[0].refused), -row[2].score, row[0].target))
    document = [
        {"target": g.target, "priority": p, "observations": n, "refused": g.refused, "traits": t}
        for g, t, p, n in rows
    ]

    def render(console: Console) -> None:
        drawn = table(
            "",
            ["function", ">calls seen", ">CPU share", ">CPU p50", ">errors", "why"],
            (
                (
                    gene.target,
                    str(seen),
                    _figure(traits, "cpu_share", "{:.1%}"),
                    _time(traits, "cpu_ns_p50"),
                    _figure(traits, "error_rate", "{:.1%}"),
                    gene.refused or first.reason,
                )
                for gene, traits, first, seen in rows
            ),
        )
        console.print(drawn)

    emit(document, render)


def _show_gene(store: Store, gene: Gene) -> None:
    traits = store.traits(gene.id)
    words = weaknesses(gene, traits)
    releases = store.releases(gene=gene.id)
    document = {"gene": gene, "traits": traits, "weaknesses": words, "releases": releases}

    def render(console: Console) -> None:
        console.print(f"{gene.target}  ({gene.path}:{gene.line})")
        if gene.refused:
            console.print(f"not evolved: {gene.refused}")
        for sentence in words:
            console.print(f"- {sentence}")
        console.print(
            table(
                "",
                ["trait", ">value", "unit", "95 % interval", ">n", "method"],
                (
                    (
                        t.name,
                        f"{t.value:.4g}",
                        t.unit,
                        f"{t.low:.4g} … {t.high:.4g}",
                        str(t.n),
                        t.method,
                    )
                    for t in traits
                ),
            )
        )

    emit(document, render)


def _trait(traits: list[Trait], name: str) -> Trait | None:
    return next((trait for trait in traits if trait.name == name), None)


def _figure(traits: list[Trait], name: str, form: str) -> str:
    trait = _trait(traits, name)
    return form.format(trait.value) if trait else "-"


def _time(traits: list[Trait], name: str) -> str:
    trait = _trait(traits, name)
    return nanoseconds(trait.value) if trait else "-"


@click.command()
@json_option
@config_options
def status(config: Config) -> int:
    """Processes, the engine, releases under way; exit code 7 when something is unhealthy."""
    with open_store(config) as store:
        now = snapshot(store, at_ns=time.time_ns())
    emit(now, lambda console: _draw_status(console, now))
    return 7 if now.problems else 0


def _draw_status(console: Console, now: Snapshot) -> None:
    if now.frozen is not None:
        console.print(f"FROZEN: {now.frozen or 'no reason given'} (codegenesis thaw)")
    console.print(
        table(
            "",
            ["process", "role", ">pid", "python", ">seen", ">probe share", "note"],
            (
                (
                    p.id,
                    p.role,
                    str(p.pid),
                    p.python,
                    f"{(now.at_ns - p.seen_ns) / 1e9:.1f} s ago",
                    f"{p.probe_share:.2%}",
                    p.note,
                )
                for p in now.processes
            ),
        )
    )
    active = [release for release in now.releases if release.stage in OPEN_STAGES]
    console.print(f"{len(now.genes)} genes, {now.observations} observations")
    console.print(
        table(
            "",
            ["release", "function", "stage", "variant", "why"],
            ((r.id, r.gene.partition("/")[2], r.stage, r.variant, r.reason) for r in active),
        )
    )
    waiting = [release.id for release in active if release.stage == "proposed"]
    if waiting:
        console.print(f"waiting for a person: codegenesis approve {' '.join(waiting)}")
    for problem in now.problems:
        console.print(f"problem: {problem}")
