"""Statements of what was found: guards first, then branches, then the result."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import NamedTuple

from codegenesis.arena.synthesis.aims import CHOICE
from codegenesis.arena.synthesis.bank import Entry
from codegenesis.arena.synthesis.tidy import tidy


class Guard(NamedTuple):
    """What raises, and when."""

    condition: Entry
    exception: str


def body(entry: Entry, guards: Sequence[Guard] = (), *, names: Sequence[str] = ()) -> str:
    """The statements of a function that returns what the expression comes to."""
    lines = [line for guard in guards for line in _guard(guard, names)]
    return tidy("\n".join([*lines, *_returns(entry)]))


def imports(entry: Entry, guards: Sequence[Guard] = ()) -> list[str]:
    """Import statements that the body needs."""
    inner = [line for guard in guards for line in guard.condition.imports()]
    return list(dict.fromkeys([*entry.imports(), *inner]))


def _guard(guard: Guard, names: Sequence[str]) -> list[str]:
    text = tidy(guard.condition.render())
    named = [name for name in names if name in text] or list(names)
    value = f"{{{named[0]}!r}}" if named else ""
    told = f'f"unexpected {named[0]}: {value}"' if named else ""
    return [f"if {text}:", f"    raise {guard.exception}({told})"]


def _returns(entry: Entry) -> list[str]:
    if entry.part is CHOICE:
        condition, yes, no = entry.kids
        if _is(yes, True) and _is(no, False):
            return [f"return {condition.render()}"]
        then = [f"    {line}" for line in _returns(yes)]
        return [f"if {condition.render()}:", *then, *_returns(no)]
    if entry.part.tail:
        kids = [tidy(kid.render()) for kid in entry.kids]
        return textwrap.dedent(entry.part.tail).format(*kids).splitlines()
    return [f"return {entry.render()}"]


def _is(entry: Entry, value: bool) -> bool:
    return entry.part.value is value and not entry.kids
