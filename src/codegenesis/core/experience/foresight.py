"""Which variant next? The expected log gain per second, drawn from what is believed of it.

Two quantities are believed of a variant, each by a Bayesian linear model on the features of
`features.describe`: what it gains (a death is a gain of nothing), and how long it takes. The priors
of the operators (`predict.forecast`) are where both begin, so without experience the order is
theirs. A draw instead of the mean (Thompson sampling) is what gives a variant of which little is
known its turn. Every trial is a lesson for the next draw, in this pass and in every later one.

Rejected, as measured by `benchmarks/predict.py`: ordering by gain per second of the gates alone
(what is cheap to try has little to give, and comes first then), and expected improvement over what
the function already has in place of a draw (finds the same as late).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from random import Random

import msgspec

from codegenesis.core.experience.book import Book, Lesson, beginning, digest_of
from codegenesis.core.experience.features import Features, describe, measured, shape
from codegenesis.core.experience.linear import Linear
from codegenesis.core.predict import trial_s
from codegenesis.model import Gene, Proposal, Record, Trait, Trial, Variant

#: Log gains beyond this teach nothing more: twenty times or a thousand, it comes first.
MOST_GAIN = 3.0
#: Seconds that a variant costs beside its gates: its part of the baseline, the race and the proof.
#: Without them what is cheap to try comes first, although it has little to give (measured).
TURN_S = 20.0
#: Part of the deviation that draws are made with: the models know that they are wrong by more than
#: noise, and a whole deviation explores more than a few dozen variants can pay for (measured).
_EXPLORES = 0.5
#: A combination comes before the best of its parts when nothing else tells them apart.
_COMBINED = 0.02
#: What an operator may depend on in particular: one rewrite pays in one shape and not in another.
_SHAPES = ("has loops", "has nested loops", "has membership in loop", "has scan in loop")
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

    def worth(self, chance: Random | None = None, *, best: float = 0.0) -> float:
        """Log gain per second, of which only what exceeds `best` counts.

        Args:
            chance: draws what may be; without it, what is expected.
            best: log gain that the function already has.
        """
        deviation = _EXPLORES * self.deviation
        gain = chance.gauss(self.log_gain, deviation) if chance else self.log_gain
        more = gain - best
        return more / (self.seconds + TURN_S) if more > 0 else more


class Learner:
    """Believes something of every variant, and learns from what became of some."""

    def __init__(self, lessons: Sequence[Lesson] = ()) -> None:
        self._gain = Linear(noise=1.0, prior=_reach)
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


def lessons_of(book: Book | None) -> list[Lesson]:
    """What everybody begins with, and what this book adds; nothing where there is to be none."""
    return [*beginning(), *book.lessons()] if book else []


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
        lessons = lessons_of(book)
        self.digest = digest_of(lessons) if book else ""
        self._learner = Learner(lessons)

    def order(self, variants: Sequence[Variant]) -> Iterator[Variant]:
        """The variants, the most promising first; each draw knows what was learned meanwhile."""
        left = list(variants)
        while left:
            chance = self._chance if self._book else None
            beliefs = together([(each.operator, self.believe(each)) for each in left])
            worth = [belief.worth(chance) for belief in beliefs]
            yield left.pop(worth.index(max(worth)))

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


def together(believed: Sequence[tuple[str, Belief]]) -> list[Belief]:
    """Beliefs about the variants of one function, by operator, in the light of each other.

    A part that turns out to gain nothing hardly takes from what the others gain, which sums do not
    know: a combination is believed to gain at least what the best of its parts does.
    """
    alone: dict[str, float] = {}
    for operator, belief in believed:
        alone[operator] = max(belief.log_gain, alone.get(operator, -math.inf))
    return [_raised(operator, belief, alone) for operator, belief in believed]


def _raised(operator: str, belief: Belief, alone: Mapping[str, float]) -> Belief:
    best = max(alone.get(name, -math.inf) for name in operator.split("+"))
    if "+" not in operator or best <= belief.log_gain:
        return belief
    return msgspec.structs.replace(belief, log_gain=best + _COMBINED)


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
    found = {**features, "always": 1.0, "expected": expected}
    shapes = [(name, features[name]) for name in _SHAPES if name in features]
    for operator in [name for name in features if name.startswith("is ")]:
        found |= {f"{operator}, {name}": value for name, value in shapes}
    return found


def _reach(name: str) -> float:
    """How far a feature may carry: who wrote it more than what the function looks like. Coarse
    figures on purpose; narrower ones than these follow the corpus that they were chosen on."""
    if name == "always" or (name.startswith("is ") and ", " not in name):
        return 0.3
    if name.startswith("has "):
        return 0.08
    return 0.5 if name == "expected" else 0.1
