"""What a run of `evolve` came to: a table and diffs for people, one document for programs.

Told from the store, so a run that was gone on with is told whole. One function alone is told with
all that happened to its versions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.syntax import Syntax

from codegenesis.cli.inspect import (
    draw_explanation,
    draw_funnel,
    draw_trials,
    strength_in_words,
)
from codegenesis.cli.landing import Landed, LandingWish
from codegenesis.cli.offers import draw_asked
from codegenesis.cli.output import printable, table
from codegenesis.compiler import Explanation, explain
from codegenesis.lifecycle import Evolution
from codegenesis.lifecycle.asking import Asked, together
from codegenesis.lifecycle.campaigns.runs import Keeper
from codegenesis.model import Champion, Gene, Record, Run, RunStep
from codegenesis.store import Store

#: Functions that had no turn and are shown to people, a line each.
_SHOWN = 40


class Result(Record, frozen=True, kw_only=True):
    """One function of the run; without a champion nothing better was found."""

    target: str
    state: str
    reason: str
    remedy: str = ""
    trials: int = 0
    seconds: float = 0.0
    variant: str = ""
    explanation: Explanation | None = None


class Report(Record, frozen=True, kw_only=True):
    """The whole run.

    Attributes:
        evolution: of the one function, where the run is about one.
        asked: what models were asked in this sitting; None where there are none.
    """

    run: Run
    results: tuple[Result, ...]
    champions: tuple[tuple[Champion, Gene | None], ...] = ()
    evolution: Evolution | None = None
    asked: Asked | None = None

    @property
    def found(self) -> int:
        """Functions with a better version."""
        return len(self.champions)

    @property
    def left(self) -> int:
        """Functions that had no turn yet."""
        return sum(result.state == "planned" for result in self.results)

    def document(self, landed: Landed) -> dict[str, object]:
        """For `--json`."""
        if self.evolution is not None:
            own = _document(self.evolution)
            return {**own, "run": self.run.id, "models": self.asked, "landed": landed}
        return {
            "run": self.run,
            "found": self.found,
            "left": self.left,
            "results": self.results,
            "models": self.asked,
            "landed": landed,
        }


def report_of(store: Store, keeper: Keeper, evolutions: Mapping[str, Evolution]) -> Report:
    """The report of a run as it stands in the store.

    Args:
        evolutions: of this sitting, by `Gene.id`.
    """
    single = bool(keeper.run.options.get("single"))
    found = [step for step in keeper.steps if step.state == "found"]
    champions = [(store.champion(step.variant), store.gene(step.gene)) for step in found]
    return Report(
        run=keeper.run,
        results=tuple(_result(store, step) for step in keeper.steps),
        champions=tuple((champion, gene) for champion, gene in champions if champion),
        evolution=next(iter(evolutions.values()), None) if single else None,
        asked=together(each.asked for each in evolutions.values() if each.asked),
    )


def draw_report(console: Console, report: Report, wish: LandingWish) -> None:
    """For people, before anything lands."""
    if report.evolution is not None:
        _draw_one(console, report.evolution, changes=wish.apply)
    else:
        for champion, gene in report.champions:
            _draw_champion(console, champion, gene)
        _draw_summary(console, report)
    draw_asked(console, report.asked)


def _result(store: Store, step: RunStep) -> Result:
    champion = store.champion(step.variant) if step.state == "found" else None
    explanation = explain(champion, gene=store.gene(step.gene)) if champion else None
    return Result(
        target=step.target,
        state=step.state,
        reason=step.reason,
        remedy=step.remedy,
        trials=step.trials,
        seconds=step.seconds,
        variant=step.variant,
        explanation=explanation,
    )


def _document(found: Evolution) -> dict[str, object]:
    champion = found.champion
    return {
        "target": found.gene.target,
        "found": champion is not None,
        "reason": found.reason,
        "champion": champion,
        "explanation": explain(champion, gene=found.gene) if champion else None,
        "funnel": found.funnel,
        "excluded_calls": found.baseline.excluded if found.baseline else 0,
        "pure": found.baseline.pure if found.baseline else False,
        "strength": champion.strength.score if champion and champion.strength else None,
        "seconds": found.seconds,
    }


def _draw_one(console: Console, found: Evolution, *, changes: bool) -> None:
    champion = found.champion
    if champion is None:
        console.print(f"{found.gene.target}: no better version; {found.reason}", markup=False)
        draw_trials(console, [trial for trial in found.trials if trial.verdict == "failed"])
        return
    _draw_diff(console, champion)
    again = f"codegenesis diff {champion.variant.id} shows it again"
    undo = again if changes else f"nothing was changed; {again}"
    draw_explanation(console, explain(champion, gene=found.gene), undo=undo)
    draw_trials(console, list(champion.trials))
    draw_funnel(console, found.funnel)


def _draw_champion(console: Console, champion: Champion, gene: Gene | None) -> None:
    _draw_diff(console, champion)
    again = f"codegenesis show {champion.variant.id} has all of its evidence"
    draw_explanation(console, explain(champion, gene=gene), undo=again)
    console.print()


def _draw_diff(console: Console, champion: Champion) -> None:
    console.print(Syntax(champion.diff, "diff", background_color="default"))


def _draw_summary(console: Console, report: Report) -> None:
    tried = [each for each in report.results if each.state in ("found", "nothing", "failed")]
    tried.sort(key=lambda each: each.state != "found")
    if tried:
        columns = ["function", ">gain", "objective", "strength", "reason"]
        console.print(table("", columns, map(_row, tried)))
    objective = report.run.settings.get("objective", "fastest")
    console.print(f"{report.found} of {len(tried)} functions have a better version ({objective})")
    _draw_untried(console, [each for each in report.results if each.state == "skipped"])
    if report.left:
        console.print(f"{report.left} had no turn yet")


def _row(result: Result) -> Sequence[str]:
    told = result.explanation
    if told is None:
        return printable(result.target), "", "", "", printable(result.reason)
    gain = f"{told.gain.ratio:.3g}× [{told.gain.low:.3g}, {told.gain.high:.3g}]"
    objective = "heal" if "crashes" in result.reason else "speed"
    strength = strength_in_words(told.strength).partition(";")[0] if told.strength else ""
    return printable(result.target), gain, objective, strength, printable(result.reason)


def _draw_untried(console: Console, untried: Iterable[Result]) -> None:
    lines = [f"not tried: {each.target}: {each.reason}. {each.remedy}".strip() for each in untried]
    for line in lines[:_SHOWN]:
        console.print(printable(line), markup=False, soft_wrap=True)
    if len(lines) > _SHOWN:
        console.print(f"… and {len(lines) - _SHOWN} more that were not tried: --json lists all")
