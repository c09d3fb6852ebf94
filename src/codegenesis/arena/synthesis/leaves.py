"""What the module and the examples give: parameters, constants, helpers, attributes of objects.

A helper is the user's code: it may change what it is given, loop, or take the process down. It gets
copies and little time, and its number is left where the parent process can see who was last.
"""

from __future__ import annotations

import inspect
import mmap
import signal
import types
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from codegenesis.arena.synthesis.bank import Entry, Part, constant, leaf
from codegenesis.arena.synthesis.constants import constants
from codegenesis.arena.synthesis.problem import Problem, fresh
from codegenesis.arena.synthesis.values import kinds_of

_HELPER_S = 0.2
_STRIKES = 3  # so often a helper may take too long
_MOST_HELPERS = 12
_MOST_ATTRIBUTES = 24
_MUTABLE = (list, dict, set, bytearray)
_ANNOTATED = {
    "int": "int", "float": "num", "str": "str", "bool": "bool", "list": "list", "dict": "dict",
    "set": "set", "tuple": "tuple",
}  # fmt: skip


class SlowError(Exception):
    """A helper took too long."""


def leaves(problem: Problem) -> list[Entry]:
    """Parameters, constants of the module, and constants that the examples suggest."""
    rows = problem.rows
    made = [
        leaf(name, column, slot=slot)
        for slot, (name, column) in enumerate(zip(problem.names, problem.columns, strict=True))
    ]
    made += [_named(name, value, rows) for name, value in _module_constants(problem)]
    inputs = [value for column in problem.columns for value in column[: problem.judged]]
    known = constants(docstring=problem.docstring, inputs=inputs, outputs=problem.wanted)
    made += [constant(repr(value), value, rows, cost=cost) for value, cost in known]
    for kind, value in (("list", []), ("dict", {}), ("set", set()), ("tuple", ())):
        if kind in problem.kinds:
            made.append(constant(repr(value), value, rows, cost=1))
    return made


def _named(name: str, value: Any, rows: int) -> Entry:
    return leaf(name, [value] * rows, cost=1)


def _module_constants(problem: Problem) -> list[tuple[str, Any]]:
    plain = (int, float, str, list, tuple, dict, set, frozenset)
    return [
        (name, value)
        for name, value in vars(problem.module).items()
        if name.isupper() and type(value) in plain
    ][:20]


def helpers(problem: Problem, broken: Iterable[str], running: mmap.mmap) -> list[Part]:
    """Functions and classes of the module, with what guards their calls.

    Args:
        broken: names that are left out.
        running: its first byte is the number of the helper that runs, from 1; 0 when none does.
    """
    made: list[Part] = []
    skipped = {problem.function, *broken}
    for name, value in list(vars(problem.module).items()):
        if name in skipped or name.startswith("__") or len(made) == _MOST_HELPERS:
            continue
        kinds = _operands(value, problem)
        if kinds:
            places = ", ".join(f"{{{place}}}" for place in range(len(kinds)))
            call = _guarded(value, running, len(made) + 1)
            made.append(Part(f"{name}({places})", call, kinds, cost=1))
    return made


def helper_names(parts: Sequence[Part]) -> list[str]:
    """In the order of their numbers."""
    return [part.text.partition("(")[0] for part in parts]


def _operands(value: Any, problem: Problem) -> tuple[str, ...]:
    module = problem.module.__name__
    ours = getattr(value, "__module__", None) == module
    if not ours or not isinstance(value, types.FunctionType | type):
        return ()
    if isinstance(value, type) and f"obj:{value.__name__}" not in problem.kinds:
        return ()
    try:
        parameters = list(inspect.signature(value).parameters.values())
    except (TypeError, ValueError):
        return ()
    needed = [p for p in parameters if p.default is p.empty and p.kind <= p.POSITIONAL_OR_KEYWORD]
    odd = any(p.default is p.empty and p.kind is p.KEYWORD_ONLY for p in parameters)
    if odd or not 1 <= len(needed) <= 4:
        return ()
    return tuple(_kind(p.annotation) for p in needed)


def _kind(annotation: Any) -> str:
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    return _ANNOTATED.get(str(text).partition("[")[0], "any")


def _guarded(value: Callable[..., Any], running: mmap.mmap, number: int) -> Callable[..., Any]:
    strikes = 0

    def call(*operands: Any) -> Any:
        nonlocal strikes
        if strikes >= _STRIKES:
            raise SlowError
        mine = [
            fresh(x) if isinstance(x, _MUTABLE) or hasattr(x, "__dict__") else x for x in operands
        ]
        running[0] = number
        signal.setitimer(signal.ITIMER_REAL, _HELPER_S)
        try:
            return value(*mine)
        except SlowError:
            strikes += 1
            raise
        except Exception:
            raise
        except BaseException as error:  # SystemExit and the like are the helper's failure
            raise SlowError from error
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            running[0] = 0

    return call


def attributes(problem: Problem) -> list[Part]:
    """Reading the public attributes of objects that the examples contain."""
    made: dict[str, Part] = {}
    for value in _objects([*problem.columns, problem.wanted]):
        (kind, _) = kinds_of([value])[:2]
        for name in _public(value):
            part = Part(f"{{0}}.{name}", _reader(name), (kind,), cost=1)
            made.setdefault(f"{kind}.{name}", part)
    return list(made.values())[:_MOST_ATTRIBUTES]


def _objects(columns: Sequence[Sequence[Any]]) -> list[Any]:
    found, level = list[Any](), [value for column in columns for value in column]
    for _ in range(3):
        found += [value for value in level if kinds_of([value])[0].startswith("obj:")]
        level = [item for value in level for item in _items(value)][:300]
    return found


def _items(value: Any) -> list[Any]:
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    if isinstance(value, dict):
        return list(value.values())
    return list(vars(value).values()) if hasattr(value, "__dict__") else []


def _public(value: Any) -> list[str]:
    own = list(vars(value)) if hasattr(value, "__dict__") else []
    for kind in type(value).__mro__[:-1]:
        own += [
            n for n, v in vars(kind).items() if isinstance(v, property | types.MemberDescriptorType)
        ]
        own += list(getattr(kind, "_fields", ()))
    return [name for name in dict.fromkeys(own) if not name.startswith("_")]


def _reader(name: str) -> Callable[[Any], Any]:
    return lambda value: getattr(value, name)
