"""All variants of a gene: each operator alone, and several one after another.

A function with two weaknesses is only fast when both are gone, and its race may only be won by the
combination. Composition needs nothing from an operator but its protocol: it writes, the next one
gets what was written as if it were the gene, preludes and decorators are carried along.

With dozens of operators a chain of all of them is often wrong in one link, so there are several:
all, those of a high prior, all by their safest alternatives, and all but one. A chain of every
subset was rejected: each variant costs a trial, and what is too much in a chain is taken out of it
again when the change is minimised.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import libcst as cst
import msgspec

from codegenesis.core.operator import Context, Operator
from codegenesis.core.registry import operators as all_operators
from codegenesis.core.syntax import Unit
from codegenesis.model import Gene, Variant
from codegenesis.parsing import syntax_tree

#: Variants of one gene: enough for any function, a minute or two of trials.
MOST = 24

#: Of these, chains.
MOST_CHAINS = 10

#: Prior from which on a rewrite changes how cost grows, or nearly does.
HIGH = 2.0


def generate(
    gene: Gene,
    *,
    context: Context,
    operators: Iterable[Operator] | None = None,
    seed: int = 0,
) -> list[Variant]:
    """Variants of a gene, without duplicates, the most promising first; at most `MOST`.

    First what all operators make together, then each by itself in the order of its prior, then the
    other chains, then other alternatives of the same operators.
    """
    asked = tuple(all_operators() if operators is None else operators)
    writer = _Writer(gene, context, seed)
    alone = [(o, found) for o in asked if (found := writer.write(o, Unit.parse(gene.source)))]
    chains = list(_chains(asked, [operator for operator, _ in alone], writer))
    firsts = [found[0] for _, found in sorted(alone, key=lambda pair: -_gain(pair[0]))]
    others = [variant for _, found in alone for variant in found[1:]]
    return distinct(gene, [*chains[:1], *firsts, *chains[1:], *others])[:MOST]


def compose(
    gene: Gene, operators: Sequence[Operator], *, context: Context, seed: int = 0
) -> list[Variant]:
    """Variants that apply the operators one after another, where two or more find something.

    All of them first, then fewer. Operators that change behaviour (they improve `error_rate`) are
    left out: a faster version must be equal, and one that heals must not be.
    """
    writer = _Writer(gene, context, seed)
    useful = [o for o in operators if writer.write(o, Unit.parse(gene.source))]
    return list(_chains(operators, useful, writer))


def _chains(
    asked: Sequence[Operator], useful: Sequence[Operator], writer: _Writer
) -> Iterator[Variant]:
    """Distinct chains: the first of all that are asked, the others of those useful by themselves.

    One rewrite makes room for another, so the first may use more than find something in the gene.
    """
    everything, equal = _in_order(asked), _in_order(useful)
    if not equal:
        return
    high = [operator for operator in equal if _gain(operator) >= HIGH]
    without = [
        [other for other in equal if other is not operator]
        for operator in sorted(equal, key=_gain)
        if len(equal) > 2
    ]
    made = [writer.chain(everything, 0), writer.chain(high, 0), writer.chain(equal, -1)]
    wanted = MOST_CHAINS - len(made)
    made += [writer.chain(rest, 0) for rest in without[:wanted]]
    yield from distinct(writer.gene, [variant for variant in made if variant is not None])


def _in_order(operators: Sequence[Operator]) -> list[Operator]:
    """Those that keep behaviour, as the registry has them: the structure of loops first."""
    rank = {operator.name: place for place, operator in enumerate(all_operators())}
    equal = [operator for operator in operators if "error_rate" not in operator.improves]
    return sorted(equal, key=lambda operator: rank.get(operator.name, len(rank)))


def _gain(operator: Operator) -> float:
    """Prior of an operator; 1 where it has none."""
    return float(getattr(operator, "gain", 1.0))


class _Writer:
    """Asks operators about stages of one gene, the same question once."""

    def __init__(self, gene: Gene, context: Context, seed: int) -> None:
        self.gene = gene
        self._context = context
        self._seed = seed
        self._known: dict[tuple[str, str], list[Variant]] = {}

    def write(self, operator: Operator, unit: Unit) -> list[Variant]:
        """What an operator makes of a stage."""
        source = unit.source
        known = self._known.get((operator.name, source))
        if known is None:
            gene = self.gene if source == self.gene.source else gene_of(self.gene, unit)
            known = operator.write(gene, context=self._context, seed=self._seed)
            self._known[operator.name, source] = known
        return known

    def chain(self, operators: Sequence[Operator], choice: int) -> Variant | None:
        """All operators one after another, each with the alternative `choice`."""
        unit, used = Unit.parse(self.gene.source), list[Variant]()
        for operator in operators:
            written = self.write(operator, unit)
            if written:
                unit = _joined(unit, Unit.parse(written[choice].source))
                used.append(written[choice])
        if len(used) < 2:
            return None
        return Variant(
            gene=self.gene.id,
            base=self.gene.base,
            source=unit.source,
            operator="+".join(variant.operator for variant in used),
            hypothesis=" ".join(dict.fromkeys(variant.hypothesis for variant in used)),
            risk=" ".join(dict.fromkeys(variant.risk for variant in used)),
            seed=self._seed,
        )


def gene_of(gene: Gene, unit: Unit) -> Gene:
    """The gene as it would be if the unit's function stood in the file."""
    bare = unit.function.with_changes(decorators=[])
    return msgspec.structs.replace(gene, source=replace(unit, function=bare, prelude=()).source)


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
    return ast.dump(syntax_tree(source))
