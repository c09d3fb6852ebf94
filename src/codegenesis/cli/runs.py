"""`runs` and `undo`: what commands have been at, how to go on with it, and how to take it back."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime

import click
from rich.console import Console

from codegenesis.cli.output import emit, json_option, printable, table
from codegenesis.cli.settings import config_options, open_store
from codegenesis.config import Config
from codegenesis.errors import TargetError
from codegenesis.lifecycle.landing.undoing import Undone, undo_run
from codegenesis.model import Landing, Record, Run, RunStep
from codegenesis.store import Store


class RunFile(Record, frozen=True, kw_only=True):
    """One run with its counts; its steps where it was asked for by name."""

    run: Run
    found: int
    done: int
    total: int
    applied: tuple[str, ...]
    steps: tuple[RunStep, ...] = ()


@click.command()
@click.argument("run_id", metavar="[RUN]", required=False)
@json_option
@config_options
def runs(config: Config, run_id: str | None) -> None:
    """What commands that search have been at; one RUN with all its functions."""
    with open_store(config) as store:
        if run_id is not None:
            file = _file(store, _named(store, run_id), whole=True)
            emit(file, lambda out: _draw_one(out, file))
            return
        files = [_file(store, run) for run in store.runs.all()]
    emit(files, lambda out: _draw_all(out, files))


@click.command()
@click.argument("run_id", metavar="RUN")
@json_option
@config_options
def undo(config: Config, run_id: str) -> int:
    """Take back what RUN has applied to the working tree, where its lines are as it left them.

    Exit code 4 when some of it stays.
    """
    with open_store(config) as store:
        done = undo_run(_named(store, run_id).id, store=store)
    emit(done, lambda out: _draw_undone(out, done))
    return 4 if done.refused else 0


def _named(store: Store, run_id: str) -> Run:
    run = store.runs.one(run_id)
    if run is None:
        raise TargetError(f"there is no run {run_id!r}", remedy="`codegenesis runs` lists them.")
    return run


def _file(store: Store, run: Run, *, whole: bool = False) -> RunFile:
    steps = store.runs.steps(run.id)
    standing = [each for each in store.runs.landings(run.id) if not each.undone_ns]
    return RunFile(
        run=run,
        found=sum(step.state == "found" for step in steps),
        done=sum(step.state not in ("planned", "skipped") for step in steps),
        total=sum(step.state != "skipped" for step in steps),
        applied=tuple(_targets(standing)),
        steps=tuple(steps) if whole else (),
    )


def _targets(landings: list[Landing]) -> list[str]:
    return list(dict.fromkeys(target for each in landings for target in each.targets))


def _draw_all(console: Console, files: list[RunFile]) -> None:
    columns = [
        "run",
        "command",
        "targets",
        "state",
        ">found",
        ">done",
        ">spent",
        "applied",
        "began",
    ]
    rows = (
        (
            file.run.id,
            file.run.command,
            printable(" ".join(file.run.targets)),
            file.run.state,
            str(file.found),
            f"{file.done}/{file.total}",
            _spent(file.run),
            str(len(file.applied) or ""),
            _when(file.run.started_ns),
        )
        for file in files
    )
    console.print(table("", columns, rows))


def _draw_one(console: Console, file: RunFile) -> None:
    run = file.run
    console.print(f"run {run.id}: {run.state}, began {_when(run.started_ns)}, {_spent(run)}")
    console.print(f"again     {printable(_again(run))}", markup=False, soft_wrap=True)
    if run.state != "finished":
        console.print(f"go on     codegenesis {run.command} --resume {run.id}")
    if file.applied:
        console.print(f"take back codegenesis undo {run.id}")
    console.print(
        table(
            "",
            ["function", "state", ">trials", ">seconds", "variant", "reason"],
            (
                (
                    printable(step.target),
                    step.state,
                    str(step.trials),
                    f"{step.seconds:.1f}",
                    step.variant,
                    printable(step.reason),
                )
                for step in file.steps
            ),
        )
    )


def _again(run: Run) -> str:
    """The command that does the same once more."""
    given = dict(run.settings) | {"seed": str(run.seed)}
    words = ["codegenesis", run.command, *run.targets]
    for name in ("evaluator", "config", "inputs", "islands", "jobs"):
        if given_as := run.options.get(name):
            words += [f"--{name}", given_as]
    if run.budget:
        words += ["--budget", run.budget]
    for name, value in given.items():
        words += ["--set", f"{name}={value}"]
    return shlex.join(words)


def _spent(run: Run) -> str:
    paid = f", {run.usd:.4g} USD" if run.usd else ""
    return f"{run.seconds:.0f} s, {run.trials} trials{paid}"


def _when(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns / 1e9, UTC).astimezone().strftime("%Y-%m-%d %H:%M")


def _draw_undone(console: Console, done: Undone) -> None:
    for target in done.undone:
        console.print(f"taken back {printable(target)}", markup=False)
    for each in done.refused:
        words = f"stays: {each.target} ({each.path}): {each.reason}"
        console.print(printable(words), markup=False, soft_wrap=True)
