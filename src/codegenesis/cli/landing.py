"""`--apply`, `--branch`, `--yes`: how a command's findings get into somebody's files.

Every command that finds changes takes the same three options and ends the same way:
`landing_options` hands it the wish, `require_landable` refuses before the search what could not be
done after it, and `land` does it and says what landed. Nothing is ever written silently.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace
from rich.console import Console

from codegenesis.cli.output import printable, talk
from codegenesis.errors import UsageError
from codegenesis.lifecycle.landing.applying import (
    Applied,
    Branch,
    Plan,
    Refused,
    branch_changes,
    plan_changes,
    write_plan,
)
from codegenesis.lifecycle.landing.changes import Change
from codegenesis.lifecycle.landing.git import Repository
from codegenesis.model import Record
from codegenesis.store import Store

#: What `--branch` alone means.
_UNNAMED = "\0"


class LandingWish(Record, frozen=True, kw_only=True):
    """Where findings are to go; by default nowhere.

    Attributes:
        branch: name of the branch; empty for one that is named after the run, None for none.
        yes: nobody is asked.
    """

    apply: bool = False
    branch: str | None = None
    yes: bool = False

    def branch_name(self, run: str) -> str:
        """The branch's name for this run."""
        return self.branch or f"codegenesis/{run}"


class Landed(Record, frozen=True, kw_only=True):
    """Where findings went; None where nobody asked."""

    applied: Applied | None = None
    branch: Branch | None = None

    @property
    def exit_code(self) -> int:
        """4 when everything that was to be applied was refused, else 0."""
        applied = self.applied
        return 4 if applied and applied.refused and not applied.landed else 0


def landing_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: adds `--apply`, `--branch` and `--yes`, and hands the command a `wish`."""

    @click.option(
        "--apply",
        "apply_",
        is_flag=True,
        help="Write what was found into the working tree, never over uncommitted changes.",
    )
    @click.option(
        "--branch",
        is_flag=False,
        flag_value=_UNNAMED,
        metavar="[NAME]",
        help="Make a git branch with a commit for each change (default codegenesis/RUN); the "
        "working tree stays as it is.",
    )
    @click.option("--yes", is_flag=True, help="Apply without asking.")
    @functools.wraps(command)
    def landing(*args: Any, apply_: bool, branch: str | None, yes: bool, **kwargs: Any) -> Any:
        name = "" if branch == _UNNAMED else branch
        wish = LandingWish(apply=apply_, branch=name, yes=yes)
        if apply_ and not yes and not _can_ask():
            raise UsageError(
                "--apply asks before it writes, and there is no terminal to ask on",
                remedy="Add --yes to apply without being asked.",
            )
        return command(*args, wish=wish, **kwargs)

    return landing


def require_landable(wish: LandingWish, paths: Iterable[Path]) -> None:
    """Refuse early what would fail after the search: a branch without git, a name that is taken.

    Raises:
        UsageError: the branch cannot be made.
    """
    if wish.branch is None:
        return
    for path in dict.fromkeys(paths):
        repository = Repository.around(path)
        if repository is None:
            raise UsageError(
                f"--branch needs a git repository, and {path} is in none",
                remedy="Use --apply, or `git init` and commit first.",
            )
        repository.require_free(wish.branch_name("new"))


def land(
    changes: Sequence[Change],
    wish: LandingWish,
    *,
    store: Store,
    run: str,
    refused: Sequence[Refused] = (),
) -> Landed:
    """Do what was asked for with what was found, and say so on stderr.

    Args:
        run: `Run.id`; `codegenesis undo` takes it back by this.
        refused: what was found besides and cannot land, to be told with the rest.

    Raises:
        UsageError: git refuses, or a file cannot be read or written.
    """
    branch = applied = None
    if wish.branch is not None and changes:
        branch = branch_changes(changes, wish.branch_name(run))
        branch = replace(branch, refused=(*refused, *branch.refused))
    if wish.apply and (changes or refused):
        plan = plan_changes(changes)
        plan = replace(plan, refused=(*refused, *plan.refused))
        if _agreed(plan, wish):
            applied = write_plan(plan, store=store, run=run)
        else:
            talk().print("nothing was written")
    return Landed(applied=applied, branch=branch)


def draw_landed(console: Console, landed: Landed) -> None:
    """What landed, what did not and why, and how to take it back."""
    if branch := landed.branch:
        console.print(f"branch {printable(branch.name)}: {_counted(len(branch.commits), 'commit')}")
        for hash_, subject in branch.commits:
            console.print(f"  {hash_[:10]} {printable(subject)}", markup=False)
        _draw_refused(console, branch.refused, "not committed")
        for note in branch.notes:
            console.print(f"  note: {printable(note)}", markup=False)
    if applied := landed.applied:
        for target in applied.landed:
            console.print(f"applied {printable(target)}", markup=False)
        _draw_refused(console, applied.refused, "not applied")
        if applied.landed:
            console.print(f"undo with: codegenesis undo {applied.run}")


def _draw_refused(console: Console, refused: Iterable[Refused], words: str) -> None:
    for each in refused:
        place = f"{each.path}, {each.where}" if each.where else each.path
        said = f"{words}: {each.target} ({place}): {each.reason}"
        console.print(printable(said), markup=False, soft_wrap=True)


def _agreed(plan: Plan, wish: LandingWish) -> bool:
    """Say what is going to be written; ask, unless told not to."""
    console = talk()
    for step in plan.steps:
        words = f"{step.change.path}, {step.where}: {step.change.subject}"
        console.print(f"to write: {printable(words)}", markup=False, soft_wrap=True)
    if not plan.steps or wish.yes:
        return True
    _draw_refused(console, plan.refused, "not applied")
    return click.confirm(f"Write {_counted(len(plan.steps), 'change')}?", default=False, err=True)


def _can_ask() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
