"""How often do rewards roll back a canary that changes nothing, and how soon one that does harm?

Simulates uses of an application through the real `Worth`, read after every 20 uses: `USERS` users,
some a hundred times as active as others, each of whom spends in his own way (sigma 0.7 between
users, 1.0 within) and sticks to one arm; a use ends in an order with a probability of 30 %.

- *orders*: only orders are rewarded, by their value;
- *uses*: every use is, without an order by 0;
- *as single uses*: the same orders, as if those of a user were independent of each other.

    python -m benchmarks.reward_simulation --runs 1000 --json rewards.json
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import random
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path

from codegenesis.delivery.sequential import Rule
from codegenesis.delivery.worth import Worth
from codegenesis.model import Arm, Reward

LOOK_EVERY = 20
USERS = 4000


@dataclass(frozen=True)
class Scenario:
    """What is true of the variant: its orders and their value, over the control's."""

    name: str
    orders: float = 1.0
    value: float = 1.0
    every_use: bool = False
    joined: bool = True


@dataclass(frozen=True)
class Result:
    """Share of runs that were rolled back, and the median number of uses until then."""

    scenario: str
    runs: int
    rolled_back: float
    after_uses: float | None


SCENARIOS = (
    Scenario("A/A, orders"),
    Scenario("A/A, uses", every_use=True),
    Scenario("A/A, orders, as single uses", joined=False),
    Scenario("20 % fewer orders", orders=0.8),
    Scenario("half the orders", orders=0.5),
    Scenario("half the orders, uses", orders=0.5, every_use=True),
    Scenario("orders of half the value", value=0.5),
    Scenario("10 % more orders", orders=1.1),
)


class _Uses:
    """Source of simulated uses."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self._scenario = scenario
        self._chance = chance = random.Random(f"{scenario.name}/{seed}")
        self._purses = [math.exp(chance.gauss(3.0, 0.7)) for _ in range(USERS)]
        self._arms: list[Arm] = [chance.choice(("control", "variant")) for _ in range(USERS)]
        activity = (chance.paretovariate(1.1) for _ in range(USERS))
        self._activity = list(itertools.accumulate(activity))

    def use(self) -> Reward | None:
        what, chance = self._scenario, self._chance
        user = chance.choices(range(USERS), cum_weights=self._activity)[0]
        better = self._arms[user] == "variant"
        value = 0.0
        if chance.random() < 0.3 * (what.orders if better else 1.0):
            value = self._purses[user] * math.exp(chance.gauss(0.0, 1.0))
            value *= what.value if better else 1.0
        if not value and not what.every_use:
            return None
        key = str(user) if what.joined else ""
        arms = {"r": self._arms[user]}
        return Reward(service="s", process="p", value=value, key=key, arms=arms, at_ns=0)


def run_once(scenario: Scenario, uses: int, seed: int) -> int | None:
    """Uses until the canary is rolled back; None when it is not."""
    source, worth = _Uses(scenario, seed), Worth("r", weight=0.5, rule=Rule().for_attempt(1))
    for n in range(1, uses + 1):
        reward = source.use()
        if reward is not None:
            worth.add(reward)
        if n % LOOK_EVERY == 0 and worth.worse():
            return n
    return None


def simulate(scenario: Scenario, *, runs: int, uses: int) -> Result:
    """Run one scenario with the seeds 0..runs-1."""
    ends = [run_once(scenario, uses, seed) for seed in range(runs)]
    hit = [end for end in ends if end is not None]
    return Result(
        scenario=scenario.name,
        runs=runs,
        rolled_back=len(hit) / runs,
        after_uses=statistics.median(hit) if hit else None,
    )


def main() -> None:
    """Parse the command line, run all scenarios, print a table and write JSON when asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=1000, help="A/A runs; others get a tenth")
    parser.add_argument("--uses", type=int, default=8000, help="length of a canary")
    parser.add_argument("--json", type=Path, help="write the results there")
    options = parser.parse_args()
    print(f"{'scenario':32} {'runs':>5} {'roll back':>9} {'median uses':>11}")
    results = []
    for scenario in SCENARIOS:
        runs = options.runs if scenario.name.startswith("A/A") else max(1, options.runs // 10)
        found = simulate(scenario, runs=runs, uses=options.uses)
        print(
            f"{found.scenario:32} {runs:5} {found.rolled_back:9.2%} {found.after_uses or '-':>11}"
        )
        results.append(asdict(found))
    if options.json:
        document = {"uses": options.uses, "look_every": LOOK_EVERY, "results": results}
        options.json.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
