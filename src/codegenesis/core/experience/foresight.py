"""Which variant next? The expected log gain per second, drawn from what is believed of it.

Two quantities are believed of a variant, each by a Bayesian linear model on the features of
`features.describe`: what it gains (a death is a gain of nothing), and how long it takes. The priors
of the operators (`predict.forecast`) are where both begin, so without experience the order is
theirs. A draw instead of the mean (Thompson sampling) is what gives a variant of which little is
known its turn. Every trial is a lesson for the next draw, in this pass and in every later one.

Rejected: a model of survival beside one of the gain of survivors (most deaths are an operator's or
a shape's, which one linear model tells apart as well), and interactions of operators with features
(a few hundred lessons do not fill them). Measured by `benchmarks/predict.py`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from random import Random

import msgspec

from codegenesis.core.experience.book import Book, Lesson, digest_of
from codegenesis.core.experience.features import Features, describe, measured, shape
from codegenesis.core.experience.linear import Linear
from codegenesis.core.predict import trial_s
from codegenesis.model import Gene, Proposal, Record, Trait, Trial, Variant

#: Log gains beyond this teach nothing more: twenty times or a thousand, it comes first.
MOST_GAIN = 3.0
#: What is believed of an operator that says nothing of itself.
_UNKNOWN_GAIN = math.log(1.2)


class Belief(Record, frozen=True, kw_only=True):
    """What is believed of one variant.

    Attributes:
        log_gain: expected logarithm of the CPU ratio old / new, deaths counted as 0.
        deviation: standard deviation of that.
        seconds: that trying it takes.
    """

    log_gain: float
    deviation: float
    seconds: float

    def draw(self, chance: Random, *, best: float = 0.0) -> float:
        """Log gain per second as it may be, of which only what exceeds `best` counts; when none
        does, how far below it is: negative."""
        return (chance.gauss(self.log_gain, self.deviation) - best) / self.seconds


class Learner:
    """Believes something of every variant, and learns from what became of some."""

    def __init__(self, lessons: Sequence[Lesson] = ()) -> None:
        self._gain = Linear(noise=0.8, prior=_reach)
        self._cost = Linear(noise=0.7, prior=_reach)
        self._tried: Counter[str] = Counter()
        self._lived: Counter[str] = Counter()
        for lesson in lessons:
            self.learn(lesson)

    def learn(self, lesson: Lesson) -> None:
        """One more."""
        features = _known(lesson.features, lesson.expected)
        for name in lesson.operator.split("+"):
            self._tried[name] += 1
            self._lived[name] += not lesson.died_at
        if lesson.log_gain is not None:
            self._gain.learn(features, min(lesson.log_gain, MOST_GAIN) - lesson.expected)
        if lesson.seconds > 0:
            self._cost.learn(features, math.log(lesson.seconds / lesson.foreseen_s))

    def believe(self, features: Features, expected: float, seconds: float) -> Belief:
        """What to expect of a variant of which so much is expected without experience."""
        known = _known(features, expected)
        gain, deviation = self._gain.expect(known)
        longer, _ = self._cost.expect(known)
        return Belief(
            log_gain=expected + gain,
            deviation=deviation,
            seconds=seconds * math.exp(max(-3.0, min(3.0, longer))),
        )

    def history(self, operator: str) -> tuple[int, int]:
        """How many of an operator's variants were tried, and how many of them lived."""
        return self._tried[operator], self._lived[operator]


class Foresight:
    """Puts the variants of one gene in order, and learns from what becomes of them.

    Args:
        proposals: what the operators promise without experience.
        book: where lessons come from and go to; None for priors alone, without any chance.
    """

    def __init__(
        self,
        gene: Gene,
        traits: Sequence[Trait],
        *,
        proposals: Sequence[Proposal] = (),
        book: Book | None = None,
        seed: int = 0,
    ) -> None:
        self._gene, self._traits, self._book = gene, tuple(traits), book
        self._priors = {p.operator: math.log(max(p.gain, 1.0)) for p in proposals}
        self._chance = Random(f"{seed}:{gene.id}:{gene.base}")
        lessons = book.lessons() if book else []
        self.digest = digest_of(lessons) if book else ""
        self._learner = Learner(lessons)

    def order(self, variants: Sequence[Variant]) -> Iterator[Variant]:
        """The variants, the most promising first; each draw knows what was learned meanwhile."""
        left = list(variants)
        while left:
            drawn = [self._draw(self.believe(variant)) for variant in left]
            yield left.pop(drawn.index(max(drawn)))

    def believe(self, variant: Variant) -> Belief:
        """What to expect of one of them."""
        features = describe(self._gene, variant, self._traits)
        return self._learner.believe(features, self._expected(variant), self._seconds)

    def learn(
        self, variant: Variant, trials: Sequence[Trial], *, log_gain: float | None = None
    ) -> None:
        """What became of a variant; kept for later passes as well.

        Args:
            trials: of the gates it came to, the last one being where it died, if it did.
            log_gain: of its race, when it came to one.
        """
        death = next((trial.gate for trial in trials if trial.verdict == "failed"), "")
        lesson = Lesson(
            variant=variant.id,
            operator=variant.operator,
            features=describe(self._gene, variant, self._traits),
            expected=self._expected(variant),
            died_at=death,
            log_gain=0.0 if death else log_gain,
            seconds=sum(trial.seconds for trial in trials),
            foreseen_s=self._seconds,
        )
        self._learner.learn(lesson)
        if self._book:
            self._book.note([lesson])

    @property
    def _seconds(self) -> float:
        return trial_s(self._traits)

    def _expected(self, variant: Variant) -> float:
        names = variant.operator.split("+")
        return min(MOST_GAIN, sum(self._priors.get(name, _UNKNOWN_GAIN) for name in names))

    def _draw(self, belief: Belief) -> float:
        return belief.draw(self._chance) if self._book else belief.log_gain / belief.seconds


def revised(learner: Learner, gene: Gene, traits: Sequence[Trait], proposal: Proposal) -> Proposal:
    """A proposal in the light of what became of the operator's variants elsewhere."""
    tried, lived = learner.history(proposal.operator)
    if not tried:
        return proposal
    features = {f"is {proposal.operator}": 1.0, **measured(traits)}
    features |= {f"has {name}": value for name, value in shape(gene.source).items()}
    belief = learner.believe(features, math.log(max(proposal.gain, 1.0)), proposal.cost_s)
    return msgspec.structs.replace(
        proposal,
        gain=math.exp(max(0.0, belief.log_gain)),
        cost_s=belief.seconds,
        reason=f"{proposal.reason}; {lived} of {tried} such versions passed the gates before",
    )


def _known(features: Mapping[str, float], expected: float) -> Features:
    return {**features, "always": 1.0, "expected": expected}


def _reach(name: str) -> float:
    """How far a feature may carry: who wrote it more than what the function looks like."""
    if name.startswith("is ") or name == "always":
        return 0.5
    return 1.0 if name == "expected" else 0.15
