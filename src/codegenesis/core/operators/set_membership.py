"""`x in list` again and again: look it up in a set that is built once (measured: up to 142x).

Three situations:

* the sequence does not change while it is searched: a set is built before the outermost loop in
  which that holds, or, for a constant of the module, once in front of the function;
* a local list grows by `append` in the very loop that searches it (`seen`): a companion set grows
  beside it, or replaces it where the list is used for nothing else;
* a literal list of constants becomes a literal set, which CPython folds into a constant.

Elements that cannot be hashed make the variant raise; the evidence sees that.
"""

from __future__ import annotations

import ast

import libcst as cst

from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import (
    LINEAR,
    Edits,
    Unit,
    Use,
    View,
    code,
    flat,
    fresh,
    kind,
    place,
    pure_call,
    reads,
    uses,
    walk,
)

#: Literals shorter than this are scanned about as fast as they are hashed.
LONG = 4

Site = tuple[cst.Comparison, cst.BaseExpression]


def rewrite(view: View) -> Unit | None:
    """Change one membership test, or all tests of one sequence."""
    for comparison, sequence in sites(view):
        changed = (
            _literal(view, sequence)
            or _growing(view, comparison, sequence)
            or _constant(view, sequence)
            or _unchanging(view, sequence)
        )
        if changed is not None:
            return changed
    return None


def sites(view: View) -> list[Site]:
    """Comparisons that look something up, with where they look."""
    return [
        (node, node.comparisons[0].comparator)
        for node in view.nodes
        if isinstance(node, cst.Comparison)
        and len(node.comparisons) == 1
        and isinstance(node.comparisons[0].operator, cst.In | cst.NotIn)
    ]


def _literal(view: View, sequence: cst.BaseExpression) -> Unit | None:
    if not isinstance(sequence, cst.List | cst.Tuple) or len(sequence.elements) < LONG:
        return None
    simple = cst.SimpleString | cst.Integer
    if not all(isinstance(element.value, simple) for element in sequence.elements):
        return None
    inside = ", ".join(code(element.value) for element in sequence.elements)
    return Edits(view).swap(sequence, f"{{{inside}}}").apply()


def _constant(view: View, sequence: cst.BaseExpression) -> Unit | None:
    """A list or tuple of constants at module level."""
    if not isinstance(sequence, cst.Name) or sequence.value in view.locals:
        return None
    value = view.module.constant(sequence.value)
    if not isinstance(value, ast.List | ast.Tuple) or len(value.elts) < LONG:
        return None
    if not all(isinstance(element, ast.Constant) for element in value.elts):
        return None
    name = view.fresh(f"_{sequence.value}_SET")
    edits = Edits(view).prelude(f"{name} = frozenset({sequence.value})")
    return _look_up(view, edits, sequence, name).apply()


def _unchanging(view: View, sequence: cst.BaseExpression) -> Unit | None:
    if not _may_be_sequence(view, sequence):
        return None
    loop = view.outermost(sequence)
    if loop is None:
        return None
    name = view.fresh(f"{_word(sequence)}_set")
    edits = Edits(view).before(loop.statement, f"{name} = set({flat(sequence)})")
    for _, other in sites(view):
        if code(other) != code(sequence):
            continue
        there = view.outermost(other)
        if there is not None and there.statement is loop.statement:
            edits.swap(other, name)
    return edits.apply()


def _may_be_sequence(view: View, sequence: cst.BaseExpression) -> bool:
    if place(sequence) is not None:
        name = sequence.value if isinstance(sequence, cst.Name) else ""
        known = name in view.locals or name in view.free
        if name and not known and view.module.constant(name) is None:
            return False
        return kind(view, sequence) in LINEAR | {"unknown"}
    if kind(view, sequence) not in LINEAR:
        return False
    calls = [node for node in walk(sequence) if isinstance(node, cst.Call)]
    return fresh(sequence) and all(pure_call(call) for call in calls)


def _growing(view: View, comparison: cst.Comparison, sequence: cst.BaseExpression) -> Unit | None:
    """A local list that only grows, by `append`, while it is searched."""
    if not isinstance(sequence, cst.Name) or sequence.value not in view.locals:
        return None
    if not view.loops(comparison):
        return None
    if kind(view, sequence) != "list" or sequence.value in view.parameters:
        return None
    found = uses(view, sequence.value)
    adds = any(use.kind in ("method", "augmented") for use in found)
    if not adds or not all(map(_grows, found)):
        return None
    if _only_searched(found):
        return _replaced(view, sequence.value, found)
    return _companion(view, sequence.value, found)


