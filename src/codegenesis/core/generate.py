"""All variants of a gene: each operator alone, and several one after another.

A function with two weaknesses is only fast when both are gone, and its race may only be won by the
combination. Composition needs nothing from an operator but its protocol: it writes, the next one
gets what was written as if it were the gene, preludes and decorators are carried along.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

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
    """The variant that applies the operators one after another, where two or more found something.

    Each operator contributes its first variant. Nothing is returned when fewer than two apply.
    """
    unit, used = Unit.parse(gene.source), []
    for operator in operators:
        current = gene_of(gene, unit)
        written = operator.write(current, context=context, seed=seed)
        if written:
            unit = _joined(unit, Unit.parse(written[0].source))
            used.append(written[0])
    if len(used) < 2:
        return []
    return [
        Variant(
            gene=gene.id,
            base=gene.base,
            source=unit.source,
            operator="+".join(variant.operator for variant in used),
            hypothesis=" ".join(dict.fromkeys(variant.hypothesis for variant in used)),
            risk=" ".join(dict.fromkeys(variant.risk for variant in used)),
            seed=seed,
        )
    ]


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
        source=Unit(bare).source,
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
    return Unit(function, after.prelude).merged(before.prelude)


def _identity(source: str) -> str:
    return ast.dump(ast.parse(source))
