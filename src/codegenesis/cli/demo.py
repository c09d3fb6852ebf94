"""`demo`: the whole life of a change on a real shop, drawn while it happens."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table

from codegenesis.cli.health import draw_report
from codegenesis.cli.output import emit, json_option, nanoseconds, table, talk
from codegenesis.errors import UsageError

try:
    from codegenesis.demo.board import FunctionRow
    from codegenesis.demo.show import DemoReport, play
except ImportError as error:  # starlette, uvicorn and httpx2 are an extra
    raise UsageError(
        f"the demo needs a package that is not installed ({error.name})",
        remedy="pip install 'codegenesis[demo]'",
    ) from error


GATES = """\
gates: variants that survived / came to parse, policy, replay, effects, differential, race
healthy functions, or not worth it, that were left alone: """


@click.command()
@click.option("--keep", type=click.Path(path_type=Path), help="Keep store, keys and logs here.")
@click.option("--seed", default=0, show_default=True, help="Seed of the shoppers.")
@json_option
def demo(keep: Path | None, seed: int) -> int:
    """A real web shop is observed, evolved and hot-swapped while it serves, in about a minute.

    Then one forced bad release is rolled back by itself, and the signed record is verified. Exit
    code 7 if the bad release was not rolled back or nothing went live, 5 if the record fails.
    """
    with _place(keep) as directory, _Stage() as stage:
        report = play(directory, tell=stage.show, seed=seed)
    emit(report, lambda out: _draw(out, report, kept=keep is not None))
    if not report.verified.ok:
        return 5
    promoted = any(row.stage == "live" for row in report.functions)
    return 0 if promoted and report.bad_release.rolled_back else 7


@contextlib.contextmanager
def _place(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        if keep.exists() and any(keep.iterdir()):
            raise UsageError(f"{keep} is not empty", remedy="Name a new directory with --keep.")
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="codegenesis-demo-") as name:
        yield Path(name).resolve()


class _Stage:
    """Draws the act under way: live on a terminal, a line an act elsewhere."""

    def __init__(self) -> None:
        self._console = talk()
        self._live = Live(console=self._console, transient=True, refresh_per_second=8)
        self._act = ""
        self._started = time.monotonic()

    def __enter__(self) -> _Stage:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, act: str, rows: tuple[FunctionRow, ...]) -> None:
        """Draw the act with the state of the functions."""
        if act != self._act:
            self._act = act
            elapsed = time.monotonic() - self._started
            self._console.print(f"{elapsed:5.1f} s  {act}")
        if self._console.is_terminal:
            lines = ((_short(r.target), r.stage or "-", r.verdict) for r in rows)
            drawn = table("", ["function", "stage", "verdict"], lines)
            self._live.update(Group(Spinner("dots", text=act), drawn))


def _short(target: str) -> str:
    return target.removeprefix("codegenesis.demo.shop.")


def _draw(console: Console, report: DemoReport, *, kept: bool) -> None:
    console.print(f"\nWhat became of the shop's functions ({report.machine})\n")
    console.print(_functions(report))
    alone = sum(not row.gates for row in report.functions)
    console.print(f"\n{GATES}{alone}")
    console.print("\nWhat the shoppers felt\n")
    console.print(_requests(report))
    bad = report.bad_release
    console.print(f"\nA forced bad release of {_short(bad.target)}: {bad.words}")
    console.print()
    draw_report(console, report.verified, everything=False)
    swap = f"{report.first_swap_s:.0f} s" if report.first_swap_s is not None else "not in time"
    console.print(f"First request to first promoted swap: {swap}; in all {report.seconds:.0f} s.")
    if kept:
        console.print(f"Kept in {report.directory}: codegenesis --help, then for example")
        console.print(f"  codegenesis lineage TARGET --directory {report.directory}/.codegenesis")
    console.print(NEXT)


NEXT = """
Three commands to try on your own code:
  codegenesis run -- python app.py              watch and evolve an app as it is
  codegenesis genome                            its map of strengths and weaknesses
  codegenesis evolve package.module:function    one function, offline: the diff with its evidence"""


def _functions(report: DemoReport) -> Table:
    columns = [
        "function",
        ">CPU/call before",
        ">after",
        ">times as fast (interval)",
        "gates",
        "verdict",
    ]
    return table("", columns, (_cells(row) for row in report.functions if row.gates))


def _cells(row: FunctionRow) -> list[str]:
    ratio = "-"
    if row.gain is not None and row.low is not None and row.high is not None:
        ratio = f"{row.gain:.3g} ({row.low:.3g} … {row.high:.3g}, n = {row.pairs})"
    gates = " ".join(f"{passed}/{came}" for came, passed in row.gates.values())
    return [
        _short(row.target),
        "-" if row.before_ns is None else nanoseconds(row.before_ns),
        "-" if row.after_ns is None else nanoseconds(row.after_ns),
        ratio,
        gates or "-",
        row.verdict,
    ]


def _requests(report: DemoReport) -> Table:
    rows = (
        (name, f"{p.rate:.0f}", f"{p.p50_ms:.2f} ms", f"{p.p99_ms:.2f} ms", str(p.failures))
        for name, p in (("before", report.before), ("after", report.after))
    )
    return table("", ["", ">requests/s", ">p50", ">p99", ">failed"], rows)
