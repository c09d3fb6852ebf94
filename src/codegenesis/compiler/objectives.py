"""What is a better program? An objective says which figures count, what must hold, and who wins.

A variant is admitted when the *bounds* of its figures hold, never a point estimate: the figure that
the objective is after must be better by the policy's `min_gain` at its 99 % lower bound, and the
others may not be worse than the objective allows, at theirs. Where a score of several figures
decides, it is taken at the worst corner of the box that the bounds make.

- `fastest`: CPU.
- `frugal`: peak memory, with CPU not worse than 0.95×; memory counts twice, then CPU, then size.
- `resilient`: hostile inputs handled, with CPU not worse than 0.8×.
- `balanced`: the geometric mean of all five figures, none of them below 0.8×.
- `module:function`: the owner's own. It takes a `Fitness` (or, when its parameter is annotated as
  a mapping, a dict) and returns a number, more is better; a variant is admitted when even its worst
  corner scores above the original, which is 1 in every figure. It is the owner's code and runs in
  this process, unlike anything that is evolved.
"""

from __future__ import annotations

import importlib
import inspect
import math
from collections.abc import Callable, Iterator
from itertools import product

import msgspec

from codegenesis.compiler.fitness import FIGURES, Worth
from codegenesis.errors import UsageError
from codegenesis.model import Fitness, Record

#: CPU ratio that `frugal` still takes, and figures that the other presets still take.
_ABOUT_AS_FAST = 0.95
_TOLERABLE = 0.8

Score = Callable[[Fitness], float]


class Objective(Record, frozen=True, kw_only=True):
    """What evolution is after.

    Attributes:
        looks_at: figures that it needs; the others are not measured for it.
        score: ranks those that are admitted, more is better.
        after: the figure that must be better by `min_gain`; empty when the score itself must.
        least: lower bounds of other figures.
        own: written by the owner, whose score has a scale of its own.
    """

    name: str
    looks_at: frozenset[str]
    score: Score
    after: str = ""
    least: dict[str, float] = {}
    own: bool = False

    @property
    def sequential(self) -> bool:
        """Does CPU alone decide, so that a race may end as soon as that is clear?"""
        return self.looks_at == {"cpu"}

    def floor(self, min_gain: float) -> float:
        """The CPU ratio that a race must show: 0 when any will do."""
        if self.after == "cpu":
            return min_gain
        return min(self.least.get("cpu", 0.0), min_gain)

    def refuses(self, worth: Worth, *, min_gain: float) -> str:
        """Why a variant is not good enough, in words; empty when it is.

        Raises:
            UsageError: the owner's function failed.
        """
        wanted = {**self.least, "cpu": self.floor(min_gain)}
        if self.after and self.after != "cpu":
            wanted[self.after] = max(1.0, min_gain)
        for figure, least in wanted.items():
            low, middle = getattr(worth.low, figure), getattr(worth.middle, figure)
            if low < least:
                return (
                    f"{figure} {middle:.2f}× of the original's, at least {low:.2f}×, "
                    f"and {least:.2f}× is asked for"
                )
        return "" if self.after else self._refuses_score(worth, min_gain)

    def _refuses_score(self, worth: Worth, min_gain: float) -> str:
        worst = min(self.score(corner) for corner in _corners(worth, self.looks_at))
        original = self.score(Fitness())
        if self.own:
            good, bar = worst > original, f"more than the original's {original:.4g}"
        else:
            good, bar = worst >= min_gain * original, f"{min_gain * original:.4g}"
        middle = self.score(worth.middle)
        return "" if good else f"scores {middle:.4g}, at least {worst:.4g}, and {bar} is asked for"


def _corners(worth: Worth, figures: frozenset[str]) -> Iterator[Fitness]:
    names = sorted(figures)
    bounds = [(getattr(worth.low, name), getattr(worth.high, name)) for name in names]
    for values in product(*bounds):
        yield Fitness(**dict(zip(names, values, strict=True)))


def _mean(**weights: float) -> Score:
    """Weighted geometric mean of figures."""
    whole = sum(weights.values())

    def score(fitness: Fitness) -> float:
        logs = (weight * math.log(max(1e-9, getattr(fitness, name))) for name, weight in items)
        return math.exp(sum(logs) / whole)

    items = tuple(weights.items())
    return score


FASTEST = Objective(
    name="fastest", looks_at=frozenset({"cpu"}), score=lambda fitness: fitness.cpu, after="cpu"
)
FRUGAL = Objective(
    name="frugal",
    looks_at=frozenset({"memory", "cpu", "size"}),
    score=_mean(memory=4, cpu=2, size=1),
    after="memory",
    least={"cpu": _ABOUT_AS_FAST},
)
RESILIENT = Objective(
    name="resilient",
    looks_at=frozenset({"resilience", "cpu"}),
    score=_mean(resilience=100, cpu=1),
    after="resilience",
    least={"cpu": _TOLERABLE},
)
BALANCED = Objective(
    name="balanced",
    looks_at=frozenset(FIGURES),
    score=_mean(**dict.fromkeys(FIGURES, 1.0)),
    least=dict.fromkeys(FIGURES, _TOLERABLE),
)

PRESETS = {each.name: each for each in (FASTEST, FRUGAL, RESILIENT, BALANCED)}


def objective(name: str) -> Objective:
    """A preset by its name, or the owner's function as `module:function`.

    Raises:
        UsageError: there is no such preset, or no such function.
    """
    if name in PRESETS:
        return PRESETS[name]
    module, colon, attribute = name.partition(":")
    if not colon:
        raise UsageError(
            f"expected an objective, came {name!r}",
            remedy=f"one of {', '.join(PRESETS)}, or module:function of your own",
        )
    try:
        found: object = importlib.import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise UsageError(
            f"cannot find the objective {name}: {error}",
            remedy="the module must be importable from where codegenesis is started",
        ) from error
    if not callable(found):
        raise UsageError(f"expected a function as objective, {name} is {type(found).__name__}")
    return Objective(name=name, looks_at=frozenset(FIGURES), score=_guarded(name, found), own=True)


def _guarded(name: str, function: Callable[..., object]) -> Score:
    """The owner's function, whose failure is said in words."""
    as_mapping = _wants_mapping(function)

    def score(fitness: Fitness) -> float:
        given = msgspec.structs.asdict(fitness) if as_mapping else fitness
        try:
            answer = function(given)
            number = float(answer)  # type: ignore[arg-type]
        except Exception as error:  # boundary to the owner's code
            raise UsageError(
                f"the objective {name} fails on {fitness}: {type(error).__name__}: {error}"
            ) from error
        if math.isnan(number):
            raise UsageError(f"expected a number from the objective {name}, came nan for {fitness}")
        return number

    return score


def _wants_mapping(function: Callable[..., object]) -> bool:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return False
    words = str(parameters[0].annotation) if parameters else ""
    return "Mapping" in words or "dict" in words
