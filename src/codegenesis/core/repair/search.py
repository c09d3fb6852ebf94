"""The repair search: from failing cases to versions that pass them all.

1. Localise: which lines did failing cases run, and passing ones not?
2. One edit, exhaustively, the likeliest first.
3. Several edits: single ones that made a difference are combined, and likely ones whatever they
   did; behaviours that promise something get their own neighbourhood; islands cross and mutate.
   The parts take turns by what they have brought so far.
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

_BATCH = 128


def repair(
    source: str,
    evaluator: Evaluator,
    *,
    meter: Meter,
    module_source: str = "",
    qualname: str = "",
    seed: int = 0,
    tell: Callable[[str], None] = lambda _words: None,
    enough: int = 40,
) -> Found:
    """Search for versions of `source` that pass every case.

    Args:
        source: a fragment; its cases should fail, at least one of them.
        meter: what may be spent; its trials are counted here.
        module_source: text of the module, for names and ingredients.
        seed: of whatever chance is involved.
        tell: is told how it goes, in words.
        enough: end when so many plausible versions were found.
    """
    with Trials(evaluator, meter, enough=enough, tell=tell) as trials:
        return _Search(source, trials, module_source, qualname, seed).run()


class _Search:
    def __init__(
        self, source: str, trials: Trials, module_source: str, qualname: str, seed: int
    ) -> None:
        self._source, self._trials = source, trials
        self._around = Surroundings(trials, module_source=module_source, qualname=qualname)
        self._rng = Random(seed)

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
        return self._found(original, self._trials.over or "nothing is left to try")

    def _one_edit(self, promise: Promise) -> list[Version]:
        neighbourhood = Neighbourhood(self._around, self._source)
        singles: list[Version] = []

        def write() -> Batch | None:
            drafts = neighbourhood.take(_BATCH)
            return Batch("one edit", drafts) if drafts else None

        def learn(_stage: str, versions: list[Version]) -> None:
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
        combiner = Combiner(self._source, singles, promise)
        deeper = Deeper(self._around, singles, promise)
        turns = Turns([combiner, Pairs(original, singles), deeper, frontier, islands], promise)

        def learn(stage: str, versions: list[Version]) -> None:
            self._around.learn(versions, promise)
            turns.learn(stage, versions)

        self._trials.each(lambda: turns.write(_BATCH), learn)

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
