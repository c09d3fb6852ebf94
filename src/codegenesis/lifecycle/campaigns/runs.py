"""Keeping what a command is at, so that it can be stopped at any moment and gone on with.

A run is written down before its first step and after each of them, so whatever ends it (Ctrl-C, a
power cut, its budget) costs the function under way and nothing else. Going on means: the same
settings and seed, the functions that had no turn yet, and what is left of the budget.
"""

from __future__ import annotations

import math
import os
import secrets
import socket
import time
from collections.abc import Iterable, Mapping

import msgspec

from codegenesis.config import COMMAND_LINE, DEFAULT, SETTINGS, Config, as_text, load
from codegenesis.core.budget import Budget, Meter
from codegenesis.errors import TargetError, UsageError
from codegenesis.model import Run, RunState, RunStep
from codegenesis.store import Store

#: Where the store is says the command that goes on, not the run.
_NOT_KEPT = frozenset({"directory", "store", "budget"})


class Keeper:
    """One run under way: its record and its steps, as they are in the store.

    Args:
        run: already begun (`begin`), or to be gone on with (`resume`).
    """

    def __init__(self, store: Store, run: Run) -> None:
        self._store = store
        self.run = run
        self.steps = store.runs.steps(run.id)

    def plan(self, steps: Iterable[RunStep]) -> None:
        """Write down all steps before the first is taken; they become this run's."""
        self.steps = [msgspec.structs.replace(step, run=self.run.id) for step in steps]
        self._store.runs.put_steps(self.steps)

    @property
    def left(self) -> list[RunStep]:
        """Steps that had no turn yet, in order."""
        return [step for step in self.steps if step.state == "planned"]

    def note(self, step: RunStep) -> None:
        """A step has ended."""
        self.steps = [step if each.position == step.position else each for each in self.steps]
        self._store.runs.put_steps([step])

    def keep(self, meter: Meter, *, state: RunState = "running") -> None:
        """Write down what was spent, and whether the run goes on.

        Args:
            meter: of this sitting; what earlier ones spent is added.
        """
        now = msgspec.structs.replace(
            self.run,
            state=state,
            ended_ns=0 if state == "running" else time.time_ns(),
            seconds=self.run.seconds + meter.seconds,
            trials=self.run.trials + meter.trials,
            usd=self.run.usd + meter.usd,
        )
        self._store.runs.put(now)
        if state != "running":
            self.run = now


def begin(
    store: Store,
    config: Config,
    *,
    command: str,
    targets: Iterable[str],
    options: Mapping[str, str] | None = None,
) -> Keeper:
    """A new run under these settings; it is in the store when this returns.

    Raises:
        UsageError: the budget makes no sense.
    """
    if config.budget:
        Budget.parse(config.budget)
    run = Run(
        id=secrets.token_hex(4),
        command=command,
        targets=tuple(targets),
        options=dict(options or {}),
        settings=_settings(config),
        seed=config.seed,
        budget=config.budget,
        started_ns=time.time_ns(),
        process=_this_process(),
    )
    store.runs.put(run)
    return Keeper(store, run)


def resume(store: Store, config: Config, *, command: str, run_id: str = "") -> Keeper:
    """Take up a run of this command again: the named one, or the last that was not finished.

    Args:
        config: of the command that goes on; a budget on its command line comes on top of what was
            spent.

    Raises:
        TargetError: there is no such run.
        UsageError: it is under way, or its budget is spent.
    """
    run = _named(store, command, run_id) if run_id else _latest(store, command)
    if run.state == "running" and _is_alive(run.process):
        raise UsageError(
            f"run {run.id} is under way (process {run.process.rpartition('-')[2]})",
            remedy="Wait for it, or stop it first.",
        )
    budget = run.budget
    if config.origin("budget") == COMMAND_LINE and config.budget:
        budget = _in_words(_sum(Budget.parse(config.budget), _spent(run)))
    run = msgspec.structs.replace(
        run, state="running", budget=budget, ended_ns=0, process=_this_process()
    )
    keeper = Keeper(store, run)
    if keeper.left:
        remaining(run)  # before anything is written
    return keeper


def remaining(run: Run) -> Budget:
    """What is left of a run's budget.

    Raises:
        UsageError: nothing is.
    """
    if not run.budget:
        return Budget()
    given, spent = Budget.parse(run.budget), _spent(run)
    left = Budget(
        seconds=given.seconds - spent.seconds,
        trials=given.trials - spent.trials,
        usd=given.usd - spent.usd,
        tokens=given.tokens,  # not kept with the run: they hold for each sitting
        calls=given.calls,
    )
    if min(left.seconds, left.trials, left.usd) <= 0:
        raise UsageError(
            f"the budget of run {run.id} ({run.budget}) is spent",
            remedy="Give it more: --budget 10min",
        )
    return left


def settings_of(run: Run, config: Config) -> Config:
    """The settings of a run, where the command that goes on with it says nothing else."""
    given = {
        name: as_text(getattr(config, name))
        for name in SETTINGS
        if config.origin(name) == COMMAND_LINE
    }
    place = {"directory": config.directory, "store": config.store}
    return load(overrides={**run.settings, **given, **place})


def _settings(config: Config) -> dict[str, str]:
    return {
        name: as_text(getattr(config, name))
        for name in SETTINGS
        if name not in _NOT_KEPT and config.origin(name) != DEFAULT
    }


def _named(store: Store, command: str, run_id: str) -> Run:
    run = store.runs.one(run_id)
    if run is None or run.command != command:
        what = f"a run of {run.command}" if run else "none of that name"
        raise TargetError(
            f"expected a run of `{command}`, got {what}: {run_id!r}",
            remedy="`codegenesis runs` lists them.",
        )
    return run


def _latest(store: Store, command: str) -> Run:
    unfinished = [
        run for run in store.runs.all() if run.command == command and run.state != "finished"
    ]
    if not unfinished:
        raise TargetError(
            f"there is no run of `{command}` to go on with",
            remedy="`codegenesis runs` lists them; start one by naming a TARGET.",
        )
    return unfinished[-1]


def _spent(run: Run) -> Budget:
    return Budget(seconds=run.seconds, trials=run.trials, usd=run.usd)


def _sum(one: Budget, other: Budget) -> Budget:
    return Budget(
        seconds=one.seconds + other.seconds,
        trials=one.trials + other.trials,
        usd=one.usd + other.usd,
        tokens=min(one.tokens, other.tokens),
        calls=min(one.calls, other.calls),
    )


def _in_words(budget: Budget) -> str:
    amounts = {"s": budget.seconds, "trials": budget.trials, "usd": budget.usd}
    amounts |= {"tokens": budget.tokens, "calls": budget.calls}
    return ",".join(f"{n:.12g}{unit}" for unit, n in amounts.items() if math.isfinite(n))


def _this_process() -> str:
    return f"{socket.gethostname()}-{os.getpid()}"


def _is_alive(process: str) -> bool:
    """Whether that process still works on it, as far as can be told from this host."""
    host, _, pid = process.rpartition("-")
    if host != socket.gethostname() or process == _this_process() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
