"""Do predictions find the same gains with fewer trials than a choice at random?

    python -m benchmarks.predict --corpus TheAlgorithms --fates fates.jsonl --json predict.json

Every variant of every function of the corpus (`benchmarks.fates`) is tried once; then orders of
(function, variant) are replayed at will: after each trial it is known what it gained, and a gain
counts as far as it exceeds the best of its function so far. Told is how many trials, and seconds,
it takes until a share of all gains (logarithms of CPU ratios) is found:

- uniform: pairs in random order, the mean of many;
- priors: what operators promise from traits, without experience (`experience = "off"`);
- first run: the engine without any experience at the start; it learns from each trial;
- carried: the engine with experience of *other* projects alone: what is believed of a function
  comes from lessons among which nothing of its own project is, and nothing is learned on the way;
- oracle: the largest gains first, as a bound.

The engine draws (Thompson sampling), so its figures are means over several seeds. `within` is the
number of trials until the best variant of a function is found, where there is anything to choose.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from random import Random
from statistics import mean
from typing import Any, NamedTuple

import msgspec

from benchmarks.fates import Tried, kept, write
from codegenesis.core import forecast, operators
from codegenesis.core.experience import Belief, Learner, Lesson, describe, together
from codegenesis.core.experience.foresight import MOST_GAIN
from codegenesis.core.predict import trial_s

SHARES = (0.5, 0.8, 0.9, 0.95, 1.0)
#: Random orders, and draws of the engine.
UNIFORM, DRAWN = 200, 5
#: Trials between two looks at what was learned meanwhile.
LOOKED_AT_ANEW = 5


class Trial(NamedTuple):
    """One variant with what is known before it is tried, and what became of it."""

    project: str
    gene: str
    lesson: Lesson

    @property
    def gain(self) -> float:
        """Logarithm of the CPU ratio; more than a certain one is worth no more."""
        return min(self.lesson.log_gain or 0.0, MOST_GAIN)


Order = list[Trial]
Chooser = Callable[[Random], Iterable[Trial]]


def main() -> int:
    """Try, replay, tell."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, help="checkout of TheAlgorithms/Python")
    parser.add_argument("--most", type=int, default=150, help="functions of it, at most")
    parser.add_argument("--fates", type=Path, required=True, help="kept there, or read from there")
    parser.add_argument("--json", type=Path, help="write the results there")
    parser.add_argument("--beginning", type=Path, help="write the lessons that are shipped there")
    options = parser.parse_args()
    if not options.fates.exists():
        write(options.fates, options.corpus, most=options.most)
    trials = list(itertools.chain.from_iterable(map(of_function, kept(options.fates))))
    if options.beginning:
        options.beginning.write_bytes(lessons_of(trials))
    document = {
        "benchmark": "predict",
        "python": sys.version.split()[0],
        "cores": os.cpu_count(),
        **described(trials),
        "orders": measured(trials),
    }
    show(document)
    if options.json:
        options.json.write_text(json.dumps(document, indent=2) + "\n")
    return 0


def of_function(tried: Tried) -> Iterator[Trial]:
    """Its variants, as the engine would see them."""
    known = {operator.name: operator for operator in operators()}
    for fate in tried.fates:
        names = [name for name in fate.variant.operator.split("+") if name in known]
        promises = (forecast(tried.gene, known[name], tried.traits).gain for name in names)
        yield Trial(
            tried.project,
            tried.gene.id,
            Lesson(
                variant=fate.variant.id,
                operator=fate.variant.operator,
                features=describe(tried.gene, fate.variant, tried.traits),
                expected=min(MOST_GAIN, sum(map(math.log, promises))),
                died_at=fate.died_at,
                log_gain=fate.log_gain,
                seconds=fate.seconds,
                foreseen_s=trial_s(tried.traits),
            ),
        )


def lessons_of(trials: Order) -> bytes:
    """What the engine begins with, a lesson a line; figures of two digits are exact enough."""
    shipped = []
    for trial in trials:
        rounded = {name: round(value, 2) for name, value in trial.lesson.features.items()}
        features = {name: value for name, value in rounded.items() if value}
        figures = {
            name: round(getattr(trial.lesson, name), 2)
            for name in ("expected", "log_gain", "seconds", "foreseen_s")
        }
        lesson = msgspec.structs.replace(trial.lesson, features=features, **figures)
        shipped.append(msgspec.json.encode(lesson))
    return b"[\n" + b",\n".join(shipped) + b"\n]\n"


def described(trials: Order) -> dict[str, Any]:
    """The corpus in figures."""
    better = {trial.gene for trial in trials if trial.gain > 0}
    return {
        "projects": len({trial.project for trial in trials}),
        "functions": len({trial.gene for trial in trials}),
        "functions_with_a_gain": len(better),
        "variants": len(trials),
        "operators": len({n for t in trials for n in t.lesson.operator.split("+")}),
        "died": sum(bool(trial.lesson.died_at) for trial in trials),
        "gained": sum(trial.gain > 0 for trial in trials),
    }


