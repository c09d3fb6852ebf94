"""All variants of a gene: each operator alone, and several one after another.

A function with two weaknesses is only fast when both are gone, and its race may only be won by the
combination. Composition needs nothing from an operator but its protocol: it writes, the next one
gets what was written as if it were the gene, preludes and decorators are carried along.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import replace

import libcst as cst

from codegenesis.core.operator import Context, Operator
from codegenesis.core.registry import operators as all_operators
from codegenesis.core.syntax import Unit
from codegenesis.model import Gene, Variant


def generate(
    gene: Gene,
    *,
    context: Context,
    operators: Iterable[Operator] | None = None,
    seed: int = 0,
) -> list[Variant]:
    """Variants of a gene, without duplicates: the combination first, then each by itself."""
    asked = tuple(all_operators() if operators is None else operators)
    single = [v for operator in asked for v in operator.write(gene, context=context, seed=seed)]
    return distinct(gene, [*compose(gene, asked, context=context, seed=seed), *single])


def compose(
    gene: Gene, operators: Sequence[Operator], *, context: Context, seed: int = 0
) -> list[Variant]:
    """Variants that apply the operators one after another, where two or more find something.

    At most two: with the most promising variant of each operator, and with the safest (the last).
    Operators that change behaviour (they improve `error_rate`) are left out: a faster version must
    be equal, and one that heals must not be.
    """
    equal = [operator for operator in operators if "error_rate" not in operator.improves]
    chains = (_chain(gene, equal, choice, context=context, seed=seed) for choice in (0, -1))
    return distinct(gene, [variant for variant in chains if variant is not None])


def _chain(
    gene: Gene, operators: Sequence[Operator], choice: int, *, context: Context, seed: int
) -> Variant | None:
    unit, used = Unit.parse(gene.source), list[Variant]()
    for operator in operators:
        written = operator.write(gene_of(gene, unit), context=context, seed=seed)
        if written:
            unit = _joined(unit, Unit.parse(written[choice].source))
            used.append(written[choice])
    if len(used) < 2:
        return None
    return Variant(
        gene=gene.id,
        base=gene.base,
        source=unit.source,
        operator="+".join(variant.operator for variant in used),
        hypothesis=" ".join(dict.fromkeys(variant.hypothesis for variant in used)),
        risk=" ".join(dict.fromkeys(variant.risk for variant in used)),
        seed=seed,
    )


def gene_of(gene: Gene, unit: Unit) -> Gene:
    """The gene as it would be if the unit's function stood in the file."""
    bare = unit.function.with_changes(decorators=[])
    return Gene(
        service=gene.service,
        module=gene.module,
        qualname=gene.qualname,
        kind=gene.kind,
        path=gene.path,
        root=gene.root,
        line=gene.line,
        source=replace(unit, function=bare, prelude=()).source,
    )


def distinct(gene: Gene, variants: Iterable[Variant]) -> list[Variant]:
    """The variants without those that are the same program as the gene or as an earlier one."""
    seen = {_identity(gene.source)}
    kept = []
    for variant in variants:
        identity = _identity(variant.source)
        if identity not in seen:
            seen.add(identity)
            kept.append(variant)
    return kept


def _joined(before: Unit, after: Unit) -> Unit:
    """`after` with the prelude and the decorators that `before` already had."""
    decorators: list[cst.Decorator] = [*after.function.decorators, *before.function.decorators]
    function = after.function.with_changes(decorators=decorators)
    return replace(after, function=function).merged(before.prelude)


def _identity(source: str) -> str:
    return ast.dump(ast.parse(source))
