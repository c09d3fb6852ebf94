"""How often does a canary promote what changes nothing, and how fast does it see what does?

Simulates canaries pair by pair through the real `Tally` and `judge`, read every 20 pairs:

- A/A (and A/A under drift of the machine): promotions are false. Compared with the usual practice,
  a t-test that is peeked at, on the same data.
- A/A with sticky keys: `USERS` users, some of them a hundred times as active as others, each with
  baskets of a size of his own (sigma 0.7 between users), all his calls in one arm. As it is (calls
  of a user are joined to one unit), and for comparison as if his calls were independent.
- detection: variants that are faster, slower, failing or have a fat tail.

Durations are log-normal (sigma 0.5) with 2 % of calls 5 times slower, 0.1 % of calls fail in both
arms. Standard library only:

    python benchmarks/canary_simulation.py --runs 3000 --json canary.json
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import random
import statistics
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from codegenesis.delivery import Rule, Tally, judge
from codegenesis.model import Arm, Sample

LOOK_EVERY = 20
USERS = 4000


@dataclass(frozen=True)
class Scenario:
    """What is true of the variant; `cost` is its CPU per call over the control's."""

    name: str
    cost: float = 1.0
    errors: float = 0.001
    fat_tail: float = 0.0
    drift: bool = False
    null: bool = False
    retried: bool = False
    sticky: Literal["", "joined", "as single calls"] = ""


@dataclass(frozen=True)
class Result:
    """Shares of runs, 0..1, and the median number of pairs at the verdict."""

    scenario: str
    runs: int
    promoted: float
    promoted_after: float | None
    rolled_back: float
    rolled_back_after: float | None
    naive_promoted: float


SCENARIOS = (
    Scenario("A/A", null=True),
    Scenario("A/A, pure gene", null=True, retried=True),
    Scenario("A/A, drift", null=True, drift=True, retried=True),
    Scenario("A/A, sticky keys, pure gene", null=True, retried=True, sticky="joined"),
    Scenario("A/A, sticky keys, drift", null=True, drift=True, retried=True, sticky="joined"),
    Scenario("sticky keys as single calls, pure gene", retried=True, sticky="as single calls"),
    Scenario("2 % slower", cost=1.02),
    Scenario("30 % slower", cost=1.3),
    Scenario("10 % faster, pure gene", cost=0.9, retried=True),
    Scenario("20 % faster", cost=0.8),
    Scenario("20 % faster, pure gene", cost=0.8, retried=True),
    Scenario("20 % faster, drift, pure gene", cost=0.8, drift=True, retried=True),
    Scenario("2x faster", cost=0.5),
    Scenario("2x faster, pure gene", cost=0.5, retried=True),
    Scenario("2x faster, pure gene, sticky keys", cost=0.5, retried=True, sticky="joined"),
    Scenario("2x slower, sticky keys", cost=2.0, sticky="joined"),
    Scenario("20 % faster, errors 1.1 %", cost=0.8, errors=0.011),
    Scenario("20 % faster, errors 3 %", cost=0.8, errors=0.03),
    Scenario("20 % faster, 10 % of calls 8x slower", cost=0.8, fat_tail=0.1),
)


class _Calls:
    """Source of simulated pairs."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.scenario = scenario
        self.chance = random.Random(f"{scenario.name}/{seed}")
        self.machine = 1.0

    def pair(self) -> tuple[Sample, Sample]:
        self.drift()
        return self.call("control"), self.call("variant")

    def drift(self) -> None:
        if self.scenario.drift:
            self.machine *= math.exp(self.chance.gauss(0.0, 0.02))

    def call(self, arm: Arm, *, basket: float = 1.0, key: str = "") -> Sample:
        """A call of a user with this size of basket."""
        what = self.scenario
        if arm == "control":
            return self._sample(arm, cost=basket, errors=0.001, key=key)
        tail = 8.0 if what.fat_tail and self.chance.random() < what.fat_tail else 1.0
        return self._sample(arm, cost=basket * what.cost * tail, errors=what.errors, key=key)

    def _sample(self, arm: Arm, *, cost: float, errors: float, key: str) -> Sample:
        chance = self.chance
        spike = 5.0 if chance.random() < 0.02 else 1.0
        cpu_ns = int(1e6 * cost * spike * self.machine * math.exp(chance.gauss(0.0, 0.5)))
        error = "builtins.ValueError" if chance.random() < errors else ""
        return Sample(
            release="r",
            process="p",
            arm=arm,
            at_ns=0,
            cpu_ns=cpu_ns,
            wall_ns=cpu_ns,
            error=error,
            key=key,
        )


class _StickyCalls(_Calls):
    """The same from users, each of whom sticks to an arm."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        super().__init__(scenario, seed)
        chance = self.chance
        self._baskets = [math.exp(chance.gauss(0.0, 0.7)) for _ in range(USERS)]
        self._arms: list[Arm] = [chance.choice(("control", "variant")) for _ in range(USERS)]
        self._activity = list(itertools.accumulate(chance.paretovariate(1.1) for _ in range(USERS)))

    def pair(self) -> tuple[Sample, Sample]:
        self.drift()
        users = self.chance.choices(range(USERS), cum_weights=self._activity, k=2)
        return self._call_of(users[0]), self._call_of(users[1])

    def _call_of(self, user: int) -> Sample:
        key = str(user) if self.scenario.sticky == "joined" else ""
        return self.call(self._arms[user], basket=self._baskets[user], key=key)


