"""Cases made of the user's pytest tests: collected once, run in every worker.

pytest is let collect, and then its run loop is ours: a worker is a fork of the session in which
one version is in place. Tests that take nothing but plain parameters and touch no variables of
their module are called directly, and versions share a worker; others go through pytest's whole
protocol, each version in a fork of its own, because a fixture or a module's variable may remember.
"""

from __future__ import annotations

import copy
import importlib.util
import os
import sys
import types
import zlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from _pytest.assertion import util
from _pytest.outcomes import Skipped
from _pytest.runner import runtestprotocol

from codegenesis.arena.comparing import distance
from codegenesis.arena.examples import OutOfTime, Ran
from codegenesis.arena.installing import Place
from codegenesis.arena.messages import Plan
from codegenesis.arena.scoring import Case
from codegenesis.arena.ticking import StepsExceeded
from codegenesis.errors import FragmentError
from codegenesis.hosted.finding import functions
from codegenesis.sandbox.serving import Target

Serve = Callable[[Place, Sequence[Case]], None]

#: A comparison that fails by nothing known is this far from holding.
_FAILED = 0.9
_PLAIN = (int, float, complex, str, bytes, bool, type(None))


def run(plan: Plan, serve: Serve) -> None:
    """Collect the tests, and serve on them.

    Raises:
        FragmentError: no test was found, or the function was not among what they import.
    """
    os.chdir(plan.project)
    sys.path.insert(0, plan.project)  # as `python -m pytest` has it
    sys.path.append(plan.root)
    session = _Session(plan, serve)
    own = ["-p", "no:cacheprovider", "-p", "no:faulthandler", "-q"]
    if importlib.util.find_spec("xdist"):
        own += ["-n", "0"]
    pytest.main([*own, *plan.tests], plugins=[session])
    if session.trouble:
        raise FragmentError(session.trouble)


class _Session:
    """Hooks of the one run of pytest."""

    def __init__(self, plan: Plan, serve: Serve) -> None:
        self._plan, self._serve = plan, serve
        self._gaps: list[float] = []
        self._errors: list[str] = []
        self.trouble = "the tests cannot be collected"

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self._errors.append(f"{report.nodeid}: {str(report.longrepr)[-300:]}")

    def pytest_runtestloop(self, session: Any) -> bool:
        """In the place of pytest's own loop."""
        found = functions(
            module=self._plan.module, path=self._plan.path, qualname=self._plan.qualname
        )
        self.trouble = self._missing(session.items, found)
        if not self.trouble:
            place = Place([Target(each, _owner(each)) for each in found])
            self._serve(place, [TestCase(item, self._gaps) for item in session.items])
        return True

    def _missing(self, items: Sequence[Any], found: Sequence[object]) -> str:
        if not items:
            return "; ".join(["there are no tests to be found", *self._errors[:2]])
        return "" if found else "no test imports the function's module"

    def pytest_assertrepr_compare(self, op: str, left: object, right: object) -> None:
        """How far an assertion is from holding; its words stay pytest's own."""
        note(self._gaps, op, left, right)


def note(gaps: list[float], op: str, left: object, right: object) -> None:
    """Note how far a comparison that failed is from holding."""
    gaps.append(distance(left, right, lenient=False) if op == "==" else _FAILED)


def _owner(function: types.FunctionType) -> type | None:
    """The class that a method is of; None for a function."""
    found: Any = sys.modules.get(function.__module__)
    for part in function.__qualname__.split(".")[:-1]:
        found = vars(found).get(part) if found is not None else None
    return found if isinstance(found, type) else None


class TestCase:
    """One test of the session.

    Args:
        gaps: where the distances of failed comparisons are noted.
    """

    __test__ = False

    def __init__(self, item: Any, gaps: list[float]) -> None:
        self.name = f"{Path(item.path).name}::{item.nodeid.partition('::')[2]}"
        self._item, self._gaps = item, gaps
        self._arguments = _direct_arguments(item)
        self.stateless = self._arguments is not None and _is_stateless(item.obj)

    def run(self) -> Ran:
        """Run it on the version that is in place."""
        self._gaps.clear()
        try:
            words = self._protocol() if self._arguments is None else self._call(self._arguments)
        except StepsExceeded:
            return Ran("steps", 1.0, 1)
        except OutOfTime:
            return Ran("died", 1.0, 2)
        if not words:
            return Ran("passed", 0.0, 0)
        if words.startswith("RecursionError"):
            return Ran("steps", 1.0, 5)
        raised = not words.startswith(("AssertionError", "Failed"))
        away = 1.0 if raised else min(self._gaps, default=_FAILED)
        return Ran(
            "raised" if raised else "returned",
            max(away, 0.01),
            zlib.crc32(words.encode("utf-8", "replace")),
        )

    def _call(self, arguments: dict[str, Any]) -> str:
        # What pytest's own protocol has rewritten assertions call, which this goes around.
        util._reprcompare = partial(note, self._gaps)
        try:
            self._item.obj(**copy.deepcopy(arguments))
        except (StepsExceeded, OutOfTime):
            raise
        except Skipped:
            return ""
        except BaseException as error:  # noqa: BLE001 (boundary to the test and the version)
            return _words(error)
        return ""

    def _protocol(self) -> str:
        reports = runtestprotocol(self._item, log=False, nextitem=None)
        for report in reports:
            if report.failed:
                crash = getattr(report.longrepr, "reprcrash", None)
                return crash.message if crash else str(report.longrepr)[:500]
        return ""


def _words(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"[:500]
    except Exception:  # noqa: BLE001 (the error's own `__str__`)
        return type(error).__name__


def _direct_arguments(item: Any) -> dict[str, Any] | None:
    """What the test is called with, when that is plain data and all that it takes."""
    if not isinstance(item, pytest.Function) or item.cls is not None:
        return None
    given = dict(item.callspec.params) if hasattr(item, "callspec") else {}
    if not set(item.fixturenames) <= set(given) or list(item.iter_markers("usefixtures")):
        return None
    if item.get_closest_marker("skipif") or item.get_closest_marker("xfail"):
        return None
    return given if all(map(_is_plain, given.values())) else None


def _is_plain(value: object) -> bool:
    if isinstance(value, dict):
        return all(map(_is_plain, [*value, *value.values()]))
    if isinstance(value, list | tuple | set | frozenset):
        return all(map(_is_plain, value))
    return type(value) in _PLAIN


def _is_stateless(function: types.FunctionType) -> bool:
    """Whether all that it names of its module is functions, classes, modules or constants."""
    known = function.__globals__
    fixed = (types.FunctionType, types.BuiltinFunctionType, types.ModuleType, type, *_PLAIN)
    return all(
        isinstance(known[name], fixed) for name in function.__code__.co_names if name in known
    )
