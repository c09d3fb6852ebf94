"""Which lines of a program may change: marked blocks, the marked function, or every function."""

from __future__ import annotations

import ast
import re

from codegenesis.core.coders import Region
from codegenesis.fragment.syntax import lines_of
from codegenesis.parsing import syntax_tree
from codegenesis.scenarios.discover.marking import is_marked

_START = re.compile(r"^\s*(#|//).*EVOLVE-BLOCK-START")
_END = re.compile(r"^\s*(#|//).*EVOLVE-BLOCK-END")


Function = ast.FunctionDef | ast.AsyncFunctionDef


def regions_of(source: str) -> tuple[Region, ...]:
    """Parts that may change, in order: between `EVOLVE-BLOCK-START` and `-END`; else functions
    marked `@evolve`; else all functions; else everything."""
    lines = lines_of(source)
    functions = _functions(source)
    return (
        _blocks(lines, functions)
        or tuple(_region(node) for node in functions if is_marked(node, "evolve", lines))
        or tuple(map(_region, functions))
        or ((Region(first=1, last=len(lines)),) if lines else ())
    )


def _blocks(lines: list[str], functions: list[Function]) -> tuple[Region, ...]:
    found, start = [], 0
    for number, line in enumerate(lines, 1):
        if _START.match(line):
            start = number
        elif _END.match(line) and start:
            if number - start > 1:
                found.append(_block(start + 1, number - 1, functions))
            start = 0
    if start and start < len(lines):
        found.append(_block(start + 1, len(lines), functions))
    return tuple(found)


def _block(first: int, last: int, functions: list[Function]) -> Region:
    inside = [node for node in functions if first <= node.lineno and (node.end_lineno or 0) <= last]
    return Region(first=first, last=last, name=inside[0].name if len(inside) == 1 else "")


def _functions(source: str) -> list[Function]:
    try:
        tree = syntax_tree(source)
    except (SyntaxError, ValueError):
        return []
    bodies = [tree.body, *(node.body for node in tree.body if isinstance(node, ast.ClassDef))]
    found = [
        node
        for body in bodies
        for node in body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return sorted(found, key=lambda node: node.lineno)


def _region(node: Function) -> Region:
    return Region(first=node.lineno, last=node.end_lineno or node.lineno, name=node.name)