def run_once(scenario: Scenario, pairs: int, seed: int) -> tuple[str, int, bool]:
    """One canary: (verdict, pairs at the verdict, would the t-test have promoted?)."""
    calls = (_StickyCalls if scenario.sticky else _Calls)(scenario, seed)
    rule = Rule(retried=scenario.retried)
    tally = Tally(warm_up=rule.warm_up)
    verdict, after, naive = "wait", pairs, False
    for n in range(1, pairs + 1):
        tally.extend(calls.pair())
        if n % LOOK_EVERY:
            continue
        if verdict == "wait":
            judgement = judge(tally, rule=rule, known_errors={"builtins.ValueError"})
            verdict, after = judgement.verdict, n
        ratio = tally.log_ratio
        if (
            scenario.null
            and ratio.n >= 100
            and ratio.mean > 1.96 * ratio.deviation / math.sqrt(ratio.n)
        ):
            naive = True
        if verdict != "wait" and (naive or not scenario.null):
            break
    return verdict, after, naive


def _run_many(task: tuple[Scenario, int, int, int]) -> list[tuple[str, int, bool]]:
    scenario, pairs, first, last = task
    return [run_once(scenario, pairs, seed) for seed in range(first, last)]


def summarise(scenario: Scenario, outcomes: list[tuple[str, int, bool]]) -> Result:
    """Shares and medians over the runs of one scenario."""
    promoted = [after for verdict, after, _ in outcomes if verdict == "promote"]
    rolled_back = [after for verdict, after, _ in outcomes if verdict == "roll_back"]
    return Result(
        scenario=scenario.name,
        runs=len(outcomes),
        promoted=len(promoted) / len(outcomes),
        promoted_after=statistics.median(promoted) if promoted else None,
        rolled_back=len(rolled_back) / len(outcomes),
        rolled_back_after=statistics.median(rolled_back) if rolled_back else None,
        naive_promoted=sum(naive for *_, naive in outcomes) / len(outcomes),
    )


def simulate(scenario: Scenario, *, runs: int, pairs: int, jobs: int) -> Result:
    """Run one scenario on `jobs` processes; the seeds are 0..runs-1 whatever `jobs` is."""
    step = math.ceil(runs / (jobs * 4))
    tasks = [(scenario, pairs, at, min(runs, at + step)) for at in range(0, runs, step)]
    with ProcessPoolExecutor(jobs) as pool:
        return summarise(scenario, [one for many in pool.map(_run_many, tasks) for one in many])


def _print(result: Result, *, null: bool) -> None:
    naive = f"{result.naive_promoted:13.1%}" if null else f"{'-':>13}"
    print(
        f"{result.scenario:40} {result.runs:5} "
        f"{result.promoted:9.2%} {result.promoted_after or '-':>7} "
        f"{result.rolled_back:9.2%} {result.rolled_back_after or '-':>7} {naive}",
        flush=True,
    )


def main() -> None:
    """Parse the command line, run all scenarios, print a table and write JSON when asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3000, help="A/A runs; others get a tenth")
    parser.add_argument("--pairs", type=int, default=4000, help="length of a canary")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--json", type=Path, help="write the results there")
    options = parser.parse_args()
    print(
        f"{'scenario':40} {'runs':>5} {'promote':>9} {'median':>7} {'roll back':>9} {'median':>7} "
        f"{'naive t-test':>13}"
    )
    results = []
    for scenario in SCENARIOS:
        runs = options.runs if scenario.null else max(1, options.runs // 10)
        result = simulate(scenario, runs=runs, pairs=options.pairs, jobs=options.jobs)
        _print(result, null=scenario.null)
        results.append(asdict(result))
    if options.json:
        document = {"pairs": options.pairs, "look_every": LOOK_EVERY, "results": results}
        options.json.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