def measured(trials: Order) -> dict[str, dict[str, Any]]:
    """Each way to choose, replayed."""
    ways: dict[str, tuple[Chooser, int]] = {
        "uniform": (lambda chance: chance.sample(trials, len(trials)), UNIFORM),
        "priors": (lambda _chance: greedy(trials, _by_prior, None), 1),
        "first run": (partial(first_run, trials), DRAWN),
        "carried": (partial(carried, trials), DRAWN),
        "oracle": (lambda _chance: sorted(trials, key=lambda trial: -trial.gain), 1),
    }
    found: dict[str, dict[str, Any]] = {}
    for name, (choose, times) in ways.items():
        orders = [list(choose(Random(seed))) for seed in range(times)]
        found[name] = {
            "trials": [mean(spent(order, share)[0] for order in orders) for share in SHARES],
            "seconds": [mean(spent(order, share)[1] for order in orders) for share in SHARES],
            "within": mean(within(order) for order in orders),
        }
        for figure in ("trials", "seconds"):
            pairs = zip(found[name][figure], found["uniform"][figure], strict=True)
            found[name][f"{figure}_ratio"] = [own / other for own, other in pairs]
    return found


def first_run(trials: Order, chance: Random) -> Iterator[Trial]:
    """Nothing is known at first; what is believed is looked at anew after every few trials."""
    learner = Learner()
    for trial in greedy(trials, partial(_by, learner), chance):
        learner.learn(trial.lesson)
        yield trial


def carried(trials: Order, chance: Random) -> Iterator[Trial]:
    """What is believed comes from other projects."""
    beliefs: dict[int, Belief] = {}
    for project in sorted({trial.project for trial in trials}):
        learner = Learner([t.lesson for t in trials if t.project != project])
        mine = [trial for trial in trials if trial.project == project]
        beliefs |= {id(trial): _by(learner, trial) for trial in mine}
    return greedy(trials, lambda trial: beliefs[id(trial)], chance)


def _by_prior(trial: Trial) -> Belief:
    lesson = trial.lesson
    return Belief(log_gain=lesson.expected, deviation=0.0, seconds=lesson.foreseen_s)


def _by(learner: Learner, trial: Trial) -> Belief:
    """As `Foresight` asks."""
    lesson = trial.lesson
    return learner.believe(lesson.features, lesson.expected, lesson.foreseen_s)


def greedy(
    trials: Sequence[Trial], believe: Callable[[Trial], Belief], chance: Random | None
) -> Iterator[Trial]:
    """The one that promises most beyond what its function has, again and again."""
    best: dict[str, float] = defaultdict(float)
    left = list(trials)
    for step in itertools.count():
        if not left:
            return
        if step % LOOKED_AT_ANEW == 0:
            beliefs = _beliefs(left, believe)
        worth = [beliefs[id(t)].worth(chance, best=best[t.gene]) for t in left]
        trial = left.pop(worth.index(max(worth)))
        best[trial.gene] = max(best[trial.gene], trial.gain)
        yield trial


def _beliefs(trials: Sequence[Trial], believe: Callable[[Trial], Belief]) -> dict[int, Belief]:
    by_gene: dict[str, Order] = defaultdict(list)
    for trial in trials:
        by_gene[trial.gene].append(trial)
    found: dict[int, Belief] = {}
    for mine in by_gene.values():
        believed = together([(trial.lesson.operator, believe(trial)) for trial in mine])
        found |= {id(trial): each for trial, each in zip(mine, believed, strict=True)}
    return found


def spent(order: Iterable[Trial], share: float) -> tuple[int, float]:
    """Trials and seconds until so much of all gains is found."""
    best: dict[str, float] = defaultdict(float)
    found, seconds, steps = 0.0, 0.0, []
    for trial in order:
        more = max(0.0, trial.gain - best[trial.gene])
        best[trial.gene] += more
        found += more
        seconds += trial.lesson.seconds
        steps.append((found, seconds))
    wanted = share * found - 1e-9
    return next((n, s) for n, (got, s) in enumerate(steps, start=1) if got >= wanted)


def within(order: Iterable[Trial]) -> float:
    """Mean trials until the best of a function, over those with a gain and two variants or more."""
    by_gene: dict[str, list[float]] = defaultdict(list)
    for trial in order:
        by_gene[trial.gene].append(trial.gain)
    open_ = [gains for gains in by_gene.values() if max(gains) > 0 and len(gains) > 1]
    firsts = [next(n for n, g in enumerate(gains, 1) if g >= 0.9 * max(gains)) for gains in open_]
    return mean(firsts) if firsts else 0.0


def show(document: dict[str, Any]) -> None:
    """A table for people."""
    head = {k: v for k, v in document.items() if isinstance(v, int) and k != "cores"}
    print(", ".join(f"{value} {name.replace('_', ' ')}" for name, value in head.items()))
    for figure in ("trials", "seconds"):
        print(f"\n{figure} until a share of all gains (in brackets: of uniform)")
        print(f"{'':10}" + "".join(f"{share:>16.0%}" for share in SHARES) + f"{'within':>10}")
        for name, row in document["orders"].items():
            pairs = zip(row[figure], row[f"{figure}_ratio"], strict=True)
            cells = "".join(f"{f'{count:.1f} ({ratio:.2f})':>16}" for count, ratio in pairs)
            print(f"{name:10}{cells}{row['within']:>10.2f}")


if __name__ == "__main__":
    sys.exit(main())