def _grows(use: Use) -> bool:
    """A use that a companion can follow or does not need to."""
    if use.nested:
        return False
    if use.kind == "method":
        looks = use.name in ("index", "count", "copy")
        return looks or (use.name == "append" and len(use.values()) == 1)
    if use.kind == "augmented":
        return _added(use) is not None
    if use.kind == "argument":
        return use.name in ("len", "sorted", "list", "tuple", "set", "sum", "min", "max", "str")
    return use.kind in (
        "assigned",
        "contains",
        "iterated",
        "indexed",
        "returned",
        "tested",
        "other",
    )


def _added(use: Use) -> list[cst.BaseExpression] | None:
    """Elements of `seen += [a, b]`."""
    match use.within:
        case cst.AugAssign(operator=cst.AddAssign(), value=cst.List(elements=elements)):
            return [element.value for element in elements]
    return None


def _only_searched(found: list[Use]) -> bool:
    kinds = {use.kind for use in found}
    starts = [use.within for use in found if use.kind == "assigned"]
    methods = {use.name for use in found if use.kind == "method"}
    return (
        kinds == {"assigned", "method", "contains"}
        and methods == {"append"}
        and all(map(_empty_list, starts))
    )


def _empty_list(statement: cst.CSTNode) -> bool:
    match statement:
        case cst.SimpleStatementLine(body=[cst.Assign(targets=[_], value=value)]):
            return code(value) in ("[]", "list()")
    return False


def _replaced(view: View, name: str, found: list[Use]) -> Unit:
    edits = Edits(view)
    for use in found:
        if use.kind == "assigned":
            edits.rewrite(use.within, f"{name} = set()\n")
        elif use.kind == "method":
            edits.swap(use.call.func, f"{name}.add")
    return edits.apply()


def _companion(view: View, name: str, found: list[Use]) -> Unit | None:
    beside = view.fresh(f"{name}_set")
    edits = Edits(view)
    for use in found:
        if use.kind == "assigned":
            edits.after(use.within, f"{beside} = set({name})\n")
        elif use.kind == "contains":
            edits.swap(use.node, beside)
        else:
            values = _added(use) if use.kind == "augmented" else None
            if use.kind == "method" and use.name == "append":
                values = use.values()
            if values and not _follow(view, edits, beside, use, values):
                return None
    return edits.apply()


def _follow(
    view: View, edits: Edits, beside: str, use: Use, values: list[cst.BaseExpression]
) -> bool:
    """Add to the companion what is added to the list; False where a value cannot be repeated."""
    if not all(_repeatable(value) for value in values):
        return False
    statement = view.statement(use.node)
    if not isinstance(statement, cst.SimpleStatementLine | cst.SimpleStatementSuite):
        return False
    for value in values:
        edits.after(statement, f"{beside}.add({flat(value)})\n")
    return True


def _repeatable(value: cst.BaseExpression) -> bool:
    """Evaluating it a second time costs little and gives the same."""
    calls = [node for node in walk(value) if isinstance(node, cst.Call)]
    return not fresh(value) and all(pure_call(call) for call in calls)


def _look_up(view: View, edits: Edits, sequence: cst.Name, name: str) -> Edits:
    for _, other in sites(view):
        if isinstance(other, cst.Name) and other.value == sequence.value:
            edits.swap(other, name)
    return edits


def _word(sequence: cst.BaseExpression) -> str:
    text = place(sequence)
    if text is None:
        return "_".join(sorted(reads(sequence) - {"list", "tuple", "sorted"}))[:30] or "known"
    return "".join(c if c.isalnum() else "_" for c in text).strip("_").removeprefix("self_")


OPERATOR = RewriteRule(
    name="set_membership",
    improves=("complexity", "cpu_ns_mean"),
    hypothesis="A set answers membership in constant time where a list is searched to its end.",
    risk="Elements must be hashable, with an equality that agrees with their hash.",
    steps=(rewrite,),
    gain=12.0,
    suspending=True,
)
