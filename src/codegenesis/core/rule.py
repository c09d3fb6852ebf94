"""Rewrite rules as operators: a rule changes one place, and is asked again until it is done.

A rule may be wrong about a program (it sees names, not objects): it must be general, and likely
right. What it writes has to survive the gates like everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from codegenesis.core.operator import Context, module_source
from codegenesis.core.predict import forecast
from codegenesis.core.syntax import Unit, View, reads, suspensions
from codegenesis.model import Gene, Proposal, Trait, Variant

#: One edit of the function, or None when there is nothing (more) to change.
Step = Callable[[View], Unit | None]

#: A rule is asked at most this often per function, so that none can go on for ever.
MAX_STEPS = 24


@dataclass(frozen=True)
class RewriteRule:
    """An `Operator` made of steps.

    Attributes:
        steps: alternatives, most promising first; each is repeated until it returns None and
            gives one variant.
        gain: prior: CPU ratio old / new where it fits and the input is large.
        suspending: may change coroutines and generators, too: its steps ask `Effects.spare` about
            whatever they move, and leave alone what is given away before the function ends.
    """

    name: str
    improves: tuple[str, ...]
    hypothesis: str
    risk: str
    steps: tuple[Step, ...]
    gain: float
    suspending: bool = False

    def applies(self, gene: Gene, traits: Sequence[Trait]) -> Proposal | None:
        """A proposal when the rule finds something to change in the text of the gene."""
        context = Context(module_source=module_source(gene), traits=tuple(traits), free=gene.free)
        if gene.refused or not self.write(gene, context=context):
            return None
        return forecast(gene, self, traits, variants=len(self.steps))

    def write(self, gene: Gene, *, context: Context, seed: int = 0) -> list[Variant]:
        """One variant per alternative that changes anything."""
        found: dict[str, Unit] = {}
        original = Unit.parse(gene.source)
        view = context.view(original)
        if not view.plain and not self.suspending:
            return []
        for step in self.steps:
            unit = repeat(step, original, context)
            if unit is not original and _is_sound(view, unit):
                found.setdefault(unit.identity, unit)
        return [self._variant(gene, unit, seed) for unit in found.values()]

    def _variant(self, gene: Gene, unit: Unit, seed: int) -> Variant:
        return Variant(
            gene=gene.id,
            base=gene.base,
            source=unit.source,
            operator=self.name,
            hypothesis=self.hypothesis,
            risk=self.risk,
            seed=seed,
        )


def _is_sound(view: View, unit: Unit) -> bool:
    """It waits where the original does, and nothing in front needs what only a closure has."""
    if reads(*unit.prelude) & {*view.free}:
        return False
    return view.plain or suspensions(view) == suspensions(view.again(unit))


def repeat(step: Step, unit: Unit, context: Context) -> Unit:
    """Apply a step until it finds nothing more; the same object when it never did."""
    for _ in range(MAX_STEPS):
        changed = step(context.view(unit))
        if changed is None:
            break
        unit = changed
    return unit
