"""Files that are opened and not closed, or only when nothing goes wrong on the way.

CPython closes a forgotten file when its last reference goes, other references (a traceback, a frame
that is kept) hold it open, until no file can be opened any more. `with` closes it at its end.
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.operators.patterns import match
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Unit, View, code, flat, own, uses


def rewrite(view: View) -> Unit | None:
    """Put one opened file into a `with`."""
    for node in view.nodes:
        if isinstance(node, cst.Call) and code(node.func) in ("open", "io.open"):
            changed = _named(view, node) or _unnamed(view, node)
            if changed is not None:
                return changed
    return None


def _named(view: View, node: cst.Call) -> Unit | None:
    """`file = open(path)`: everything to its `close()`, or to the end of the block, goes inside."""
    statement = view.statement(node)
    found = match("FILE_ = opened_", statement)
    if found is None or found["opened_"] is not node:
        return None
    name = flat(found["FILE_"])
    siblings, position = view.siblings(statement)
    rest = siblings[position + 1 :]
    if position < 0 or not rest or not _local(view, name, statement, rest):
        return None
    ends = [n for n, s in enumerate(rest) if match(f"{name}.close()", s) is not None]
    inside = rest[: ends[0]] if ends else _used(view, name, rest)
    closes = sum(u.name == "close" for u in uses(view, name) if u.kind == "method")
    if not inside or closes > len(ends) or len(ends) > 1:
        return None
    edits = Edits(view)
    for line in [*inside, *(rest[n] for n in ends)]:
        edits.rewrite(line, "")
    return edits.wrap(statement, lambda _: _with(flat(node), name, inside, statement)).apply()


def _used(view: View, name: str, rest: list[cst.BaseStatement]) -> list[cst.BaseStatement]:
    """Statements to the last that uses the file; all of them when something else reads from it."""
    seen = uses(view, name)
    if any(use.kind == "argument" for use in seen):
        return rest
    last = [n for n, line in enumerate(rest) if any(view.inside(u.node, line) for u in seen)]
    return rest[: last[-1] + 1] if last else []


def _local(view: View, name: str, statement: cst.CSTNode, rest: list[cst.BaseStatement]) -> bool:
    """Whether the file is a variable that nobody else gets hold of."""
    if name not in view.locals - view.parameters.keys():
        return False
    for use in uses(view, name):
        if use.nested or use.kind in ("returned", "stored", "other", "bound", "augmented"):
            return False
        if use.kind == "assigned" and use.within is not statement:
            return False
        if use.kind != "assigned" and not any(view.inside(use.node, line) for line in rest):
            return False
        leaves = any(isinstance(up, cst.Return | cst.Yield) for up in view.ancestors(use.node))
        if leaves and use.kind != "method":
            return False
    return True


def _unnamed(view: View, node: cst.Call) -> Unit | None:
    """`data = open(path).read()`: the whole statement goes inside."""
    statement, parent = view.statement(node), view.parent(node)
    if not isinstance(statement, cst.SimpleStatementLine) or not _used_up(view, parent):
        return None
    if any(isinstance(up, cst.Lambda | cst.CompFor) for up in view.ancestors(node)):
        return None
    if sum(isinstance(n, cst.Call) and code(n.func) == "open" for n in own(statement)) != 1:
        return None
    word = view.fresh("file")
    opened = flat(node)
    edits = Edits(view).swap(node, word)
    return edits.wrap(statement, lambda changed: _with(opened, word, [changed], statement)).apply()


def _used_up(view: View, parent: cst.CSTNode | None) -> bool:
    """Whether nothing is left of the file after the statement: `.read()`, `json.load(…)`."""
    if isinstance(parent, cst.Attribute):
        return parent.attr.value in ("read", "readlines", "readline", "write", "writelines")
    call = view.parent(parent) if isinstance(parent, cst.Arg) else None
    known = ("json.load", "json.dump", "pickle.load", "pickle.dump", "tomllib.load", "list", "sum")
    return isinstance(call, cst.Call) and code(call.func) in (*known, "yaml.safe_load")


def _with(
    opened: str, name: str, inside: list[cst.BaseStatement] | list[cst.CSTNode], first: cst.CSTNode
) -> cst.With:
    made = cst.ensure_type(cst.parse_statement(f"with {opened} as {name}:\n    pass\n"), cst.With)
    lines = getattr(first, "leading_lines", ())
    body = [
        line.with_changes(leading_lines=()) if n == 0 else line for n, line in enumerate(inside)
    ]
    return made.with_changes(body=cst.IndentedBlock(body=body), leading_lines=lines)  # type: ignore[arg-type]


OPERATOR = RewriteRule(
    name="closing",
    improves=("error_rate", "wall_ns_p99"),
    hypothesis="A file is closed when it is done with, also when something goes wrong on the way.",
    risk="What keeps reading from the file after the block finds it closed.",
    steps=(rewrite,),
    gain=1.1,
)
