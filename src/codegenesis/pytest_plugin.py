"""`pytest --codegenesis`: what a suite calls becomes what versions are tried on.

pytest loads this module whenever CodeGenesis is installed, so it imports nothing until it is asked
for. Under pytest-xdist each worker records its own tests.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from codegenesis.runtime.suites import Suite

_NAME = "codegenesis-recording"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of ours."""
    group = parser.getgroup("codegenesis")
    group.addoption(
        "--codegenesis",
        action="store_true",
        help="record calls, outcomes and lines of the tests for `codegenesis evolve`",
    )
    group.addoption(
        "--codegenesis-target",
        action="append",
        metavar="PATTERN",
        help="what to record, like 'shop.*'; else the setting `target`, or all of the project",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Begin to record, where that is asked for and tests run in this process."""
    if not config.getoption("codegenesis") or _hands_out(config):
        return
    from codegenesis.interpreters import inert
    from codegenesis.runtime.context import disabled

    if not disabled() and not inert():
        config.pluginmanager.register(Recording(config), _NAME)


def _hands_out(config: pytest.Config) -> bool:
    """Is this the process of pytest-xdist that runs no tests itself?"""
    return bool(getattr(config.option, "dist", "no") != "no") and not hasattr(config, "workerinput")


class Recording:
    """Hooks around tests; trouble of ours ends the recording, never the suite."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._files: set[Path] = set()
        self._suite: Suite | None = None
        self._said = ""

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """All is imported, so it is known what tests are and what is under test."""
        self._files = {Path(item.path).absolute() for item in session.items}
        self._try(self._open)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Watch while the test's own code runs."""
        from codegenesis.runtime import context

        use = self._try(lambda: self._suite and self._suite.begin(item.nodeid))
        token = context.enter(use or context.Context())
        try:
            return (yield)
        finally:
            context.leave(token)
            self._try(self._end)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """What came of it."""
        report = yield
        if report.when == "call" and report.outcome in ("passed", "failed"):
            self._try(lambda: self._judge(item, call, report))
        return report

    def pytest_sessionfinish(self) -> None:
        """Write all down."""
        self._try(self._close)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say what was recorded."""
        if self._said:
            terminalreporter.write_line(f"codegenesis: {self._said}")

    def _open(self) -> None:
        from codegenesis.config import load
        from codegenesis.runtime.suites import Suite

        root = self._config.rootpath
        target = self._config.getoption("codegenesis_target")
        config = load(overrides={"target": target} if target else {}, start=root)
        self._suite = Suite(config, here=root, theirs=self._is_test)

    def _is_test(self, path: Path) -> bool:
        return path in self._files or path.name == "conftest.py"

    def _end(self) -> None:
        if self._suite:
            self._suite.end()

    def _judge(
        self, item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport
    ) -> None:
        if self._suite:
            self._suite.judged(
                item.nodeid,
                passed=report.outcome == "passed",
                ns=int(call.duration * 1e9),
                error=call.excinfo.value if call.excinfo else None,
            )

    def _close(self) -> None:
        suite, self._suite = self._suite, None
        if suite is None:
            return
        suite.close()
        calls, functions = suite.calls.total(), len(suite.calls)
        self._said = (
            f"{calls} calls of {functions} functions in {suite.tests} tests recorded; "
            "`codegenesis genome` lists them, `codegenesis evolve` tries versions on them"
        )
        if suite.dropped:
            self._said += f" ({suite.dropped} more were dropped: single tests make too many)"
        if suite.why_no_lines:
            self._said += f" ({suite.why_no_lines})"

    def _try(self, action: Any) -> Any:
        try:
            return action()
        except Exception as error:  # noqa: BLE001 - boundary: the suite must run as it would
            self._suite = None
            self._said = f"nothing more is recorded: {type(error).__name__}: {error}"
            return None
