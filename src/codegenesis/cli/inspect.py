"""`show`, `diff`, `lineage`: one variant or release with its evidence, and where it came from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import click
from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

from codegenesis.cli.output import emit, json_option, printable, table
from codegenesis.cli.settings import config_options, one_gene, open_store
from codegenesis.compiler import Explanation, explain, patch
from codegenesis.config import Config
from codegenesis.errors import TargetError
from codegenesis.evidence.funnel import Stage, funnel
from codegenesis.model import Gene, Record, Release, Strength, Trial, Variant
from codegenesis.store import Store


def _variant(store: Store, identifier: str) -> Variant:
    """The variant with this id, or the one that this release carries."""
    release = store.release(identifier)
    variant = store.variant(release.variant if release else identifier)
    if variant is None:
        raise TargetError(
            f"nothing has the id {identifier!r}",
            remedy="`codegenesis lineage TARGET` lists the variants of a function.",
        )
    return variant


def _gene(store: Store, variant: Variant) -> Gene:
    gene = store.gene(variant.gene)
    if gene is None:
        raise TargetError(f"the function of variant {variant.id} is gone from the store")
    return gene


def _diff(store: Store, variant: Variant) -> str:
    champion = store.champion(variant.id)
    return champion.diff if champion else patch(_gene(store, variant), variant.source)


@click.command()
@click.argument("identifier", metavar="ID")
@json_option
@config_options
def show(config: Config, identifier: str) -> None:
    """A variant or release: why it was written, what it survived, what it gained."""
    with open_store(config) as store:
        variant = _variant(store, identifier)
        champion, gene = store.champion(variant.id), store.gene(variant.gene)
        trials = store.trials(variant.id)
        releases = [r for r in store.releases(gene=variant.gene) if r.variant == variant.id]
        difference = _diff(store, variant)
    file = VariantFile(
        id=variant.id,
        variant=variant,
        explanation=explain(champion, gene=gene) if champion else None,
        trials=trials,
        releases=releases,
        diff=difference,
    )
    emit(file, lambda out: _draw(out, file))


class VariantFile(Record, frozen=True, kw_only=True):
    """Everything that is on record about one variant; unexplained is one that never won."""

    id: str
    variant: Variant
    explanation: Explanation | None
    trials: list[Trial]
    releases: list[Release]
    diff: str


def _draw(console: Console, file: VariantFile) -> None:
    variant = file.variant
    console.print(f"variant {variant.id} of {variant.gene.partition('/')[2]}")
    _draw_rows(console, {"operator": variant.operator})
    if file.explanation:
        draw_explanation(console, file.explanation, undo=file.explanation.undo)
    else:
        told = {"author": variant.author, "hypothesis": variant.hypothesis, "risk": variant.risk}
        _draw_rows(console, told)
    draw_trials(console, file.trials)
    for release in file.releases:
        words = f"release {release.id}: {release.stage}, {printable(release.reason)}"
        console.print(words, markup=False)  # segments are named in it, as clients chose them
    console.print(Syntax(file.diff, "diff", background_color="default"))


def draw_explanation(console: Console, explained: Explanation, *, undo: str) -> None:
    """What a person asks of a change, a line each."""
    strength = explained.strength
    _draw_rows(
        console,
        {
            "author": explained.author,
            "hypothesis": explained.hypothesis,
            "change": explained.change,
            "effect": explained.effect,
            "fitness": explained.worth,
            "strength": strength_in_words(strength) if strength else "",
            "risk": explained.risk,
            "undo": undo,
        },
    )


def _draw_rows(console: Console, rows: Mapping[str, str]) -> None:
    """What a model said may stand here: it is printed, and steers nothing."""
    for name, words in rows.items():
        if words:
            console.print(f"{name:<12}{printable(words)}", markup=False)


def strength_in_words(strength: Strength) -> str:
    """`27 of 29 wrong versions noticed; not noticed: line 12: ...`."""
    words = f"{strength.killed} of {strength.mutants} wrong versions noticed"
    return "; ".join([words, *strength.survivors[:3]])


def draw_trials(console: Console, trials: list[Trial]) -> None:
    """One line a gate."""
    console.print(
        table(
            "",
            ["gate", "verdict", ">checks", ">seconds", "detail"],
            (
                (t.gate, t.verdict, str(t.checks), f"{t.seconds:.2f}", Text(printable(t.detail)))
                for t in trials
            ),
        )
    )


def draw_funnel(console: Console, stages: Iterable[Stage]) -> None:
    """The survival funnel: one line a gate, with a bar for those who lived."""
    stages = list(stages)
    widest = max((stage.came for stage in stages), default=1)
    console.print(
        table(
            "survival",
            ["gate", ">came", ">lived", "", ">seconds", "last words"],
            (
                (
                    s.gate,
                    str(s.came),
                    str(s.survived),
                    _bar(s, widest),
                    f"{s.seconds:.2f}",
                    Text(printable(s.last_words)),
                )
                for s in stages
            ),
        )
    )


def _bar(stage: Stage, widest: int) -> str:
    came, lived = (round(12 * count / widest) for count in (stage.came, stage.survived))
    return "█" * lived + "░" * (came - lived)


@click.command()
@click.argument("identifier", metavar="ID")
@json_option
@config_options
def diff(config: Config, identifier: str) -> None:
    """The change of a variant or release against the file, as a unified diff."""
    with open_store(config) as store:
        variant = _variant(store, identifier)
        difference = _diff(store, variant)
    document = {"id": variant.id, "diff": difference}
    emit(document, lambda out: out.out(difference, end="", highlight=False))


@click.command()
@click.argument("target")
@json_option
@config_options
def lineage(config: Config, target: str) -> None:
    """Every version of TARGET that was tried, with the gate at which it died."""
    with open_store(config) as store:
        gene = one_gene(store, target)
        rows = list(_lineage(store, gene))
        stages = funnel(trial for variant, _ in rows for trial in store.trials(variant.id))
    versions = [
        {
            "id": v.id,
            "parents": v.parents,
            "operator": v.operator,
            "author": v.author,
            "fate": fate,
        }
        for v, fate in rows
    ]

    def draw(out: Console) -> None:
        table_ = table(
            gene.target,
            ["variant", "parents", "operator", "author", "fate"],
            (
                (
                    v.id,
                    " ".join(v.parents) or "original",
                    v.operator,
                    Text(printable(v.author)),
                    Text(printable(fate)),
                )
                for v, fate in rows
            ),
        )
        out.print(table_)
        draw_funnel(out, stages)

    emit({"versions": versions, "funnel": stages}, draw)


def _lineage(store: Store, gene: Gene) -> Iterator[tuple[Variant, str]]:
    stages = {release.variant: release.stage for release in store.releases(gene=gene.id)}
    for variant in store.variants(gene.id):
        death = next((t for t in store.trials(variant.id) if t.verdict == "failed"), None)
        champion = store.champion(variant.id)
        if variant.id in stages:
            yield variant, f"release {stages[variant.id]}"
        elif death:
            yield variant, f"died at {death.gate}: {death.detail}"
        else:
            yield variant, f"champion, {champion.gain.ratio:.3g}×" if champion else "survived"
