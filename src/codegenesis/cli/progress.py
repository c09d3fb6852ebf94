"""How a run over many functions looks while it goes on: a live line for people, plain lines else.

Talk goes to stderr, so it stays out of documents and pipes. With `--json` and no terminal nothing
is said: whoever reads documents reads the one at the end.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from codegenesis.cli.output import printable, talk, wants_json
from codegenesis.core.budget import Budget, Meter
from codegenesis.lifecycle.campaigns.campaign import Attempt
from codegenesis.model import RunStep

_MARKS = {"found": "found", "nothing": "  -  ", "skipped": "skip ", "failed": "ERROR"}


class ProgressTalk:
    """Sees a run go on (`campaign.Watcher`), and says so.

    Args:
        total: steps that are to have a turn.
        detailed: every step of the work is worth a line of its own.
    """

    def __init__(self, *, total: int, meter: Meter, detailed: bool) -> None:
        self._console = talk()
        self._meter, self._total, self._detailed = meter, total, detailed
        self._done = self._found = 0
        self._now = ""
        self._live: Progress | None = None
        self._task = TaskID(0)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the live line for as long as this lasts."""
        if not self._console.is_terminal:
            yield
            return
        with _bar(self._console) as live:
            self._live, self._task = live, live.add_task("", total=self._total, words="", left="")
            yield
        self._live = None

    def say(self, words: str) -> None:
        """What is being done for the function whose turn it is."""
        if self._live:
            self._refresh(f"{self._now}: {words}")
        elif self._detailed:
            self._line(words)

    def begins(self, step: RunStep, share: Budget) -> None:
        """See `Watcher`."""
        self._now = step.target
        if self._live:
            self._refresh(step.target)
        elif self._detailed:
            self._line(f"{step.target}: {step.reason}")
        else:
            upto = f", up to {share.seconds:.0f} s" if math.isfinite(share.seconds) else ""
            self._line(f"[{self._done + 1}/{self._total}] {step.target} ({step.reason}{upto})")

    def ended(self, step: RunStep, attempt: Attempt) -> None:
        """See `Watcher`."""
        self._done += 1
        self._found += attempt.state == "found"
        if not self._detailed:
            gained = f" {attempt.gained}," if attempt.gained else ""
            self._line(f"{_MARKS[attempt.state]} {step.target}:{gained} {step.reason}")
        if self._live:
            self._live.advance(self._task)
            self._refresh(step.target)

    def _refresh(self, words: str) -> None:
        assert self._live
        found = f"{self._found} found"
        self._live.update(self._task, words=printable(words), left=f"{found}{left(self._meter)}")

    def _line(self, words: str) -> None:
        if self._live or not wants_json():
            self._console.print(printable(words), markup=False, soft_wrap=True)


def left(meter: Meter) -> str:
    """What is left of a budget, in words; empty where there is no limit."""
    parts = []
    if math.isfinite(meter.budget.seconds):
        parts.append(f"{meter.left_s:.0f} s")
    if math.isfinite(meter.budget.trials):
        parts.append(f"{meter.left_trials:.0f} trials")
    if math.isfinite(meter.budget.usd):
        parts.append(f"{max(0.0, meter.budget.usd - meter.usd):.2f} USD")
    if math.isfinite(meter.budget.tokens):
        parts.append(f"{meter.budget.tokens - meter.tokens:.0f} tokens")
    if math.isfinite(meter.budget.calls):
        parts.append(f"{meter.budget.calls - meter.calls:.0f} calls")
    return f", {' and '.join(parts)} left" if parts else ""


def _bar(console: Console) -> Progress:
    return Progress(
        MofNCompleteColumn(),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[left]}  {task.fields[words]}", markup=False),
        console=console,
        transient=True,
    )
