"""Arrays and frames that grow in a loop: each step copies all there is (measured: 11x to 200x).

`a = np.append(a, x)`, `a = np.concatenate((a, b))`, `df = pd.concat([df, part])`: the parts are
collected in a list and put together once, after the loop. What is put together must not be looked
at while the loop runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from codegenesis.core.operators.patterns import Found, match
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Loop, Unit, View, flat, reads, uses

#: Statement that makes the whole grow by a part -> statement that puts all parts together.
FORMS = {
    "WHOLE_ = np_.append(WHOLE_, part_)": "{whole} = {np}.append({whole}, {parts}[1:])",
    "WHOLE_ = np_.append(WHOLE_, part_, axis=axis_)": (
        "{whole} = {np}.concatenate({parts}, axis={axis})"
    ),
    "WHOLE_ = np_.concatenate((WHOLE_, part_))": "{whole} = {np}.concatenate({parts})",
    "WHOLE_ = np_.concatenate([WHOLE_, part_])": "{whole} = {np}.concatenate({parts})",
    "WHOLE_ = np_.concatenate((WHOLE_, part_), axis=axis_)": (
        "{whole} = {np}.concatenate({parts}, axis={axis})"
    ),
    "WHOLE_ = np_.vstack((WHOLE_, part_))": "{whole} = {np}.vstack({parts})",
    "WHOLE_ = np_.vstack([WHOLE_, part_])": "{whole} = {np}.vstack({parts})",
    "WHOLE_ = np_.hstack((WHOLE_, part_))": "{whole} = {np}.hstack({parts})",
    "WHOLE_ = np_.hstack([WHOLE_, part_])": "{whole} = {np}.hstack({parts})",
    "WHOLE_ = pd_.concat([WHOLE_, part_])": "{whole} = {pd}.concat({parts})",
    "WHOLE_ = pd_.concat((WHOLE_, part_))": "{whole} = {pd}.concat({parts})",
    "WHOLE_ = pd_.concat([WHOLE_, part_], ignore_index=True)": (
        "{whole} = {pd}.concat({parts}, ignore_index=True)"
    ),
}

#: Where a part may be a number or an array, each is made an array.
ANY_PART = {
    "WHOLE_ = np_.append(WHOLE_, part_)": (
        "{whole} = {np}.concatenate([{np}.ravel(part) for part in {parts}])"
    ),
}


@dataclass(frozen=True)
class Growth:
    """One statement that makes something grow, and the outermost loop in which it only grows."""

    statement: cst.SimpleStatementLine
    form: str
    found: Found
    loop: Loop


def equal_parts(view: View) -> Unit | None:
    """Put together once; what is appended to an array is a number each time."""
    return next((_written(view, growth, FORMS) for growth in _growing(view)), None)


def any_parts(view: View) -> Unit | None:
    """The same where numbers and arrays may be appended."""
    return next((_written(view, growth, FORMS | ANY_PART) for growth in _growing(view)), None)


def _growing(view: View) -> Iterator[Growth]:
    for node in view.nodes:
        if not isinstance(node, cst.SimpleStatementLine) or not _may_grow(node):
            continue
        for form in FORMS:
            found = match(form, node)
            loop = _outermost(view, node, flat(found["WHOLE_"])) if found else None
            if found is not None and loop is not None and not _looked_at(found):
                yield Growth(node, form, found, loop)


def _may_grow(node: cst.SimpleStatementLine) -> bool:
    """Whether it is `name = owner.function(…)`, before all forms are tried."""
    match node.body:
        case [cst.Assign(value=cst.Call(func=cst.Attribute(attr=cst.Name(value=name))))]:
            return name in ("append", "concatenate", "vstack", "hstack", "concat")
    return False


def _looked_at(found: Found) -> bool:
    """Whether a part is made from the whole."""
    return bool(reads(found["part_"]) & reads(found["WHOLE_"]))


def _outermost(view: View, statement: cst.SimpleStatementLine, name: str) -> Loop | None:
    """The outermost loop in which the variable is used nowhere else."""
    outer = None
    for loop in view.loops(statement):
        others = (
            use
            for use in uses(view, name)
            if view.inside(use.node, loop.node) and not view.inside(use.node, statement)
        )
        if not loop.is_statement or any(others):
            break
        outer = loop
    return outer


def _written(view: View, growth: Growth, forms: dict[str, str]) -> Unit:
    texts = {hole.rstrip("_").lower(): flat(node) for hole, node in growth.found.items()}
    parts = view.fresh(f"{texts['whole']}_parts")
    end = forms[growth.form].format(**texts, parts=parts)
    edits = Edits(view).before(growth.loop.statement, f"{parts} = [{texts['whole']}]\n")
    edits.rewrite(growth.statement, f"{parts}.append({texts['part']})\n")
    edits.after(growth.loop.statement, f"if len({parts}) > 1:\n    {end}\n")
    return edits.apply()


OPERATOR = RewriteRule(
    name="concatenation",
    improves=("complexity", "cpu_ns_mean"),
    hypothesis="Parts are put together once; growing step by step copies everything each time.",
    risk="Parts of several types may meet in another type than step by step.",
    steps=(equal_parts, any_parts),
    gain=20.0,
)
