"""The examples as columns: what is given, what is wanted, and rows made up around them."""

from __future__ import annotations

import ast
import copy
import importlib
import inspect
import sys
import types
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple

from codegenesis import wire
from codegenesis.arena.messages import Example
from codegenesis.arena.synthesis.messages import Plan
from codegenesis.arena.synthesis.probes import probes
from codegenesis.arena.synthesis.values import Column, kinds_of
from codegenesis.errors import WireError
from codegenesis.parsing import syntax_tree

_PROBES = 8


class Raising(NamedTuple):
    """Rows that are to raise."""

    name: str
    rows: frozenset[int]


class Problem(NamedTuple):
    """What is to be filled.

    Attributes:
        names: of the parameters.
        columns: of each parameter: the rows with results, then those that raise, then probes.
        wanted: results of the first rows.
        raising: by exception.
        judged: rows of examples; the rest are probes.
        arguments: of each row of an example, as they are passed.
        kinds: of everything in arguments and results.
    """

    names: tuple[str, ...]
    columns: tuple[Column, ...]
    wanted: tuple[Any, ...]
    raising: tuple[Raising, ...]
    judged: int
    lenient: bool
    docstring: str
    kinds: frozenset[str]
    module: types.ModuleType
    function: str
    qualname: str

    @property
    def known(self) -> int:
        """How many rows have a result."""
        return len(self.wanted)

    @property
    def rows(self) -> int:
        """All, probes included."""
        return len(self.columns[0]) if self.columns else self.judged


def problem(plan: Plan, module: types.ModuleType) -> Problem:
    """Decode the examples in front of the module that they are about.

    Raises:
        WireError: an example cannot be decoded, or does not fit the signature.
    """
    function = _find(module, plan.qualname)
    signature = inspect.signature(function)
    results, raisings = _sorted_out(plan.examples, signature, resolver(module))
    rows = [row for row, _ in results] + [row for row, _ in raisings]
    rows += probes(rows, count=_PROBES, rng=Random(plan.seed))
    columns = tuple(zip(*rows, strict=True)) if rows and rows[0] else ()
    wanted = tuple(value for _, value in results)
    return Problem(
        names=tuple(signature.parameters),
        columns=columns,
        wanted=wanted,
        raising=_grouped(raisings, len(wanted)),
        judged=len(results) + len(raisings),
        lenient=any(example.lenient for example in plan.examples),
        docstring=_docstring(plan.source),
        kinds=frozenset(_all_kinds([*columns, wanted])),
        module=module,
        function=plan.qualname.rpartition(".")[2],
        qualname=plan.qualname,
    )


def _sorted_out(
    examples: Sequence[Example], signature: inspect.Signature, resolve: Callable[[str], Any]
) -> tuple[list[tuple[tuple[Any, ...], Any]], list[tuple[tuple[Any, ...], str]]]:
    results: list[tuple[tuple[Any, ...], Any]] = []
    raisings: list[tuple[tuple[Any, ...], str]] = []
    for example in examples:
        row = _row(example.call, signature, resolve)
        if example.raises:
            raisings.append((row, example.raises.rpartition(".")[2]))
        elif example.result is not None:
            results.append((row, wire.decode(example.result, resolve=resolve)))
    return results, raisings


def _row(
    call: bytes, signature: inspect.Signature, resolve: Callable[[str], Any]
) -> tuple[Any, ...]:
    args, kwargs = wire.decode_call(call, resolve=resolve)
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as error:
        raise WireError(f"an example does not fit the signature: {error}") from error
    bound.apply_defaults()
    return tuple(bound.arguments.values())


def _grouped(raisings: Sequence[tuple[Any, str]], first: int) -> tuple[Raising, ...]:
    rows: dict[str, list[int]] = {}
    for number, (_, name) in enumerate(raisings, start=first):
        rows.setdefault(name, []).append(number)
    return tuple(Raising(name, frozenset(some)) for name, some in rows.items())


def _docstring(source: str) -> str:
    tree = syntax_tree(source).body[-1]
    if isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef):
        return ast.get_docstring(tree) or ""
    return ""


def _all_kinds(columns: Sequence[Sequence[Any]]) -> set[str]:
    found: set[str] = set()
    for column in columns:
        level = list(column)
        for _ in range(3):
            found.update(kinds_of(level))
            level = [item for value in level for item in _inside(value)][:200]
            if not level:
                break
    return found


def _inside(value: Any) -> list[Any]:
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return []


def _find(module: types.ModuleType, qualname: str) -> Callable[..., Any]:
    found: Any = module
    for part in qualname.split("."):
        found = vars(found)[part]
    found = inspect.unwrap(found)
    if not isinstance(found, types.FunctionType):
        raise WireError(f"{qualname} is a {type(found).__name__}, no plain function")
    return found


def resolver(module: types.ModuleType) -> Callable[[str], Any]:
    """Finds the classes and functions that examples refer to."""

    def resolve(name: str) -> Any:
        home, _, qualname = name.partition(":")
        found: Any = module if home == "__main__" else sys.modules.get(home)
        if found is None:
            found = importlib.import_module(home)
        for part in qualname.split("."):
            found = vars(found)[part]
        return found

    return resolve


def fresh(value: Any) -> Any:
    """A copy that may be changed."""
    return copy.deepcopy(value)
