"""Putting one version after another in the place of the function, and counting its steps.

Undecorated plain functions without a prelude, which is nearly all that a search writes, are
compiled once and stored; everything else goes the way that a live swap goes (`fragment.assemble`).
"""

from __future__ import annotations

import ast
import copy
import types
from collections.abc import Callable, Sequence
from typing import Any

from codegenesis import fragment
from codegenesis.arena.ticking import NAME, Ticker, instrument
from codegenesis.errors import FragmentError
from codegenesis.fragment.syntax import UNPARSABLE, FunctionNode, compiled, nested_code
from codegenesis.parsing import syntax_tree
from codegenesis.sandbox.serving import Target

#: What tracebacks and tracers see as the file of a version.
FILENAME = "<codegenesis arena>"


class Place:
    """Where versions are put: the function in every module that was made of its file.

    Args:
        targets: of the same `def`; one nearly always.

    Attributes:
        function: the (first) function itself.
    """

    def __init__(self, targets: Sequence[Target]) -> None:
        self._targets = list(targets)
        functions = [function for function, _ in targets]
        self.function: Callable[..., Any] = functions[0]
        self._originals = [each.__code__ for each in functions]
        self._defaults = [_defaults(each) for each in functions]
        self.ticker = Ticker()
        for each in functions:
            each.__globals__[NAME] = self.ticker

    def put(self, source: str, *, ticking: bool = True) -> None:
        """Make the function run this version; raises FragmentError."""
        for target in self._targets:
            function, _ = target
            fragment.install(_code(source, target, ticking=ticking), function)

    def renew(self) -> None:
        """Defaults as they were: a call must not see what an earlier one left in them."""
        for target, (positional, keyword) in zip(self._targets, self._defaults, strict=True):
            function, _ = target
            if positional is not None:
                function.__defaults__ = copy.deepcopy(positional)
            if keyword is not None:
                function.__kwdefaults__ = copy.deepcopy(keyword)

    def restore(self) -> None:
        """The original again."""
        for (function, _), code in zip(self._targets, self._originals, strict=True):
            function.__code__ = code


_Defaults = tuple[tuple[Any, ...] | None, dict[str, Any] | None]


def _defaults(function: types.FunctionType) -> _Defaults:
    """Those that can change, as they are now; None where none can."""
    positional, keyword = function.__defaults__ or (), function.__kwdefaults__ or {}
    mutable = (list, dict, set, bytearray)
    first = positional if any(isinstance(each, mutable) for each in positional) else None
    second = keyword if any(isinstance(each, mutable) for each in keyword.values()) else None
    return copy.deepcopy(first), copy.deepcopy(second)


def _code(source: str, target: Target, *, ticking: bool) -> types.CodeType:
    function, owner = target
    try:
        tree = syntax_tree(source)
    except UNPARSABLE as error:
        raise FragmentError(f"the fragment does not compile: {error}") from error
    simple = len(tree.body) == 1 and owner is None and not function.__code__.co_freevars
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, FunctionNode) or last.name != function.__code__.co_name:
        raise FragmentError(f"a fragment must end with `def {function.__name__}(...)`")
    if ticking:
        instrument(tree)
    if simple and not last.decorator_list:
        return _direct(last, function)
    text = ast.unparse(tree) if ticking else source
    return fragment.assemble(text, function, owner=owner, filename=FILENAME)


def _direct(node: FunctionNode, function: types.FunctionType) -> types.CodeType:
    """The code of an undecorated `def`; its defaults and annotations are not evaluated."""
    if len(node.args.defaults) != len(function.__defaults__ or ()):
        raise FragmentError("the fragment gives defaults to other parameters than the original")
    node.returns, node.args.defaults = None, []
    node.args.kw_defaults = [None] * len(node.args.kwonlyargs)
    for argument in ast.walk(node.args):
        if isinstance(argument, ast.arg):
            argument.annotation = None
    module = compiled(node, FILENAME, like=function.__code__)
    return nested_code(module, node.name)
