"""A file that a loop opens for appending again and again is opened once (measured: 150x).

    for row in rows:                              with open(path, "a") as log:
        with open(path, "a") as log:      ->          for row in rows:
            log.write(row)                                log.write(row)

Only for mode "a", where it makes no difference to what ends up in the file; path and mode must not
depend on the loop. A loop over nothing would create the file, so it is asked first, where it can
be.
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.operators.patterns import only
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Unit, View, code, own, place, reads, uses


def rewrite(view: View) -> Unit | None:
    """Change one loop."""
    for node in view.nodes:
        if isinstance(node, cst.For) and node.orelse is None:
            inside = only(node)
            if isinstance(inside, cst.With) and _appends(view, node, inside):
                return _turned(view, node, inside)
    return None


def _appends(view: View, loop: cst.For, block: cst.With) -> bool:
    """Whether the block opens one file for appending, the same each time."""
    match block.items:
        case [
            cst.WithItem(item=cst.Call(func=func, args=[*_]) as call, asname=cst.AsName() as name)
        ]:
            pass
        case _:
            return False
    method = isinstance(func, cst.Attribute) and func.attr.value == "open"
    if not method and code(func) != "open":
        return False
    modes = [a.value for a in call.args if isinstance(a.value, cst.SimpleString)]
    appends = any(str(mode.evaluated_value) in ("a", "ab", "at", "a+") for mode in modes)
    does = next(found for found in view.loops(block) if found.node is loop).does
    if not appends or not does.spare(call) or not isinstance(name.name, cst.Name):
        return False
    word = name.name.value
    others = [use for use in uses(view, word) if not _bound_by(view, use.node, word)]
    leaves = any(isinstance(n, cst.Break | cst.Continue | cst.Return) for n in own(block.body))
    return not others and not leaves and word not in reads(loop.iter)


def _bound_by(view: View, node: cst.CSTNode, word: str) -> bool:
    """Whether a `with` around the node gives the name its value."""
    blocks = (up for up in view.ancestors(node) if isinstance(up, cst.With))
    names = (item.asname.name for block in blocks for item in block.items if item.asname)
    return any(isinstance(name, cst.Name) and name.value == word for name in names)


def _turned(view: View, loop: cst.For, block: cst.With) -> Unit:
    inner = loop.with_changes(body=block.body, leading_lines=())
    outer: cst.BaseStatement = block.with_changes(
        body=cst.IndentedBlock(body=[inner]), leading_lines=loop.leading_lines
    )
    guard = place(loop.iter)
    if guard is not None:
        test = cst.parse_expression(guard)
        bare = outer.with_changes(leading_lines=())
        outer = cst.If(test=test, body=cst.IndentedBlock(body=[bare]))
    return Edits(view).swap_node(loop, outer).apply()


OPERATOR = RewriteRule(
    name="reopening",
    improves=("cpu_ns_mean", "wall_ns_p99"),
    hypothesis="A file is opened once instead of once per item.",
    risk="What is written reaches the file when it is closed, at the end.",
    steps=(rewrite,),
    gain=5.0,
)
