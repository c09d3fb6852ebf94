"""Where drafts become versions: duplicates are dropped, what is spent is counted, winners kept.

Every part of the search tries its drafts through one `Trials`, so nothing is tried twice and the
end (budget, enough alternatives) is decided in one place. A draft is a duplicate when its
normalised program was seen before, whoever wrote it; that costs no trial.

While a batch is tried the next one is written (writing costs about as much as trying). So a batch
never depends on what became of the one before it, only on those before that, on every machine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple, Self

from codegenesis.arena.messages import Score
from codegenesis.core.budget import Meter
from codegenesis.core.genetic import identity
from codegenesis.core.repair.evaluator import Evaluator
from codegenesis.core.repair.found import Draft, Version

#: Share of the trials so far that is spent on alternatives to the first find, and the least.
_AGAIN, _AGAIN_LEAST = 0.25, 400
#: The same among single edits, where the likeliest come first and alternatives are cheap.
_AGAIN_SINGLE, _AGAIN_SINGLE_LEAST = 2.0, 800
#: Versions tried between two looks at the clock, and when that many take longer than this.
_SLICE, _SLICE_SLOW, _SLOW_S = 128, 16, 1.0
#: Versions that only run out of steps are looked at again with more, so many at most.
_SECOND_LOOKS = 24


class Batch(NamedTuple):
    """Drafts of one part of the search."""

    stage: str
    drafts: list[Draft]


class _Pending(NamedTuple):
    stage: str
    drafts: list[Draft]
    first: int
    scores: Future[list[Score]]


class Trials:
    """Tries drafts; a context manager.

    Args:
        enough: end when so many plausible versions were found.
    """

    def __init__(
        self, evaluator: Evaluator, meter: Meter, *, enough: int, tell: Callable[[str], None]
    ) -> None:
        self.evaluator = evaluator
        self.meter = meter
        self.stages: Counter[str] = Counter()
        self.plausible: list[Version] = []
        self.best: Version | None = None
        self._enough = enough
        self._tell = tell
        self._seen: set[bytes] = set()
        self._texts: set[int] = set()
        self._limited = False
        self._until = float("inf")
        self._looks = 0
        self._slice = _SLICE_SLOW
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="codegenesis-trials")

    @property
    def count(self) -> int:
        """Versions tried, those under way included."""
        return self.stages.total()

    @property
    def over(self) -> str:
        """Why nothing more is tried, in words; empty while something is."""
        if len(self.plausible) >= self._enough:
            return f"{len(self.plausible)} versions pass every case"
        if self.plausible and self.count >= self._until:
            return "alternatives to the first version that passes were looked for"
        return self.meter.over

    def run(self, drafts: Iterable[Draft], *, stage: str) -> list[Version]:
        """Try those that are new; versions that could not be tried at all are left out."""
        return self._versions(self._begin(Batch(stage, list(drafts))))

    def each(
        self,
        write: Callable[[], Batch | None],
        learn: Callable[[str, list[Version]], None],
    ) -> None:
        """Try batch after batch until nothing more is written or may be spent.

        Args:
            write: the next batch; None when there is none.
            learn: is told what became of a batch, and which part wrote it.
        """
        pending: _Pending | None = None
        while not self.over:
            batch = write()
            if batch is None and pending is None:
                return
            if pending is not None:
                learn(pending.stage, self._versions(pending))
            pending = None
            if batch is not None and not self.over:
                pending = self._begin(batch)
        if pending is not None:
            learn(pending.stage, self._versions(pending))

    def begin_several(self) -> None:
        """From now on versions have several edits: alternatives cost more."""
        self._limited = True

    def _linger(self, trial: int) -> None:
        """Go on for a while after the first find."""
        share, least = (
            (_AGAIN, _AGAIN_LEAST) if self._limited else (_AGAIN_SINGLE, _AGAIN_SINGLE_LEAST)
        )
        self._until = self.count + max(least, share * trial)

    def first_time(self, source: str) -> bool:
        """Note a source; False when the same program was noted before."""
        text = hash(source)
        if text in self._texts:
            return False
        self._texts.add(text)
        program = identity(source)
        if program in self._seen:
            return False
        self._seen.add(program)
        return True

    def _begin(self, batch: Batch) -> _Pending:
        new = [draft for draft in batch.drafts if self.first_time(draft.source)]
        new = new[: int(min(len(new), self.meter.left_trials))]
        self.meter.spend(trials=len(new))
        first = self.count + 1
        self.stages[batch.stage] += len(new)
        sources = [draft.source for draft in new]
        return _Pending(batch.stage, new, first, self._pool.submit(self._score, sources))

    def _score(self, sources: list[str]) -> list[Score]:
        """Scores of the first ones, as far as time allows: what hangs can take seconds each."""
        scores: list[Score] = []
        while len(scores) < len(sources) and (not scores or self.meter.left_s > 0):
            part = sources[len(scores) : len(scores) + self._slice]
            began = self.meter.seconds
            scores += self.evaluator.score(part)
            self._slice = _SLICE if self.meter.seconds - began < _SLOW_S else _SLICE_SLOW
        return scores

    def _versions(self, pending: _Pending) -> list[Version]:
        found = zip(pending.drafts, pending.scores.result(), strict=False)
        versions = [
            Version(
                source=draft.source,
                score=self._patient(draft.source, score),
                trail=draft.trail,
                weight=draft.weight,
                trial=pending.first + number,
                seconds=self.meter.seconds,
                stage=pending.stage,
            )
            for number, (draft, score) in enumerate(found)
            if not score.error and score.endings
        ]
        for version in versions:
            self._keep(version)
        return versions

    def _patient(self, source: str, score: Score) -> Score:
        """With more steps, when a version passes every case but those it ran out of steps in."""
        endings = set(score.endings)
        if endings != {"passed", "steps"} or self._looks >= _SECOND_LOOKS:
            return score
        self._looks += 1
        again = self.evaluator.confirm(source)
        return again if set(again.endings) == {"passed"} else score

    def _keep(self, version: Version) -> None:
        if version.passes:
            if not self.plausible:
                self._tell(f"a version passes every case after {version.trial} trials")
            self.plausible.append(version)
            if len(self.plausible) == 1:
                self._linger(version.trial)
        if self.best is None or _closer(version, self.best):
            self.best = version

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()


def _closer(one: Version, other: Version) -> bool:
    mine, theirs = one.score, other.score
    return (mine.fitness, mine.passed) > (theirs.fitness, theirs.passed)
