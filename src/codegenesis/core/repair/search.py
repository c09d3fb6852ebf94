"""The repair search: from failing cases to versions that pass them all.

1. Localise: which lines did failing cases run, and passing ones not?
2. One edit, exhaustively, the likeliest first.
3. Several edits: single ones that made a difference are combined, and likely ones whatever they
   did; behaviours that promise something get their own neighbourhood; islands cross and mutate.
   The parts take turns by what they have brought so far.
   Versions that somebody else wrote (`visitors`) are tried as they come, and bred from.
4. Go on for a while after the first version that passes, to have something to choose from.
5. Take out what is not needed.

Everything is decided by counts and a seed, never by the clock, so a run is reproduced by its
budget of trials; a budget of seconds only cuts it short.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from codegenesis.core.budget import Meter
from codegenesis.core.repair.combine import Combiner
from codegenesis.core.repair.deeper import Deeper
from codegenesis.core.repair.evaluator import Evaluator
from codegenesis.core.repair.found import Draft, Found, Version
from codegenesis.core.repair.frontier import Frontier
from codegenesis.core.repair.islands import Islands
from codegenesis.core.repair.minimise import distinct
from codegenesis.core.repair.neighbourhood import Neighbourhood, Surroundings
from codegenesis.core.repair.pairs import Pairs
from codegenesis.core.repair.promise import Promise
from codegenesis.core.repair.trials import Batch, Trials
from codegenesis.core.repair.turns import Turns
from codegenesis.core.repair.visitors import Nobody, Visitors

_BATCH = 128


def repair(
    source: str,
    evaluator: Evaluator,
    *,
    meter: Meter,
    module_source: str = "",
    qualname: str = "",
    seed: int = 0,
    visitors: Visitors | None = None,
    tell: Callable[[str], None] = lambda _words: None,
    enough: int = 40,
) -> Found:
    """Search for versions of `source` that pass every case.

    Args:
        source: a fragment; its cases should fail, at least one of them.
        meter: what may be spent; its trials are counted here.
        module_source: text of the module, for names and ingredients.
        seed: of whatever chance is involved.
        visitors: where further versions come from; those that come late are waited for when the
            search itself has found nothing.
        tell: is told how it goes, in words.
        enough: end when so many plausible versions were found.
    """
    with Trials(evaluator, meter, enough=enough, tell=tell) as trials:
        around = Surroundings(trials, module_source=module_source, qualname=qualname)
        return _Search(source, around, Random(seed), visitors or Nobody()).run()


class _Search:
    def __init__(self, source: str, around: Surroundings, rng: Random, visitors: Visitors) -> None:
        self._source, self._around, self._rng = source, around, rng
        self._trials, self._visitors = around.trials, visitors
        self._visited: dict[str, list[Version]] = {}

    def run(self) -> Found:
        tried = self._trials.run([Draft(source=self._source)], stage="original")
        if not tried:
            score = self._trials.evaluator.score([self._source])[0]
            return self._found(Version(source=self._source, score=score), score.error)
        original = tried[0]
        if original.passes:
            return self._found(original, "the original passes every case")
        promise = Promise(original.score)
        singles = self._one_edit(promise)
        if not self._trials.plausible and not self._trials.over:
            self._several(original, singles, promise)
        self._await_visitors()
        return self._found(original, self._trials.over or "nothing is left to try")

    def _one_edit(self, promise: Promise) -> list[Version]:
        neighbourhood = Neighbourhood(self._around, self._source)
        singles: list[Version] = []

        def write() -> Batch | None:
            if came := self._visitor():
                return came
            drafts = neighbourhood.take(_BATCH)
            return Batch("one edit", drafts) if drafts else None

        def learn(stage: str, versions: list[Version]) -> None:
            if not self._is_visit(stage, versions):
                self._around.learn(versions, promise)
                singles.extend(versions)

        self._trials.each(write, learn)
        self._trials.begin_several()
        return singles

    def _several(self, original: Version, singles: list[Version], promise: Promise) -> None:
        frontier = Frontier(self._around, promise, rng=Random(self._rng.random()))
        islands = Islands(self._source, self._around, promise, rng=Random(self._rng.random()))
        for part in (frontier, islands):
            part.learn(singles)
        islands.learn([version for visit in self._visited.values() for version in visit])
        combiner = Combiner(self._source, singles, promise)
        deeper = Deeper(self._around, singles, promise)
        turns = Turns([combiner, Pairs(original, singles), deeper, frontier, islands], promise)

        def learn(stage: str, versions: list[Version]) -> None:
            if self._is_visit(stage, versions):
                islands.learn(versions)
            else:
                self._around.learn(versions, promise)
                turns.learn(stage, versions)

        self._trials.each(lambda: self._visitor() or turns.write(_BATCH), learn)

    def _await_visitors(self) -> None:
        """Those that are still to come, while nothing passes."""
        while not self._trials.plausible and not self._trials.over:
            came = self._visitors.wait()
            if came is None:
                return
            versions = self._trials.run(came.batch.drafts, stage=came.name)
            self._visitors.learn(came.name, versions)

    def _visitor(self) -> Batch | None:
        came = self._visitors.come()
        if came is None:
            return None
        self._visited[came.name] = []
        return came.batch

    def _is_visit(self, stage: str, versions: list[Version]) -> bool:
        """Whether somebody else wrote them; they hear what came of it."""
        if stage not in self._visited:
            return False
        self._visited[stage] = versions
        self._visitors.learn(stage, versions)
        return True

    def _found(self, best: Version, reason: str) -> Found:
        trials = self._trials
        suspicion, _ = self._around.suspicion(self._source)
        return Found(
            plausible=tuple(
                distinct(self._source, trials.plausible, trials.evaluator, trials.meter)
            ),
            best=trials.best or best,
            trials=trials.count,
            seconds=trials.meter.seconds,
            reason=reason,
            suspicious=suspicion.worst,
            stages=dict(trials.stages),
        )
