"""Calls and outcomes for people: what stands in the detail of a failed trial."""

from __future__ import annotations

from typing import Any

from codegenesis.errors import WireError
from codegenesis.evidence.plain import Built, call_of, value_of
from codegenesis.model import Outcome
from codegenesis.wire import Opaque, decode

_LONGEST = 400


def clip(text: str, longest: int = _LONGEST) -> str:
    """The head and the tail of a long text."""
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]} … {len(text) - 2 * half} characters … {text[-half:]}"


def show_call(name: str, call: bytes) -> str:
    """`quote([1, 2], currency='EUR')`."""
    try:
        args, kwargs = call_of(call)
    except WireError:
        return f"{name}(?)"
    parts = [*map(repr, args), *(f"{key}={value!r}" for key, value in kwargs.items())]
    return clip(f"{name}({', '.join(parts)})")


def show(outcome: Outcome) -> str:
    """What came of a call, in words."""
    if outcome.kind == "died":
        return f"dies ({clip(outcome.detail, 200)})"
    try:
        if outcome.kind == "raised":
            return f"raises {_exception(decode(outcome.value))}"
        return _returned(value_of(outcome.value))
    except WireError:
        return f"{outcome.kind} something unreadable"


def difference(name: str, call: bytes, expected: Outcome, got: Outcome) -> str:
    """One sentence: the call, what the original does, what the variant does."""
    left, right = show(expected), show(got)
    if not expected.waits_as(got):
        left, right = f"{left}{_waiting(expected)}", f"{right}{_waiting(got)}"
    if left == right:
        left, right = f"{left}{_leaving(expected)}", f"{right}{_leaving(got)}"
    if left == right:
        left, right = f"{left} [{_types(expected)}]", f"{right} [{_types(got)}]"
    if left == right and left.startswith("gives"):
        right += ", but goes about it otherwise (laziness, send and throw, items reused)"
    elif left == right:
        right += ", where other objects are the same ones (shared, or a copy instead)"
    return f"{show_call(name, call)}: the original {left}, the variant {right}"


def exception_type(outcome: Outcome) -> str:
    """`module.qualname` of the exception, empty when the call did not raise."""
    if outcome.kind != "raised":
        return ""
    try:
        value = decode(outcome.value)
    except WireError:
        return ""
    return _type_name(value)


def broken_off(outcome: Outcome) -> object:
    """What a generator gave before it raised, and the type that it raised; None for all others."""
    try:
        value = value_of(outcome.value) if outcome.kind == "returned" else None
        if not isinstance(value, Built) or value.parts[2:3] != ("raised",):
            return None
        return value.parts[:2], _type_name(decode(value.parts[3]))
    except WireError:
        return None


def _type_name(value: object) -> str:
    return value.type_name if isinstance(value, Opaque) else ""


def _returned(value: Any) -> str:
    if not isinstance(value, Built) or value.type_name != "codegenesis:driven":
        return f"returns {clip(repr(value))}"
    kind, items, ending, end, _ = value.parts
    told = f"gives {clip(repr(items))} as {kind}"
    if ending == "raised":
        return f"{told}, then raises {_exception(decode(end))}"
    return f"{told} and more" if ending == "more" else f"{told}, then returns {end!r}"


def _exception(value: Any) -> str:
    if not isinstance(value, Opaque):
        return clip(repr(value))
    inner = ", ".join(map(repr, value.state))
    return clip(f"{value.type_name.removeprefix('builtins.')}({inner})")


def _leaving(outcome: Outcome) -> str:
    return f" and leaves its arguments as {show_call('', outcome.after)}"


def _waiting(outcome: Outcome) -> str:
    turns, seconds = outcome.waited or (0, 0.0)
    return f" after {turns} turns and {seconds:g} s of waiting"


def _types(outcome: Outcome) -> str:
    try:
        value = value_of(outcome.value)
    except WireError:
        return "?"
    inner = value if isinstance(value, list | tuple | set | frozenset) else ()
    return clip(", ".join([type(value).__name__, *(type(item).__name__ for item in inner)]), 120)
