"""The decorator that notes an invariant; nothing is checked, wrapped or imported here.

Checking at every call (icontract, deal) was rejected: a promise that costs time in production is
one that people take out again. The predicates are called in the jail, while variants are tried.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from codegenesis.errors import UsageError

_F = TypeVar("_F", bound=Callable[..., Any])

#: Where the notes are: a tuple in the function's `__dict__`.
NOTES = "__codegenesis_invariants__"
#: Names that a predicate may ask for beside the function's parameters.
RESULT, OLD = "result", "old"
_VARARGS, _VARKEYWORDS = 0x04, 0x08


class Note(NamedTuple):
    """One invariant: the predicate and what to call it; empty for the predicate's own words."""

    predicate: Callable[..., object]
    says: str = ""


def invariant(predicate: Callable[..., object], *, says: str = "") -> Callable[[_F], _F]:
    """Promise that `predicate` holds whenever the decorated function or method returns.

        @invariant(lambda result, items: len(result) <= len(items))
        @invariant(lambda items, old: items == old.items, says="leaves its argument alone")
        def unique(items): ...

    The predicate names what it wants to see: `result`, any parameter of the function (as the call
    left it), `old` (all arguments as they were before the call, as attributes), or all parameters
    with `**args`. Of a generator, `result` is the list of what it gave. Variants are held to it on
    recorded and on fresh inputs, healed results included. The decorated function stays the same
    object, and its calls cost what they cost before.

    Args:
        says: the promise in words, for reports; by default the predicate's source.

    Raises:
        UsageError: the predicate asks for something that the function does not take.
    """

    def note(function: _F) -> _F:
        _require_known_names(predicate, function)
        notes = getattr(function, NOTES, ())
        setattr(function, NOTES, (Note(predicate, says), *notes))
        return function

    return note


def _require_known_names(predicate: object, function: object) -> None:
    inner = getattr(function, "__wrapped__", function)
    if not isinstance(predicate, types.FunctionType) or not isinstance(inner, types.FunctionType):
        return
    known = {RESULT, OLD, *_parameters(inner.__code__)}
    asked = predicate.__code__.co_varnames[: predicate.__code__.co_argcount]
    if unknown := [name for name in asked[: _required(predicate)] if name not in known]:
        raise UsageError(
            f"the invariant of {inner.__qualname__} asks for {', '.join(unknown)}, "
            "which is no parameter of it",
            remedy=f"Expected names among: {', '.join(sorted(known))}.",
        )


def _required(predicate: types.FunctionType) -> int:
    return predicate.__code__.co_argcount - len(predicate.__defaults__ or ())


def _parameters(code: types.CodeType) -> tuple[str, ...]:
    stars = bool(code.co_flags & _VARARGS) + bool(code.co_flags & _VARKEYWORDS)
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + stars]
