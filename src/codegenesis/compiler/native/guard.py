"""The fragment around compiled code: an entry that lets in what the build was made for, nothing
else.

Outside the types seen, and whenever the compiled side refuses or raises, the Python body runs
from the start. That is sound because compiled code changes nothing of the caller's before its
result is there.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from codegenesis.compiler.native.program import UnsuitableError
from codegenesis.compiler.native.types import T
from codegenesis.model import Gene
from codegenesis.parsing import syntax_tree

#: Integers with room to compute with; more than that is checked inside.
_WIDEST = 1 << 62
_EXACT = {
    "int": "int", "float": "float", "bool": "bool", "str": "str", "bytes": "bytes", "vec": "list",
    "list": "list", "tuple": "tuple", "row": "tuple", "dict": "dict", "set": "set",
    "range": "range",
}  # fmt: skip


def guarded(
    gene: Gene,
    source: str,
    *,
    setup: str,
    types: Sequence[tuple[str, T]],
    call: str = "",
) -> str:
    """The fragment of a compiled variant.

    Args:
        source: the fragment that was compiled; its `def` is the Python body.
        setup: prelude that binds `_native`; `{body}` in it names the Python body.
        types: the parameters of the build, in the order in which `_native` takes them.
        call: how `_native` is called, when it is not with the parameters as they are.
    """
    *prelude, body = syntax_tree(source).body
    entry = syntax_tree(source).body[-1]
    if not isinstance(body, ast.FunctionDef) or not isinstance(entry, ast.FunctionDef):
        raise UnsuitableError("the fragment does not end with a `def`")
    name = f"_python_{gene.name.strip('_')}"
    if name in gene.source:
        raise UnsuitableError(f"{name} is taken")
    body.name, body.decorator_list = name, []
    arguments = ", ".join(parameter for parameter, _ in types)
    keywords = {a.arg for a in entry.args.kwonlyargs}
    again = ", ".join(f"{n}={n}" if n in keywords else n for n, _ in types)
    text = f"""\
if {_test(types)}:
    try:
        return {call or f"_native({arguments})"}
    except Exception:
        pass
return {name}({again})
"""
    entry.body = [*_docstring(entry), *syntax_tree(text).body]
    parts = ["from codegenesis.native import load as _load"] if "_load(" in setup else []
    parts += [ast.unparse(node) for node in prelude]
    parts += [ast.unparse(body), setup.replace("{body}", name), ast.unparse(entry)]
    return "\n\n\n".join(parts) + "\n"


def _docstring(node: ast.FunctionDef) -> list[ast.stmt]:
    text = ast.get_docstring(node, clean=False)
    return [] if text is None else [ast.Expr(ast.Constant(text))]


def _test(types: Sequence[tuple[str, T]]) -> str:
    tests = []
    for name, t in types:
        if t.kind == "num":
            tests.append(f"type({name}) in (int, float)")
        elif t.kind in _EXACT:
            tests.append(f"type({name}) is {_EXACT[t.kind]}")
        if t.kind == "int":
            tests.append(f"-{_WIDEST} < {name} < {_WIDEST}")
    return " and ".join(tests) or "True"
