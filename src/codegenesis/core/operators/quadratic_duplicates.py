"""Looking for duplicates by comparing everything with everything.

Four shapes: nested loops over one sequence that compare elements (see `matching`), `xs.count(x)`,
`xs.index(x)`, and `x in xs[:i]` / `x in xs[i + 1:]`. The first gets an index of positions or, when
it only asks whether there is any, a growing set; the others a `Counter` or a dict of first or last
positions, built once before the outermost loop in which the sequence does not change.
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.operators.hash_join import indexed
from codegenesis.core.operators.ranges import slice_bounds
from codegenesis.core.operators.set_membership import sites
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import (
    LINEAR,
    Edits,
    Loop,
    Unit,
    View,
    flat,
    kind,
    operand,
    place,
    repeatable,
)


def rewrite(view: View) -> Unit | None:
    """Change one search."""
    return _slices(view) or _methods(view) or indexed(view, with_itself=True)


def _methods(view: View) -> Unit | None:
    for node in view.nodes:
        match node:
            case cst.Call(
                func=cst.Attribute(value=sequence, attr=cst.Name(value=name)), args=[argument]
            ):
                pass
            case _:
                continue
        loop = _loop_of(view, sequence) if name in ("count", "index") else None
        if loop is None or argument.star or argument.keyword or not repeatable(argument.value):
            continue
        wanted = operand(argument.value)
        if name == "count":
            return _counter(view, node, loop, sequence, wanted)
        return _index(view, node, loop, sequence, wanted)
    return None


def _loop_of(view: View, sequence: cst.BaseExpression) -> Loop | None:
    """The loop before which something can be built from the sequence, if it is one."""
    if place(sequence) is None or kind(view, sequence) not in LINEAR | {"unknown"}:
        return None
    outside = isinstance(sequence, cst.Name) and sequence.value not in view.locals
    if outside and view.module.constant(flat(sequence)) is None:
        return None
    return view.outermost(sequence)


def _counter(
    view: View, call: cst.Call, loop: Loop, sequence: cst.BaseExpression, wanted: str
) -> Unit:
    counter, needs = view.imported("collections", "Counter")
    name = view.fresh(f"{_word(sequence)}_counts")
    edits = Edits(view).swap(call, f"{name}[{wanted}]")
    if needs:
        edits.prelude(f"{needs}\n")
    return edits.before(loop.statement, f"{name} = {counter}({flat(sequence)})\n").apply()


def _index(
    view: View, call: cst.Call, loop: Loop, sequence: cst.BaseExpression, wanted: str
) -> Unit | None:
    parent = view.parent(call)
    if isinstance(parent, cst.IfExp) and parent.orelse is call:
        return None
    name = view.fresh(f"{_word(sequence)}_first")
    found = f"({name}[{wanted}] if {wanted} in {name} else {flat(sequence)}.index({wanted}))"
    edits = Edits(view).before(loop.statement, f"{name} = {_firsts(flat(sequence))}\n")
    return edits.swap(call, found).apply()


def _firsts(sequence: str) -> str:
    """First position of each value: later pairs win, so positions run backwards."""
    return f"dict(zip(reversed({sequence}), range(len({sequence}) - 1, -1, -1)))"


def _lasts(sequence: str) -> str:
    return f"dict(zip({sequence}, range(len({sequence}))))"


def _slices(view: View) -> Unit | None:
    """`x in xs[:i]`, `x in xs[i + 1:]`, `x in xs[:i] + xs[i + 1:]`."""
    for comparison, searched in sites(view):
        parts = _parts(searched)
        if not parts or not repeatable(comparison.left):
            continue
        loop = _loop_of(view, parts[0].value)
        if loop is not None and not loop.does.spare(searched):
            return _positions(view, comparison, parts, loop)
    return None


def _parts(searched: cst.BaseExpression) -> list[cst.Subscript]:
    """The slices of one sequence that are searched; empty when it is something else."""
    match searched:
        case cst.Subscript() if slice_bounds(searched) is not None:
            return [searched]
        case cst.BinaryOperation(left=left, operator=cst.Add(), right=right):
            parts = _parts(left) + _parts(right)
            if len(parts) == 2 and place(parts[0].value) == place(parts[1].value):
                return parts
    return []


def _positions(
    view: View, comparison: cst.Comparison, parts: list[cst.Subscript], loop: Loop
) -> Unit:
    edits, wanted, tests = Edits(view), flat(comparison.left), []
    for part in parts:
        sequence, low, high = slice_bounds(part) or ("", "", "")
        name = view.fresh(f"{_word(part.value)}_{'last' if low else 'first'}")
        built = _lasts(sequence) if low else _firsts(sequence)
        edits.before(loop.statement, f"{name} = {built}\n")
        if low:
            tests.append(f"{name}.get({wanted}, -1) >= {low}")
        else:
            tests.append(f"{name}.get({wanted}, {high}) < {high}")
    text = " or ".join(tests)
    if isinstance(comparison.comparisons[0].operator, cst.NotIn):
        text = f"not ({text})"
    return edits.swap(comparison, f"({text})").apply()


def _word(sequence: cst.BaseExpression) -> str:
    text = place(sequence) or "values"
    return "".join(c if c.isalnum() else "_" for c in text).strip("_").removeprefix("self_")


OPERATOR = RewriteRule(
    name="quadratic_duplicates",
    improves=("complexity", "cpu_ns_mean"),
    hypothesis="Remembering what was seen, by hash, replaces comparing everything with everything.",
    risk="Elements must be hashable, with an equality that agrees with their hash.",
    steps=(rewrite,),
    gain=20.0,
    suspending=True,
)
