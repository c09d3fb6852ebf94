"""How one function of the genome is drawn for people."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from codegenesis.cli.output import printable, table
from codegenesis.genome import apart, strengths
from codegenesis.genome.figures import INPUT
from codegenesis.genome.lines import SUSPICIOUS, Line, Profile
from codegenesis.genome.weakness import OF
from codegenesis.lifecycle.analysis import Analysis, Remedy
from codegenesis.model import Gene, Trait

#: From this share of the time on, a line is shown in colour.
_HOT = 0.2


def draw(console: Console, found: Analysis) -> None:
    """Everything that there is to say about a function."""
    gene = found.gene
    console.print(f"{gene.target}  ({gene.path}:{gene.line})", markup=False)
    for sentence in (*found.weaknesses, *apart(found.traits)):
        console.print(f"- {printable(sentence)}", markup=False)
    _draw_crashes(console, found)
    for sentence in strengths(gene, found.traits):
        console.print(f"+ {printable(sentence)}", markup=False)
    _draw_traits(console, found.traits)
    _draw_inputs(console, found.traits)
    _draw_segments(console, found.traits)
    _draw_lines(console, found.profile, gene)
    _draw_remedies(console, found.remedies, gene)


def _draw_crashes(console: Console, found: Analysis) -> None:
    for crash in found.crashes:
        words = printable(crash.detail or crash.type)
        lines = found.profile.suspects.get(crash.type, ())
        where = ", ".join(str(found.gene.line + number - 1) for number in lines)
        blame = f"; suspicious: line{'s' if len(lines) > 1 else ''} {where}" if lines else ""
        console.print(f"- {crash.share:.1%} of calls end with {words}{blame}", markup=False)


def _draw_traits(console: Console, traits: Sequence[Trait]) -> None:
    rows = [
        (
            trait.name,
            f"{trait.value:.4g}",
            trait.unit,
            f"{trait.low:.4g} … {trait.high:.4g}",
            str(trait.n),
            Text(printable(trait.method)),
        )
        for trait in traits
        if OF not in trait.name and not trait.name.startswith(INPUT)
    ]
    if rows:
        columns = ["trait", ">value", "unit", "95 % interval", ">n", "method"]
        console.print(table("", columns, rows))


def _draw_inputs(console: Console, traits: Sequence[Trait]) -> None:
    handed = [trait for trait in traits if trait.name.startswith(INPUT)]
    if not handed:
        return
    console.print("\nwhat it is handed")
    for trait in handed:
        words = trait.method.removeprefix("median; ")
        name = trait.name.removeprefix(INPUT)
        console.print(f"{printable(name)}: {printable(words)}  (n = {trait.n})", markup=False)


def _draw_segments(console: Console, traits: Sequence[Trait]) -> None:
    told = [(trait.name.partition(OF), trait) for trait in traits if OF in trait.name]
    if not told:
        return
    rows = [
        (
            Text(printable(segment)),
            name,
            f"{trait.value:.4g}",
            trait.unit,
            f"{trait.low:.4g} … {trait.high:.4g}",
            str(trait.n),
        )
        for (name, _, segment), trait in sorted(told, key=lambda each: each[0][::-1])
    ]
    columns = ["segment", "trait", ">value", "unit", "95 % interval", ">n"]
    console.print()
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
    style = "bold red" if line.suspicion >= SUSPICIOUS else style
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
