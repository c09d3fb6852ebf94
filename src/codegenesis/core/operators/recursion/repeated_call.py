"""The same call twice in one statement: call once (exponential where the function calls itself).

return power(a, n // 2) * power(a, n // 2)      ->      value = power(a, n // 2)
                                                        return value * value
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.operators.shapes import harmless
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Unit, View, effects, flat, key, walk

#: Builtins that go through all of their argument.
LINEAR = frozenset({"sum", "min", "max", "sorted", "list", "set", "tuple"})

#: What may evaluate only some of its parts.
OPTIONAL = (
    cst.BooleanOperation
    | cst.IfExp
    | cst.Lambda
    | cst.ListComp
    | cst.SetComp
    | cst.DictComp
    | cst.GeneratorExp
)


def rewrite(view: View) -> Unit | None:
    """Change one statement."""
    for line in view.of(cst.SimpleStatementLine):
        if len(line.body) == 1 and isinstance(line.body[0], cst.Return | cst.Assign):
            changed = _once(view, line)
            if changed is not None:
                return changed
    return None


def _once(view: View, line: cst.SimpleStatementLine) -> Unit | None:
    twins: dict[str, list[cst.Call]] = {}
    for node in walk(line):
        if isinstance(node, cst.Call) and _worth(view, node):
            twins.setdefault(key(node), []).append(node)
    for found in twins.values():
        if len(found) < 2 or not any(_certain(view, node, line) for node in found):
            continue
        if effects((line,)).changed or not _unbound(line, found[0]):
            continue
        name = view.fresh(f"{_word(found[0])}_value")
        edits = Edits(view).before(line, f"{name} = {flat(found[0])}\n")
        for node in found:
            edits.swap(node, name)
        return edits.apply()
    return None


def _worth(view: View, call: cst.Call) -> bool:
    """A call of the function itself, or one that goes through a sequence."""
    arguments = [arg.value for arg in call.args]
    match call.func:
        case cst.Name(value=name):
            mine = name == view.function.name.value or (view.pure and name not in view.locals)
            linear = name in LINEAR and name not in view.locals
            return (mine or linear) and bool(arguments) and _simple(view, call, arguments)
        case cst.Attribute(value=cst.Name(value="self"), attr=cst.Name(value=name)):
            return name == view.function.name.value and _simple(view, call, arguments)
    return False


def _simple(view: View, call: cst.Call, arguments: list[cst.BaseExpression]) -> bool:
    return harmless(view, *arguments) and not any(arg.star for arg in call.args)


def _certain(view: View, node: cst.CSTNode, line: cst.CSTNode) -> bool:
    """Whether the statement cannot do without the call."""
    for above in view.ancestors(node):
        if above is line:
            return True
        if isinstance(above, OPTIONAL):
            return False
    return True


def _unbound(line: cst.CSTNode, call: cst.Call) -> bool:
    """Whether no comprehension of the statement binds what the call reads."""
    return effects((line,), bound=frozenset()).spare(call) or not any(
        isinstance(node, cst.CompFor | cst.Lambda) for node in walk(line)
    )


def _word(call: cst.Call) -> str:
    func = call.func
    name = func.attr.value if isinstance(func, cst.Attribute) else flat(func)
    return name.removeprefix("_")


OPERATOR = RewriteRule(
    name="repeated_call",
    improves=("complexity", "cpu_ns_mean"),
    hypothesis="The same call is made once, and its answer used twice.",
    risk="Both users share one object.",
    steps=(rewrite,),
    gain=4.0,
)
