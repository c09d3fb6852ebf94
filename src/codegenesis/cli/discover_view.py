"""How a run of `discover` looks while it goes on: two live lines for people, plain lines else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from codegenesis.cli.output import printable, talk, wants_json
from codegenesis.cli.progress import left
from codegenesis.core.budget import Meter
from codegenesis.scenarios.discover.outcome import Standing

_PLAIN_EVERY_S = 10.0


class View:
    """Sees a run go on, and says so on stderr.

    Args:
        title: of the run.
        meter: that it runs on.
        run: `Run.id`.
    """

    def __init__(self, title: str, meter: Meter, *, run: str) -> None:
        self._console: Console = talk()
        self._title, self._meter, self._run = title, meter, run
        self._live: Live | None = None
        self._said_at = time.monotonic()

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the live lines for as long as this lasts."""
        self._line(f"run {self._run}: evolving {self._title}")
        if not self._console.is_terminal:
            yield
            return
        first = Spinner("dots", "evaluating the program that was given")
        with Live(first, console=self._console, transient=True, refresh_per_second=8) as live:
            self._live = live
            yield
        self._live = None

    def tell(self, words: str) -> None:
        """Something has happened; may be called from any thread."""
        self._line(words)

    def watch(self, standing: Standing) -> None:
        """See how it stands."""
        now = time.monotonic()
        if self._live:
            self._live.update(self._lines(standing))
        elif now - self._said_at >= _PLAIN_EVERY_S:
            self._said_at = now
            self._line("; ".join(self._words(standing)))

    def stop(self) -> None:
        """End the run with what it has."""
        self._meter.cancel("it was stopped")
        self._line("stopping; what was found is kept")

    def _lines(self, standing: Standing) -> Group:
        scores, counts = self._words(standing)
        return Group(Spinner("dots", Text(scores)), Text(f"  {counts}"))

    def _words(self, standing: Standing) -> tuple[str, str]:
        best = max(standing.best)
        islands = " ".join(f"{score:.5g}" for score in standing.best)
        valid = standing.valid / max(1, standing.evaluated)
        money = f", {self._meter.usd:.3f} USD" if self._meter.usd else ""
        calls = f", {self._meter.calls} calls to models" if self._meter.calls else ""
        return (
            f"{self._title}: best {best:.6g}, at first {standing.first:.6g}; islands {islands}",
            f"{standing.evaluated} programs, {valid:.0%} valid, {standing.known} known before; "
            f"{standing.rate:.0f}/s{calls}{money}{left(self._meter)}",
        )

    def _line(self, words: str) -> None:
        if self._console.is_terminal or not wants_json():
            self._console.print(printable(words), markup=False, soft_wrap=True)
