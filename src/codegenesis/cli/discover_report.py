"""What `discover` prints at the end: what it found, who wrote it, from what, and what was done."""

from __future__ import annotations

import difflib
from pathlib import Path

from rich.console import Console
from rich.syntax import Syntax

from codegenesis.cli.output import printable, table
from codegenesis.model import Entry, Record
from codegenesis.scenarios.discover.individual import Individual
from codegenesis.scenarios.discover.loop import EXHAUSTED
from codegenesis.scenarios.discover.outcome import Discovery
from codegenesis.scenarios.discover.problem import Problem

_LINES = 200
_GENERATIONS = 12


class Report(Record, frozen=True, kw_only=True):
    """A run at its end.

    Attributes:
        entry: of the ledger, with the origin of the best.
        output, applied: where the best was written; empty for nowhere.
        refused: why it was not applied.
    """

    problem: Problem
    found: Discovery
    entry: Entry | None = None
    output: str = ""
    applied: str = ""
    refused: str = ""

    @property
    def can_go_on(self) -> bool:
        """Whether the run can be resumed."""
        return self.found.reason != EXHAUSTED

    @property
    def diff(self) -> str:
        """From the program that was given to the best."""
        name = Path(self.problem.path).name
        lines = difflib.unified_diff(
            self.problem.program.splitlines(keepends=True),
            self.found.best.program.splitlines(keepends=True),
            fromfile=f"a/{name}",
            tofile=f"b/{name}",
        )
        return "".join(lines)

    def document(self) -> dict[str, object]:
        """For `--json`."""
        found = self.found
        return {
            "run": found.run,
            "program": self.problem.path,
            "evaluator": self.problem.evaluator,
            "better": found.better,
            "first_score": found.first.score,
            "score": found.best.score,
            "again": found.again,
            "reason": found.reason,
            "evaluated": found.individuals,
            "valid": found.valid,
            "disqualified": found.disqualified,
            "known": found.known,
            "seconds": found.seconds,
            "usd": found.usd,
            "islands": found.islands,
            "proposers": found.tallies,
            "steps": found.steps,
            "best": found.best,
            "lineage": [_ancestor(each) for each in found.lineage],
            "diff": self.diff,
            "entry": self.entry,
            "output": self.output,
            "applied": self.applied,
            "refused": self.refused,
            "notes": self.problem.notes,
        }


def exit_code(report: Report, *, interrupted: bool) -> int:
    """As `cli.main` lists them."""
    if interrupted:
        return 130
    if report.found.better:
        return 4 if report.refused else 0
    return 6 if report.can_go_on else 3


def draw(console: Console, report: Report) -> None:
    """For people."""
    found = report.found
    if found.better:
        _draw_diff(console, report.diff)
        _draw_lineage(console, found)
    _draw_writers(console, found)
    _draw_scores(console, found)
    for words in filter(None, (_written(report), report.refused)):
        console.print(printable(words), markup=False, soft_wrap=True)


def _draw_diff(console: Console, diff: str) -> None:
    lines = diff.splitlines()
    console.print(Syntax("\n".join(lines[:_LINES]), "diff", background_color="default"))
    if len(lines) > _LINES:
        console.print(f"… and {len(lines) - _LINES} lines more")


def _draw_lineage(console: Console, found: Discovery) -> None:
    shown = found.lineage[:_GENERATIONS]
    rows = (
        (
            str(each.number),
            _number(each.score),
            printable(each.operator),
            printable(each.model),
            printable(each.words)[:60],
        )
        for each in shown
    )
    columns = [">program", ">score", "written by", "model", "what was changed"]
    console.print(table("the best and what it was made from", columns, rows))
    if len(found.lineage) > len(shown):
        console.print(f"… and {len(found.lineage) - len(shown)} before these")


def _draw_writers(console: Console, found: Discovery) -> None:
    rows = (
        (
            each.name,
            str(each.drafts),
            str(each.known),
            str(each.unfit),
            str(each.evaluated),
            str(each.valid),
            str(each.better),
            str(each.best),
            f"{each.share:.0%}",
        )
        for each in found.tallies
    )
    columns = [
        "writer",
        ">drafts",
        ">known",
        ">unfit",
        ">evaluated",
        ">valid",
        ">better",
        ">best",
        ">share",
    ]
    console.print(table("", columns, rows))


def _draw_scores(console: Console, found: Discovery) -> None:
    again = found.again.score if found.again else None
    once_more = f" (evaluated once more: {_number(again)})" if again is not None else ""
    console.print(
        f"score {_number(found.best.score)}{once_more}, at first {_number(found.first.score)}; "
        f"{found.individuals} programs evaluated, {found.valid} with a score, in "
        f"{found.seconds:.1f} s; {printable(found.reason)}",
        markup=False,
        soft_wrap=True,
    )
    if found.disqualified:
        console.print(f"{found.disqualified} disqualified: their scores did not hold")
    if not found.better:
        console.print("nothing scores more than the program that was given")


def _written(report: Report) -> str:
    if report.applied:
        return f"applied {report.applied}; undo with: codegenesis undo {report.found.run}"
    if report.output:
        return f"wrote {report.output}"
    return ""


def _ancestor(individual: Individual) -> dict[str, object]:
    return {
        "id": individual.id,
        "number": individual.number,
        "score": individual.score,
        "operator": individual.operator,
        "model": individual.model,
        "parents": individual.parents,
        "words": individual.words,
    }


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.8g}"
