"""A closure's `def` by itself does not compile when it declares a name `nonlocal`."""

from __future__ import annotations

import ast

from codegenesis.fragment.syntax import function_
from codegenesis.parsing import syntax_tree


def compilable(source: str | ast.Module) -> str | ast.Module:
    """The program for a look by the compiler: in a function that has its `nonlocal` names.

    Raises:
        SyntaxError: it does not parse.
    """
    if isinstance(source, str) and "nonlocal" not in source:
        return source
    tree = syntax_tree(source) if isinstance(source, str) else source
    names = {
        name for node in ast.walk(tree) if isinstance(node, ast.Nonlocal) for name in node.names
    }
    if not names:
        return tree
    around = function_("_codegenesis_around", tuple(sorted(names)), list(tree.body))
    return ast.fix_missing_locations(ast.Module([around], type_ignores=[]))
