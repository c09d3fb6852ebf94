"""All classes of edit, and the list of edits that they make of a source.

An exhaustive search takes the list from the front, so it is ordered by how plausible an edit is
before anything was tried: real one-line defects are mostly a wrong operator, operand, condition or
name, a bound that is off by one, a missing guard (Campos & Maia, "Common bug-fix patterns", 2017;
Karampatsis & Sutton, "ManySStuBs4J", 2020).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from codegenesis.core.genetic.edit import Edit
from codegenesis.core.genetic.ingredients import Ingredients, ingredients
from codegenesis.core.genetic.kinds import (
    calls,
    changes,
    conditions,
    containers,
    everywhere,
    habits,
    indexing,
    insertions,
    operands,
    operators,
    statements,
    values,
)
from codegenesis.core.genetic.program import Program
from codegenesis.core.genetic.reader import read
from codegenesis.core.genetic.syntax import UNPARSABLE

Kind = Callable[[Program], Iterator[Edit]]

KINDS: tuple[Kind, ...] = (
    operators.comparison,
    operators.boundary,
    operators.arithmetic,
    operators.augmented,
    operators.logic,
    operators.sign,
    operators.grouping,
    operators.brackets,
    operands.variable,
    operands.named,
    operands.constant,
    operands.swapped,
    operands.part,
    operands.wrapped,
    operands.shifted,
    values.combined,
    indexing.index,
    indexing.bounds,
    indexing.sliced,
    indexing.deeper,
    indexing.ranges,
    indexing.loop_source,
    conditions.negated,
    conditions.joined,
    conditions.replaced,
    conditions.filtered,
    conditions.loop_or_test,
    conditions.elif_or_if,
    calls.callee,
    calls.attribute,
    calls.arguments,
    calls.recursion,
    calls.sorting,
    containers.literal,
    containers.elements,
    calls.missing_self,
    statements.deleted,
    statements.branches,
    statements.swapped,
    statements.dedented,
    statements.nested,
    statements.into_next,
    statements.unwrapped,
    statements.else_opened,
    statements.guarded,
    insertions.copied,
    insertions.returned,
    insertions.base_cases,
    insertions.jumps,
    insertions.updates,
    insertions.else_added,
    changes.results_of_methods,
    changes.values_of_changes,
    changes.in_order,
    changes.not_called,
    changes.without_effect,
    changes.result_of_update,
    everywhere.unknown_names,
    everywhere.variables,
    everywhere.constants,
    everywhere.suffixes,
    everywhere.added_suffixes,
    everywhere.parts_seen,
    habits.outputs,
    habits.own_values,
    habits.copies,
    habits.concatenations,
    values.extremes,
    values.powers,
    habits.results_as_tests,
    habits.blank_returns,
    values.replaced,
)
_PER_STATEMENT, _AT_LEAST = 200, 1500


def edits(
    source: str,
    *,
    given: Ingredients | None = None,
    types: Mapping[str, Collection[str]] | None = None,
) -> list[Edit]:
    """All small changes of `source` worth a try, the most plausible first; always the same ones.

    Each gives another text than `source` and than every other edit. That the result compiles is
    asked when it is `applied`.

    Args:
        given: what can be put in; by default what `source` itself has.
        types: names of the types that variables were seen with at run time.
    """
    try:
        program = read(source, given=given or ingredients(source), types=types)
    except UNPARSABLE:
        return []
    found = _distinct(source, (edit for kind in KINDS for edit in kind(program)))
    found.sort(key=_order)
    return found[: max(_AT_LEAST, _PER_STATEMENT * len(program.stmts))]


def _distinct(source: str, found: Iterable[Edit]) -> list[Edit]:
    """Of edits that come to the same text, the most plausible."""
    best: dict[str, Edit] = {}
    for edit in found:
        text = f"{source[: edit.start]}{edit.text}{source[edit.end :]}"
        known = best.get(text)
        if known is None or known.weight < edit.weight:
            best[text] = edit
    best.pop(source, None)
    return list(best.values())


def _order(edit: Edit) -> tuple[float, int, int, str]:
    return -edit.weight, edit.start, edit.end, edit.text
