"""Nested loops that pair items with equal keys become look-ups in an index (measured: 35x).

`matching` says which inner loops those are. This file writes the index. Two sequences are a join;
a sequence with itself is the search for duplicates, which `quadratic_duplicates` reports under its
own name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import libcst as cst

from codegenesis.core.operators.loops import loosened
from codegenesis.core.operators.matching import Match, matches
from codegenesis.core.operators.ranges import POSITION, sequence_of
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import (
    Edits,
    Unit,
    View,
    code,
    expression,
    flat,
    root,
    substitute,
    targets,
    uses,
)


def rewrite(view: View) -> Unit | None:
    """Replace one inner loop over another sequence than that of the loops around."""
    return indexed(view, with_itself=False)


def indexed(view: View, *, with_itself: bool) -> Unit | None:
    """Replace one inner loop, as it stands or after rewriting its loops as `for` loops."""
    for candidate in (view, loosened(view)):
        for match in matches(candidate) if candidate is not None else ():
            if _with_itself(match, candidate or view) is with_itself:
                return write(candidate or view, match)
    return None


def _with_itself(match: Match, view: View) -> bool:
    """Whether the key that is looked for comes from the same sequence."""
    around = [loop.node for loop in view.loops(match.inner)]
    running = {sequence_of(n.iter) for n in around if isinstance(n, cst.For | cst.CompFor)}
    looked_for = {root(code(part).strip()) for part in match.outer_key}
    named = match.source.sequence
    return bool(named) and (named in running or root(named) in looked_for)


def write(view: View, match: Match) -> Unit:
    """The function with the index built and used."""
    edits = Edits(view)
    index = view.fresh(_index_name(match))
    subject = match.source.subject
    position = view.fresh("position") if subject == POSITION else ""
    edits.before(match.outer.statement, _built(view, match, index, position))
    found = f"{index}.get({_key(match.outer_key)}, ())"
    target = _with_position(code(match.inner.target).strip(), match.inner.target, position)
    if isinstance(match.inner, cst.CompFor):
        edits.swap_node(match.inner, _clause(match, target, found, position or subject))
    else:
        _loop(edits, match, target, found, position or subject)
    for call in match.grows:
        value = flat(call.args[0].value)
        item = dict.fromkeys(targets(match.inner.target), value)
        key = _key([substitute(part, item) for part in match.inner_key])
        grown = f"{index}.setdefault({key}, []).append({value})\n"
        edits.after(view.statement(call), grown)
    return edits.apply()


def _loop(edits: Edits, match: Match, target: str, found: str, subject: str) -> None:
    assert isinstance(match.inner, cst.For)
    edits.swap(match.inner.iter, found)
    if target != code(match.inner.target).strip():
        edits.swap(match.inner.target, target)
    if match.source.bounds:
        skip = match.source.condition(subject, negated=True)
        edits.before(match.inner.body.body[0], f"if {skip}:\n    continue\n")


def _clause(match: Match, target: str, found: str, subject: str) -> cst.CompFor:
    assert isinstance(match.inner, cst.CompFor)
    ifs = list(match.inner.ifs)
    if match.source.bounds:
        space = cst.SimpleWhitespace(" ")
        test = expression(match.source.condition(subject))
        ifs.insert(0, cst.CompIf(test, whitespace_before=space))
    changes = {"iter": expression(found), "ifs": ifs}
    if target != code(match.inner.target).strip():
        changes["target"] = expression(target)
    return match.inner.with_changes(**changes)


def _built(view: View, match: Match, index: str, position: str) -> str:
    """The statements that build the index."""
    if match.grows and _starts_empty(view, match):
        return f"{index} = {{}}\n"
    rename = _renames(view, match)
    target = substitute(expression(f"({code(match.inner.target).strip()})"), rename)
    value = _with_position(flat(target), target, position)
    value = f"({value})" if "," in value and not value.startswith("(") else value
    key = _key([substitute(part, rename) for part in match.inner_key])
    head = value[1:-1] if value.startswith("(") and value.count("(") == 1 else value
    return (
        f"{index} = {{}}\n"
        f"for {head} in {flat(match.source.entries)}:\n"
        f"    {index}.setdefault({key}, []).append({value})\n"
    )


def _with_position(text: str, target: cst.CSTNode, position: str) -> str:
    if not position:
        return text
    nested = isinstance(target, cst.Tuple) and not text.startswith("(")
    return f"{position}, ({text})" if nested else f"{position}, {text}"


def _renames(view: View, match: Match) -> Mapping[str, str]:
    """Variables of a comprehension get new names where they would become variables outside."""
    if isinstance(match.inner, cst.For):
        return {}
    return {n: view.fresh(f"{n}_") for n in targets(match.inner.target) if n in view.locals}


def _starts_empty(view: View, match: Match) -> bool:
    """Whether the sequence is `[]` when the loop begins."""
    found = uses(view, match.source.sequence)
    starts = [code(use.within).strip() for use in found if use.kind == "assigned"]
    grown = [use for use in found if use.kind == "method" and use.name == "append"]
    empty = starts in ([f"{match.source.sequence} = []"], [f"{match.source.sequence} = list()"])
    return empty and len(grown) == len(match.grows)


def _key(parts: Sequence[cst.BaseExpression]) -> str:
    texts = [flat(part) for part in parts]
    return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"


def _index_name(match: Match) -> str:
    name = "".join(c if c.isalnum() else "_" for c in match.source.sequence).strip("_") or "items"
    last = match.inner_key[0]
    match last:
        case cst.Attribute(attr=cst.Name(value=word)):
            return f"{name}_by_{word}"
        case cst.Subscript(slice=[cst.SubscriptElement(slice=cst.Index(value=index))]):
            if isinstance(index, cst.SimpleString):
                return f"{name}_by_{index.evaluated_value!s}"
    return f"{name}_by_value"


OPERATOR = RewriteRule(
    name="hash_join",
    improves=("complexity", "cpu_ns_mean"),
    hypothesis="An index by key finds the matching items directly; the inner loop tries them all.",
    risk="Keys must be hashable, with an equality that agrees with their hash.",
    steps=(rewrite,),
    gain=15.0,
    suspending=True,
)
