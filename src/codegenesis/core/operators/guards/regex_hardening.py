"""Nested loops in a regular expression, `(\\w+\\s?)+$`: time that doubles with each character.

Where the inner loop may as well keep all that it took, it is made possessive (`\\w++`, since Python
3.11): what does not match then fails at once (measured: 25 characters from 0.6 seconds to
0.2 ms). `regex_text` says when that matches the very same texts. Constant patterns in the
function, and patterns that the module compiled, are looked at.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import libcst as cst

from codegenesis.core.operators.guards.regex_text import Unknown, fighting, parts_of
from codegenesis.core.operators.patterns import module_word
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Unit, View, code

FUNCTIONS = frozenset(
    {"compile", "match", "fullmatch", "search", "findall", "finditer", "split", "sub", "subn"}
)


def rewrite(view: View) -> Unit | None:
    """Harden one pattern."""
    for node, text, flags in _constants(view):
        better = hardened(text, flags)
        if better is not None:
            return Edits(view).swap(node, _spelled(better)).apply()
    for name, text, flags, words in _compiled(view):
        better = hardened(text, flags)
        if better is not None:
            return _replaced(view, name, better, words)
    return None


def hardened(pattern: str, flags: int = 0) -> str | None:
    """The pattern with possessive inner loops; None when there is nothing to harden."""
    if flags & re.VERBOSE or "(?" in pattern.replace("(?:", "").replace("(?P<", ""):
        return None
    try:
        re.compile(pattern, flags)
        branches = parts_of(pattern)
        ends = {part.end for branch in branches for part in fighting(branch, flags)}
        made = pattern
        for end in sorted(ends, reverse=True):
            made = f"{made[:end]}+{made[end:]}"
        re.compile(made, flags)
    except (Unknown, re.error, OverflowError):
        return None
    return made if ends else None


def _constants(view: View) -> Iterator[tuple[cst.BaseExpression, str, int]]:
    """Patterns written into calls of `re`, with their flags."""
    for node in view.nodes:
        match node:
            case cst.Call(
                func=cst.Attribute(value=cst.Name(value=module), attr=cst.Name(value=name)),
                args=[cst.Arg(value=cst.SimpleString() as text), *rest],
            ) if name in FUNCTIONS and view.module.imports().get(module, module) == "re":
                value = text.evaluated_value
                flags = _flags(" ".join(code(arg) for arg in rest))
                if isinstance(value, str) and flags is not None:
                    yield text, value, flags


def _flags(text: str) -> int | None:
    """Flags that are named in the arguments; None when they are not known."""
    found = 0
    for word in re.findall(r"\bre\.([A-Z]+)\b", text):
        found |= int(getattr(re, word, 0))
    return None if "flags" in text and not found else found


def _compiled(view: View) -> Iterator[tuple[str, str, int, str]]:
    """Patterns that the module compiled and the function uses: name, pattern, flags, their text."""
    names = {node.value for node in view.nodes if isinstance(node, cst.Name)}
    for name in sorted(names - view.locals):
        match view.module.constant(name):
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="re"), attr="compile"),
                args=[ast.Constant(value=str() as text), *rest],
                keywords=keywords,
            ):
                words = [ast.unparse(arg) for arg in rest]
                words += [f"{k.arg}={ast.unparse(k.value)}" for k in keywords]
                flags = _flags(" ".join(words))
                if flags is not None:
                    yield name, text, flags, "".join(f", {word}" for word in words)


def _replaced(view: View, name: str, pattern: str, words: str) -> Unit:
    edits = Edits(view)
    module = module_word(view, edits, "re", "re")
    word = view.fresh(f"_HARDENED_{name.strip('_')}")
    edits.prelude(f"{word} = {module}.compile({_spelled(pattern)}{words})\n")
    for node in view.nodes:
        parent = view.parent(node)
        attribute = isinstance(parent, cst.Attribute) and parent.attr is node
        keyword = isinstance(parent, cst.Arg) and parent.keyword is node
        if isinstance(node, cst.Name) and node.value == name and not (attribute or keyword):
            edits.swap(node, word)
    return edits.apply()


def _spelled(pattern: str) -> str:
    raw = "\\" in pattern and '"' not in pattern and "\n" not in pattern
    return f'r"{pattern}"' if raw and not pattern.endswith("\\") else repr(pattern)


OPERATOR = RewriteRule(
    name="regex_hardening",
    improves=("wall_ns_p99", "error_rate"),
    hypothesis="A loop that keeps what it took cannot go through all ways of sharing it out.",
    risk="Groups may capture another of their repetitions.",
    steps=(rewrite,),
    gain=1.3,
)
