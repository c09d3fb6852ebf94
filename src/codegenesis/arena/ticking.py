"""Counting steps, not seconds: a version that loops for ever ends at the same place each time.

A call is put at the head of every loop's and every function's body. Counting costs a tenth of a
microsecond a step, does not depend on the machine, and makes a search reproducible; what it cannot
see (one long operation in C) is left to the clock and the memory limit. `sys.settrace` costs thirty
times as much, an alarm ends a version at another place each time.
"""

from __future__ import annotations

import ast

NAME = "__codegenesis_tick__"

_FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
_LoopNode = ast.For | ast.AsyncFor | ast.While


class StepsExceeded(BaseException):
    """More steps than allowed. No `except Exception` of a candidate's catches it."""


class Ticker:
    """Counts down, and stops whoever goes on below zero."""

    __slots__ = ("_left", "_limit")

    def __init__(self) -> None:
        self._limit = self._left = 0

    def wind(self, steps: int) -> None:
        """Allow so many steps from now on."""
        self._limit = self._left = steps

    @property
    def used(self) -> int:
        """Steps since `wind`."""
        return self._limit - self._left

    def __call__(self) -> bool:
        self._left -= 1
        if self._left < 0:
            raise StepsExceeded
        return True


def instrument(tree: ast.Module) -> ast.Module:
    """The same program, which ticks; changed in place."""
    for node in ast.walk(tree):
        if isinstance(node, _FunctionNode | _LoopNode):
            at = 1 if isinstance(node, _FunctionNode) and _documented(node) else 0
            node.body.insert(at, _tick(node.body[min(at, len(node.body) - 1)]))
        elif isinstance(node, ast.comprehension) and not node.is_async:
            node.ifs.insert(0, _call(node.target))
    return tree


def _documented(node: _FunctionNode) -> bool:
    return ast.get_docstring(node, clean=False) is not None


def _tick(like: ast.stmt) -> ast.Expr:
    return ast.copy_location(ast.Expr(_call(like)), like)


def _call(like: ast.stmt | ast.expr) -> ast.Call:
    name = ast.copy_location(ast.Name(NAME, ast.Load()), like)
    return ast.copy_location(ast.Call(name, [], []), like)
