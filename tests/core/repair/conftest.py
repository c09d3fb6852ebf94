"""A small evaluator for functions of these tests: in this process, counting rounds of loops."""

from __future__ import annotations

import ast
import copy
import sys
import textwrap
import zlib
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import pytest

from codegenesis.arena.messages import Score, Traced
from codegenesis.parsing import syntax_tree

STEPS = 2000


class TooLong(BaseException):
    """More rounds than allowed."""


class Toy:
    """Tries versions of a function of these tests on calls with expected results.

    Args:
        examples: pairs of arguments and expected result.
    """

    def __init__(self, examples: Sequence[tuple[tuple[Any, ...], Any]]) -> None:
        self.examples = list(examples)
        self.tried = 0
        self._left = 0

    @property
    def cases(self) -> tuple[str, ...]:
        return tuple(f"example {number + 1}" for number in range(len(self.examples)))

    def score(self, sources: Sequence[str]) -> list[Score]:
        self.tried += len(sources)
        return [self.confirm(source) for source in sources]

    def trace(self, source: str) -> list[Traced]:
        function = self._function(source)
        return [self._traced(function, args, want) for args, want in self.examples]

    def confirm(self, source: str) -> Score:
        try:
            function = self._function(source)
        except Exception as error:
            return Score(error=str(error))
        rows = [self._run(function, args, want) for args, want in self.examples]
        endings, distance, outcomes = zip(*rows, strict=True)
        return Score(endings=endings, distance=distance, outcomes=outcomes)

    def _run(self, function: Callable[..., Any], args: tuple[Any, ...], want: Any) -> Any:
        self._left = STEPS
        try:
            got = function(*copy.deepcopy(args))
        except TooLong:
            return "steps", 1.0, 1
        except Exception as error:
            return "raised", 1.0, zlib.crc32(repr(error).encode())
        same = type(got) is type(want) and got == want
        shown = zlib.crc32(repr(got).encode())
        return ("passed", 0.0, shown) if same else ("returned", _distance(got, want), shown)

    def _traced(self, function: Callable[..., Any], args: tuple[Any, ...], want: Any) -> Traced:
        lines: set[int] = set()

        def step(frame: FrameType, event: str, _argument: Any) -> Any:
            if frame.f_code.co_filename != "<toy>":
                return None
            if event == "line":
                lines.add(frame.f_lineno)
            return step

        before = sys.gettrace()
        sys.settrace(step)
        try:
            ending = self._run(function, args, want)[0]
        finally:
            sys.settrace(before)
        return Traced(ending=ending, lines=tuple(sorted(lines)))

    def _function(self, source: str) -> Callable[..., Any]:
        tree = syntax_tree(source)
        for node in ast.walk(tree):
            if isinstance(node, ast.For | ast.While | ast.FunctionDef):
                tick = syntax_tree("_tick()").body[0]
                for each in ast.walk(tick):
                    ast.copy_location(each, node.body[0])
                node.body.insert(0, tick)
        space: dict[str, Any] = {"_tick": self._tick}
        exec(compile(ast.fix_missing_locations(tree), "<toy>", "exec"), space)
        return space[tree.body[-1].name]

    def _tick(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise TooLong


def _distance(got: Any, want: Any) -> float:
    if isinstance(got, bool) or type(got) is not type(want):
        return 1.0
    if isinstance(got, int | float):
        return min(0.9, abs(got - want) / (1 + abs(got) + abs(want)))
    if isinstance(got, list | tuple | str) and (got or want):
        same = sum(a == b for a, b in zip(got, want, strict=False))
        return min(0.9, 1.0 - same / max(len(got), len(want)))
    return 0.9


@pytest.fixture
def toy() -> Callable[..., Toy]:
    return Toy


@pytest.fixture
def text() -> Callable[[str], str]:
    return lambda source: textwrap.dedent(source).strip() + "\n"
