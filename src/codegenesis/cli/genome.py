"""`genome`: the map of strengths and weaknesses, and one function of it in full."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from codegenesis.cli.options import tests_option
from codegenesis.cli.output import emit, json_option, nanoseconds, printable, table
from codegenesis.cli.settings import config_options, one_gene, open_store, store_directory
from codegenesis.config import Config
from codegenesis.errors import UsageError
from codegenesis.genome import priority
from codegenesis.genome.lines import Line, Profile
from codegenesis.lifecycle import calls_of, locate, observe, recent
from codegenesis.lifecycle.analysis import Analysis, Remedy, analyse
from codegenesis.model import Gene, Observation, Release, Trait
from codegenesis.store import Store

#: From these on, a line is shown in colour.
_HOT, _SUSPICIOUS = 0.2, 0.5


@click.command()
@click.argument("target", required=False)
@click.option(
    "--inputs",
    metavar="FILE",
    help='Calls to watch instead of recorded ones: JSON lines {"args": []}.',
)
@tests_option("Without recorded calls and --inputs, watch the calls that these tests make.")
@json_option
@config_options
def genome(config: Config, target: str | None, inputs: str | None) -> None:
    """The map of strengths and weaknesses, worst first.

    With TARGET, one function in full: what is weak in it, where its time goes line by line, which
    lines are suspicious if calls of it fail, and which operators could help, with what they
    promise. Works on recorded calls, and on a function nobody watched with --inputs or --tests.
    """
    if target is None:
        if inputs:
            raise UsageError("--inputs needs a TARGET", remedy="Name the function that they call.")
        with open_store(config) as store:
            _show_map(store)
        return
    gene, observations, traits, releases = _known(config, target)
    if inputs:
        observations, traits = observe(gene, calls_of(Path(inputs)), config), []
    found = analyse(gene, config, observations=observations, traits=traits)
    document = {
        "gene": gene,
        "traits": found.traits,
        "weaknesses": found.weaknesses,
        "crashes": [_crash(crash) for crash in found.crashes],
        "profile": found.profile,
        "remedies": found.remedies,
        "releases": releases,
    }
    emit(document, lambda console: _draw(console, found))


def _known(
    config: Config, target: str
) -> tuple[Gene, list[Observation], list[Trait], list[Release]]:
    """What the store knows of a function; one that it does not know is read from its file."""
    if not (store_directory(config) / "genesis.db").exists():
        return locate(target, service=config.service, cwd=Path.cwd()), [], [], []
    with open_store(config) as store:
        if not store.find_genes(target) and ":" in target:
            return locate(target, service=config.service, cwd=Path.cwd()), [], [], []
        gene = one_gene(store, target)
        seen = recent(store, gene)
        return gene, seen, store.traits(gene.id), store.releases(gene=gene.id)


def _crash(crash: object) -> dict[str, object]:
    names = ("type", "count", "share", "detail", "line", "fingerprint")
    return {name: getattr(crash, name) for name in names}


def _draw(console: Console, found: Analysis) -> None:
    gene = found.gene
    console.print(f"{gene.target}  ({gene.path}:{gene.line})")
    for sentence in found.weaknesses:
        console.print(f"- {sentence}")
    for crash in found.crashes:
        words = printable(crash.detail or crash.type)
        console.print(f"- {crash.share:.1%} of calls end with {words}", markup=False)
    _draw_traits(console, found)
    _draw_lines(console, found.profile, gene)
    _draw_remedies(console, found.remedies, gene)


def _draw_traits(console: Console, found: Analysis) -> None:
    if not found.traits:
        return
    rows = (
        (
            trait.name,
            f"{trait.value:.4g}",
            trait.unit,
            f"{trait.low:.4g} … {trait.high:.4g}",
            str(trait.n),
            trait.method,
        )
        for trait in found.traits
    )
    columns = ["trait", ">value", "unit", "95 % interval", ">n", "method"]
    console.print(table("", columns, rows))


def _draw_lines(console: Console, profile: Profile, gene: Gene) -> None:
    if profile.reason:
        console.print(f"\nline by line: {profile.reason}", markup=False)
        return
    failed = f", {profile.failed} of them fail" if profile.failed else ""
    console.print(f"\nline by line, over {profile.calls} calls{failed}")
    columns = [">time", ">runs", *([">suspicion"] if profile.failed else []), ">line", ""]
    console.print(
        table("", columns, (_row(line, gene, bool(profile.failed)) for line in profile.lines)),
        soft_wrap=True,
    )


def _row(line: Line, gene: Gene, failing: bool) -> list[str | Text]:
    style = "bold yellow" if line.share >= _HOT else ""
    style = "bold red" if line.suspicion >= _SUSPICIOUS else style
    suspicion = [f"{line.suspicion:.0%}" if line.suspicion else ""] if failing else []
    return [
        Text(f"{line.share:.1%}" if line.hits else "", style=style),
        str(line.hits or ""),
        *suspicion,
        str(gene.line + line.number - 1),
        Text(printable(line.text.expandtabs(4)), style=style),
    ]


def _draw_remedies(console: Console, remedies: tuple[Remedy, ...], gene: Gene) -> None:
    if not remedies:
        console.print("\nno operator has anything to change")
        return
    console.print("\nwhat could help (predicted; codegenesis evolve tries and proves it)")
    for remedy in remedies:
        proposal = remedy.proposal
        where = _places(remedy, gene)
        console.print(
            f"{proposal.operator}: {proposal.gain:.2g}×, about {proposal.cost_s:.1f} s to try"
            f"{where}\n    {remedy.hypothesis}\n    {proposal.reason}",
            markup=False,
        )


def _places(remedy: Remedy, gene: Gene) -> str:
    if not remedy.lines:
        return ""
    lines = ", ".join(str(gene.line + number - 1) for number in remedy.lines)
    share = f", where {remedy.share:.0%} of the time depend on it" if remedy.share else ""
    return f"; changes line{'s' if len(remedy.lines) > 1 else ''} {lines}{share}"


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


def _trait(traits: list[Trait], name: str) -> Trait | None:
    return next((trait for trait in traits if trait.name == name), None)


def _figure(traits: list[Trait], name: str, form: str) -> str:
    trait = _trait(traits, name)
    return form.format(trait.value) if trait else "-"


def _time(traits: list[Trait], name: str) -> str:
    trait = _trait(traits, name)
    return nanoseconds(trait.value) if trait else "-"
