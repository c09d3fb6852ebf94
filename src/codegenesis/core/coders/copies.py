"""Helpers that come along in a version get names of their own, so that nobody mixes them up."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from codegenesis.core.genetic.syntax import module
from codegenesis.fragment.syntax import FunctionNode


def renamed(text: str, names: Mapping[str, str]) -> str:
    """A fragment with functions and every use of them renamed.

    A name that is also a variable or a parameter somewhere keeps its name: inside a fragment that
    is only private, and never wrong.
    """
    tree = module(text)
    used = {n for n in names if n not in _variables(tree)}
    data = text.encode()
    for start, end, name in sorted(_spans(tree, data, used), reverse=True):
        data = data[:start] + names[name].encode() + data[end:]
    return data.decode()


def _variables(tree: ast.Module) -> set[str]:
    stored = {
        n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and type(n.ctx) is not ast.Load
    }
    return stored | {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}


def _spans(tree: ast.Module, data: bytes, names: set[str]) -> list[tuple[int, int, str]]:
    """Where the names stand, in bytes."""
    lines = data.split(b"\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in names:
            start = starts[node.lineno - 1] + node.col_offset
            found.append((start, start + len(node.id), node.id))
        elif isinstance(node, FunctionNode) and node.name in names:
            line = lines[node.lineno - 1]
            column = line.index(node.name.encode(), node.col_offset + len("def"))
            start = starts[node.lineno - 1] + column
            found.append((start, start + len(node.name), node.name))
    return found
