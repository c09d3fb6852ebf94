"""Genetic improvement: versions nobody has a rule for, found by trying small edits.

A deleted statement, an earlier `break`, a tighter bound: what does less and still gives every
recorded answer is worth the gates' time. The search runs in the arena, where a version costs half
a millisecond; less is counted in steps (rounds of loops and calls), because they are the same in
every run. Langdon & Harman (2015) and PyGGI find such edits too, at a process and a test run each.

Most of what survives the recorded calls is wrong elsewhere; that is for the gates to find out, so
only a few versions are handed on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from codegenesis import wire
from codegenesis.arena.messages import Example, Score
from codegenesis.config import Config
from codegenesis.core.budget import Meter
from codegenesis.core.genetic import Edit, applied, edits, identity, ingredients
from codegenesis.core.operator import module_source
from codegenesis.errors import SandboxError, UsageError, WireError
from codegenesis.evidence import Baseline
from codegenesis.evidence.arena import Arena
from codegenesis.model import Gene, Outcome, Variant

#: Recorded calls that versions are tried on, the longest first.
_CALLS = 40
_BATCH = 256
#: A version must save this share of the steps to be of interest.
_LESS = 0.95
#: Versions whose neighbourhoods are searched as well.
_PARENTS = 2
_GENERATIONS = 3
#: Kinds of edits that mostly do less; they are tried first.
_SPARING = frozenset({"jump", "deleted", "range", "slice", "return", "unwrapped", "part"})
_ROOM = 2


class _Found(NamedTuple):
    """A version that gives every recorded answer in fewer steps."""

    steps: int
    size: int
    source: str
    trail: tuple[Edit, ...]


def improved(
    gene: Gene,
    original: Baseline,
    config: Config,
    *,
    meter: Meter,
    over: Callable[[], bool] = lambda: False,
    most: int = 3,
) -> list[Variant]:
    """Versions that do less and give the same answers on recorded calls, the least first.

    Args:
        original: what the gene's own version answered.
        meter: what may be spent.
        over: asked between batches whether to end before that.
        most: how many are handed on.
    """
    examples = list(_examples(original))
    if not examples or not original.deterministic:
        return []
    try:
        arena = Arena(gene, examples=examples, jobs=1, setup=config.sandbox_setup)
    except (SandboxError, UsageError):
        return []
    with arena:
        found = _Search(gene, arena, meter, over).run()
    return [_variant(gene, each, config.seed) for each in found[:most]]


class _Search:
    def __init__(self, gene: Gene, arena: Arena, meter: Meter, over: Callable[[], bool]) -> None:
        self._arena, self._meter, self._over = arena, meter, over
        self._source = gene.source
        self._given = ingredients(
            gene.source, module_source=module_source(gene), qualname=gene.qualname
        )
        self._seen = {identity(gene.source)}
        self._found: list[_Found] = []

    def run(self) -> list[_Found]:
        """Hill climbing from the original: the best versions' neighbours, a few times."""
        self._arena.steps = 1_000_000
        before = self._arena.score([self._source])[0]
        if before.error or before.passed < len(before.endings) or not before.steps:
            return []
        self._arena.steps = _ROOM * max(before.used)
        parents = [_Found(before.steps, len(self._source), self._source, ())]
        for _ in range(_GENERATIONS):
            better = [each for parent in parents for each in self._around(parent, before)]
            self._found += better
            if not better or self._ended:
                break
            parents = sorted(better)[:_PARENTS]
        return sorted(self._found)

    @property
    def _ended(self) -> bool:
        return bool(self._meter.over) or self._over()

    def _around(self, parent: _Found, before: Score) -> list[_Found]:
        drafts = list(self._drafts(parent))
        better = []
        for start in range(0, len(drafts), _BATCH):
            if self._ended:
                break
            batch = drafts[start : start + _BATCH]
            scores = self._arena.score([source for source, _ in batch], first_failure=True)
            self._meter.spend(trials=len(batch))
            for (source, edit), score in zip(batch, scores, strict=True):
                if _is_less(score, before) and score.steps <= _LESS * parent.steps:
                    trail = (*parent.trail, edit)
                    better.append(_Found(score.steps, len(source), source, trail))
        return better

    def _drafts(self, parent: _Found) -> Iterable[tuple[str, Edit]]:
        every = edits(parent.source, given=self._given)
        for edit in sorted(every, key=lambda each: (each.kind not in _SPARING, -each.weight)):
            source = applied(parent.source, [edit])
            program = identity(source) if source is not None else b""
            if source is not None and program not in self._seen:
                self._seen.add(program)
                yield source, edit


def _is_less(score: Score, before: Score) -> bool:
    complete = len(score.endings) == len(before.endings)
    return complete and score.passed == len(score.endings) and score.steps < before.steps


def _examples(original: Baseline) -> Iterable[Example]:
    """The dearest recorded calls, with what came of them."""
    answers: dict[bytes, Outcome] = {}
    for call, outcome in zip(original.calls, original.outcomes, strict=True):
        answers.setdefault(call, outcome)
    dearest = sorted(answers.items(), key=lambda pair: -pair[1].cpu_ns)
    for call, outcome in dearest[:_CALLS]:
        if outcome.kind == "returned":
            yield Example(call=call, result=outcome.value)
        elif outcome.kind == "raised" and (name := _exception(outcome)):
            yield Example(call=call, raises=name)


def _exception(outcome: Outcome) -> str:
    try:
        raised = wire.decode(outcome.value)
    except WireError:
        return ""
    return raised.type_name if isinstance(raised, wire.Opaque) else ""


def _variant(gene: Gene, found: _Found, seed: int) -> Variant:
    words = _words(found.trail)
    return Variant(
        gene=gene.id,
        base=gene.base,
        source=found.source,
        operator="genetic",
        hypothesis=f"{words}: every recorded call gets the same answer in fewer steps.",
        risk="Found by trial, not by a rule: what was never called may differ.",
        seed=seed,
    )


def _words(trail: Sequence[Edit]) -> str:
    return "; ".join(edit.words for edit in trail)
