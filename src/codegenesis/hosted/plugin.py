"""The pytest plugin: finds the function, puts the proxy in its place, says how tests end."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from codegenesis.hosted import messages
from codegenesis.hosted.finding import functions
from codegenesis.hosted.line import Line
from codegenesis.hosted.proxy import Counts, Proxy

_LONGEST = 300


class Reporter:
    """Hooks of one run of pytest."""

    def __init__(self, plan: messages.Plan, line: Line) -> None:
        self._plan, self._line = plan, line
        self._proxies: list[Proxy] = []
        self._errors: list[str] = []
        self._words: dict[str, str] = {}
        self._status: messages.Status = "passed"

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self._errors.append(f"{report.nodeid}: {_first_line(report)}")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        if self._plan.only is not None:
            items[:] = [item for item in items if _id(item) in self._plan.only]
        if self._plan.backwards:
            items.reverse()

    def pytest_collection_finish(self, session: Any) -> None:
        found_here = functions(
            module=self._plan.module, path=self._plan.path, qualname=self._plan.qualname
        )
        self._proxies = [
            Proxy(function, self._line, mode=self._plan.mode) for function in found_here
        ]
        found = bool(self._proxies)
        self._line.tell(messages.Collected(len(session.items), found, self._errors))

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: Any) -> Iterator[None]:
        counts, self._status, words = Counts(), "passed", self._words
        words.clear()
        self._line.tell(messages.Begun(_id(item)))
        self._count(counts)
        yield
        self._count(None)
        said = next(iter(words.values()), "")
        self._line.tell(
            messages.Finished(_id(item), self._status, said, counts.calls, counts.unsent)
        )

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self) -> Iterator[None]:
        outcome: Any = yield
        report = outcome.get_result()
        if report.failed:
            self._status = "failed"
            self._words.setdefault(report.when, _first_line(report))
        elif (report.skipped or hasattr(report, "wasxfail")) and self._status == "passed":
            self._status = "skipped"
            self._words.setdefault(report.when, "it was skipped, or is expected to fail")

    def _count(self, counts: Counts | None) -> None:
        for proxy in self._proxies:
            proxy.counts = counts


def run(plan: messages.Plan, line: Line, *, scratch: Path) -> int:
    """Run pytest in the project, with all that it writes in the scratch directory.

    Returns:
        pytest's own exit code.
    """
    limit = 1 if plan.first_failure else 0
    own = ["-p", "no:cacheprovider", f"--basetemp={scratch / 'tests'}", f"--maxfail={limit}"]
    own += ["--continue-on-collection-errors", "-o", "console_output_style=classic"]
    if importlib.util.find_spec("xdist"):
        own += ["-n", "0"]
    return int(pytest.main([*own, *plan.paths], plugins=[Reporter(plan, line)]))


def _id(item: Any) -> str:
    """By file and name: pytest's own ids depend on what else it is given."""
    return f"{item.path}::{item.nodeid.partition('::')[2]}"


def _first_line(report: Any) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash else str(report.longrepr)
    lines = [line for line in text.splitlines() if line.strip()]
    return (lines[0] if lines else "failed")[:_LONGEST]
