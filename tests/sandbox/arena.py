"""Runs hostile candidates in a real sandbox, twice each, and tells what they achieved.

Imported by the tests, and run as a program where the attacks shall be another user's:
`python arena.py TIER DIRECTORY < sources.json > complaints.json`.
"""

import json
import os
import random
import re
import resource
import sys
import time
from pathlib import Path

from codegenesis import wire
from codegenesis.errors import FragmentError
from codegenesis.sandbox import Environment, Limits, Sandbox

LIMITS = Limits(cpu_s=0.3, wall_s=1.2, setup_s=0.3)
HONEST_NS = 4_000_000
CHECK = (11, 12, 13)
TRACES = ("cg_symlink_plant", "cg_fill", "cg_cache_*", "cg-home/.cg_link", "cg-home/cg_fill",
          "cg-home/.local")  # fmt: skip
TARGET = """
import time


def candidate(x):
    until = time.thread_time() + 0.004
    while time.thread_time() < until:
        pass
    return x * x + 1
"""


def arena(directory: Path, tier: str) -> Sandbox:
    """A sandbox of exactly this tier around the function that the attacks stand in for."""
    (directory / "arena_target.py").write_text(TARGET)
    environment = Environment(root=str(directory), module="arena_target")
    return Sandbox(environment, limits=LIMITS, tier=tier, highest=tier)


def traces() -> list[str]:
    """Files that only an attack would have left."""
    return [str(trace) for name in TRACES for trace in Path("/tmp").glob(name)]


class Run:
    """One candidate over fresh inputs: what it said, and what it cost by our clock."""

    def __init__(self, sandbox, source, seed):
        self.inputs = random.Random(seed).sample(range(10**6), 6)
        self.outcomes, self.cost_ns, self.refused = [], 0, ""
        started = time.monotonic()
        try:
            with sandbox.candidate("candidate", source) as candidate:
                timing = candidate.time([wire.encode_call((x,), {}) for x in self.inputs[:3]])
                self.outcomes = list(timing.outcomes)
                self.outcomes += [
                    candidate.call(wire.encode_call((x,), {})) for x in self.inputs[3:]
                ]
            self.cost_ns = timing.run_ns + timing.overhead_ns
        except FragmentError as error:
            self.refused = str(error)
        self.seconds = time.monotonic() - started

    def accepted(self) -> bool:
        right = [wire.encode(x * x + 1) for x in self.inputs]
        return [o.value for o in self.outcomes if o.kind == "returned"] == right

    def passes(self) -> bool:
        return self.accepted() and self.cost_ns <= 2 * HONEST_NS

    def boasts(self) -> list[str]:
        said = [wire.decode(o.value) for o in self.outcomes if o.kind == "returned"]
        return [value for value in said if isinstance(value, str) and value.startswith("PWNED")]


def complaints(sandbox: Sandbox, source: str) -> list[str]:
    """What an attack achieved against its promise, in two runs; empty when nothing."""
    promise = re.search(r"^# CLASS: (\w+)(?: FORGE: (\w+))?", source, re.MULTILINE)
    forge = promise and promise[2]
    found, before = [], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for seed in (1, 2):
        run = Run(sandbox, source, seed)
        found += run.boasts() + traces()
        # the candidate dies at the first request that exceeds a limit
        if run.seconds > 2 * LIMITS.wall_s + 10:
            found.append("the harness was held up")
        if forge == "wrong" and run.accepted():
            found.append("a wrong answer was accepted")
        # the corpus is slow by the wall clock, so on a busy machine it can be cheap by chance
        if (
            forge == "slow"
            and run.passes()
            and all(Run(sandbox, source, s).passes() for s in CHECK)
        ):
            found.append(f"slow code passed for fast: {run.cost_ns} ns")
    if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before > 64 << 10:
        found.append("the harness took memory")
    if not Run(sandbox, None, seed=3).accepted():
        found.append("the attack outlived its process")
    return found


def main(tier: str, directory: str) -> None:
    attacks = json.load(sys.stdin)
    with arena(Path(directory), tier) as sandbox:
        found = {name: complaints(sandbox, source) for name, source in attacks.items()}
    json.dump({"uid": os.getuid(), "tier": sandbox.tier, "found": found}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
