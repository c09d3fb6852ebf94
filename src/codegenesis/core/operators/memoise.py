"""Remember results of a pure function: a bounded cache (measured: 291x on a tree recursion).

Only where it was *measured* that the function has no effects and gives the same result again, that
recorded arguments are all flat hashable scalars (an `lru_cache` hands out the very same object, and
compares arguments by equality), that results cannot be changed by whoever gets them, and where it
pays: calls repeat, or the function calls itself more than once per call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from codegenesis.core.operator import Call, Context
from codegenesis.core.predict import forecast
from codegenesis.core.syntax import Edits, Unit, View, own
from codegenesis.model import Gene, Proposal, Trait, Variant

#: Entries kept: enough for the recursions that pay, a few MB at most.
RECURSIVE, REPEATED = 16384, 2048

#: Below this share of repeats a cache costs more than it saves.
PAYS = 0.2

SCALARS = (int, str, float, bool, bytes, type(None))


@dataclass(frozen=True)
class Memoise:
    """The `memoise` operator."""

    name: str = "memoise"
    improves: tuple[str, ...] = ("repeat_rate", "cpu_ns_mean")
    gain: float = 10.0

    def applies(self, gene: Gene, traits: Sequence[Trait]) -> Proposal | None:
        """A proposal for a recursion that branches, and for calls that repeat."""
        if gene.refused or not _suited(gene):
            return None
        context = Context(traits=tuple(traits))
        view = context.view(Unit.parse(gene.source))
        return forecast(gene, self, traits) if _size(view, context) else None

    def write(self, gene: Gene, *, context: Context, seed: int = 0) -> list[Variant]:
        """One variant, or none where it was not measured that it is safe and pays."""
        view = context.view(Unit.parse(gene.source))
        size = _size(view, context) if _safe(gene, view, context) else 0
        if not size:
            return []
        cache, needs = view.imported("functools", "lru_cache")
        edits = Edits(view).decorate(f"{cache}(maxsize={size}, typed=True)")
        if needs:
            edits.prelude(f"{needs}\n")
        return [
            Variant(
                gene=gene.id,
                base=gene.base,
                source=edits.apply().source,
                operator=self.name,
                hypothesis="Results are kept, so equal calls are answered without computing.",
                risk=f"Keeps up to {size} results in memory; 0.0 and -0.0 share one.",
                seed=seed,
            )
        ]


def _suited(gene: Gene) -> bool:
    """A function of a module, without a cache around it already."""
    return gene.kind == "function" and not gene.free and "cache" not in gene.decorated


def _safe(gene: Gene, view: View, context: Context) -> bool:
    measured = context.pure and context.deterministic
    if not measured or not _suited(gene) or not view.plain or not view.parameters:
        return False
    known = bool(context.calls) and bool(context.results)
    return known and all(map(_flat, context.calls)) and all(map(_frozen, context.results))


def _flat(call: Call) -> bool:
    args, kwargs = call
    return all(type(value) in SCALARS for value in (*args, *kwargs.values()))


def _frozen(value: object) -> bool:
    if type(value) in (tuple, frozenset):
        return all(map(_frozen, value))  # type: ignore[call-overload]
    return type(value) in (*SCALARS, complex)


def _size(view: View, context: Context) -> int:
    """How many results to keep; 0 when it would not pay."""
    if _branches(view):
        return RECURSIVE
    repeats = context.trait("repeat_rate")
    return REPEATED if repeats is not None and repeats.value >= PAYS else 0


def _branches(view: View) -> bool:
    """Whether one call makes two or more calls of the same function."""
    name = view.function.name.value
    calls = [
        node
        for node in own(view.function.body)
        if isinstance(node, cst.Call)
        and isinstance(node.func, cst.Name)
        and node.func.value == name
    ]
    return len(calls) >= 2 or any(view.loops(call) for call in calls)


OPERATOR = Memoise()
