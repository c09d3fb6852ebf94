"""From an original and a breakage to a fragment: the original kept as a helper, the mistake around
it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from codegenesis.parsing import syntax_tree
from wrong.breakages import BREAKAGES, Breakage

_KEPT = "_kept_original"


class Wrong(NamedTuple):
    """One wrong version.

    Attributes:
        lure: parameter position and an expression over `A` that should show the mistake.
    """

    name: str
    group: str
    source: str
    lure: tuple[int, str] | None = None


class Profile(NamedTuple):
    """What calls of an original showed.

    Attributes:
        arguments: kinds of each positional argument.
        results: kinds of results.
        raises: bare names of exceptions.
    """

    arguments: tuple[frozenset[str], ...]
    results: frozenset[str]
    raises: frozenset[str]


def wrapped(source: str, profile: Profile) -> Iterator[Wrong]:
    """All breakages that apply to the function."""
    for breakage in BREAKAGES:
        for at in _places(breakage, profile):
            yield Wrong(
                breakage.name,
                breakage.group,
                _source(source, breakage, at),
                (at, breakage.lure) if breakage.lure else None,
            )


def _places(breakage: Breakage, profile: Profile) -> list[int]:
    """The first argument that the breakage can be about, if it can be at all."""
    if breakage.result and not profile.results & set(breakage.result.split()):
        return []
    known = profile.raises
    if breakage.raises and not (known if breakage.raises == "*" else breakage.raises in known):
        return []
    kinds = set(breakage.argument.split())
    fit = [at for at, seen in enumerate(profile.arguments) if not kinds or seen & kinds]
    if not kinds:
        return fit[:1] or [0]
    return fit[:1]


def _source(source: str, breakage: Breakage, at: int) -> str:
    tree = syntax_tree(source)
    function = tree.body[-1]
    assert isinstance(function, ast.FunctionDef)
    names = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    stars = function.args.vararg.arg if function.args.vararg else ""
    name = names[at] if at < len(names) else stars or "_none"
    words = {
        "CALL": f"{_KEPT}({_passed(function.args)})",
        "A": name if at < len(names) else f"{name}[0]",
        "R": "_result",
        "KIND": _kinds(breakage.argument),
    }
    body = re.sub(r"\b(CALL|A|R|KIND)\b", lambda found: words[found[0]], breakage.body)
    shell = syntax_tree(source).body[-1]
    assert isinstance(shell, ast.FunctionDef)
    shell.body = syntax_tree(body).body
    function.name = _KEPT
    kept, final = ast.unparse(function), ast.unparse(shell)
    return f"{breakage.prelude}\n{kept}\n\n{final}\n"


def _kinds(kinds: str) -> str:
    return "".join(f"{kind}, " for kind in kinds.split())


def _passed(own: ast.arguments) -> str:
    parts = [each.arg for each in (*own.posonlyargs, *own.args)]
    parts += [f"*{own.vararg.arg}"] if own.vararg else []
    parts += [f"{each.arg}={each.arg}" for each in own.kwonlyargs]
    parts += [f"**{own.kwarg.arg}"] if own.kwarg else []
    return ", ".join(parts)
