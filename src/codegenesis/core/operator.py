"""The seam between the engine and whatever writes variants: rules, genetic edits, models.

Third parties add operators through the entry-point group `codegenesis.operators`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol, runtime_checkable

from codegenesis import wire
from codegenesis.core.syntax import Unit, View, parameters
from codegenesis.errors import WireError
from codegenesis.genome import Crash, crashes
from codegenesis.model import Gene, Observation, Proposal, Trait, Variant

Call = tuple[tuple[object, ...], dict[str, object]]


@dataclass(frozen=True)
class Context:
    """What an operator may know beside the gene itself.

    Attributes:
        module_source: text of the module; empty when it cannot be read.
        calls: recorded calls as `(args, kwargs)`; project objects as `wire.Opaque`.
        results: results of recorded calls that returned.
        pure: measured free of effects.
        deterministic: measured to give the same result again.
        free: variables of enclosing functions that the gene uses.
    """

    module_source: str = ""
    calls: tuple[Call, ...] = ()
    results: tuple[object, ...] = ()
    traits: tuple[Trait, ...] = ()
    crashes: tuple[Crash, ...] = ()
    pure: bool = False
    deterministic: bool = False
    free: tuple[str, ...] = ()

    def view(self, unit: Unit) -> View:
        """The function of a unit, with what is known of its surroundings."""
        recorded = recorded_types(list(parameters(unit.function)), self.calls)
        known = tuple(sorted(recorded.items()))
        return _view(unit, self.module_source, known, self.pure and self.deterministic, self.free)

    def trait(self, name: str) -> Trait | None:
        """The gene's trait of that name, if it was measured."""
        return next((t for t in self.traits if t.name == name and not t.variant), None)


@runtime_checkable
class Operator(Protocol):
    """Writes variants of a gene.

    Attributes:
        name: unique, stable; it is recorded with each variant.
        improves: names of the traits that it can make better.
    """

    @property
    def name(self) -> str: ...

    @property
    def improves(self) -> tuple[str, ...]: ...

    def applies(self, gene: Gene, traits: Sequence[Trait]) -> Proposal | None:
        """What trying it on this gene promises; None when there is nothing for it to do."""

    def write(self, gene: Gene, *, context: Context, seed: int = 0) -> list[Variant]:
        """Variants of the gene, the most promising first; the same for the same seed."""


@lru_cache(maxsize=64)
def _view(
    unit: Unit,
    module_source: str,
    recorded: tuple[tuple[str, frozenset[str]], ...],
    pure: bool,
    free: tuple[str, ...],
) -> View:
    """Views are shared: a dozen operators look at the same function one after another."""
    return View(unit, module_source=module_source, recorded=dict(recorded), pure=pure, free=free)


def recorded_types(names: Sequence[str], calls: Sequence[Call]) -> dict[str, frozenset[str]]:
    """Type names of the arguments of recorded calls, by parameter or free variable (`.name`)."""
    found: dict[str, set[str]] = {}
    for args, kwargs in calls:
        for name, value in (*zip(names, args, strict=False), *kwargs.items()):
            found.setdefault(name.removeprefix("."), set()).add(type(value).__name__)
    return {name: frozenset(types) for name, types in found.items()}


def module_source(gene: Gene) -> str:
    """Text of the gene's module; empty when it cannot be read (anymore)."""
    try:
        return Path(gene.path).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def context_for(
    gene: Gene,
    observations: Sequence[Observation],
    *,
    traits: Sequence[Trait] = (),
    pure: bool = False,
    deterministic: bool = False,
) -> Context:
    """The context of a gene from what was recorded of it.

    Values that cannot be decoded are left out: they are only hints to operators.
    """
    own = [o for o in observations if o.gene == gene.id and not o.variant]
    returned = [o.outcome.value for o in own if o.outcome and o.outcome.kind == "returned"]
    return Context(
        module_source=module_source(gene),
        calls=tuple(c for o in own if o.call is not None for c in decoded_call(o.call)),
        results=tuple(value for data in dict.fromkeys(returned) for value in _decoded(data)),
        traits=tuple(traits),
        crashes=tuple(crashes(own)),
        pure=pure,
        deterministic=deterministic,
        free=gene.free,
    )


def decoded_call(data: bytes) -> list[Call]:
    """The call, or nothing when the bytes are no call."""
    try:
        args, kwargs = wire.decode_call(data)
    except WireError:
        return []
    return [(tuple(args), dict(kwargs))]


def _decoded(data: bytes) -> list[object]:
    try:
        return [wire.decode(data)]
    except WireError:
        return []
