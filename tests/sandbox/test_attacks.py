"""The corpus of hostile candidates, with its canaries planted: each class must fail, twice.

Found through CODEGENESIS_ATTACKS or beside the repository; see the corpus' own README for what its
files promise to try.
"""

import os
import random
import re
import resource
import shutil
import socket
import time
from pathlib import Path

import pytest
from jail_bench import call, write_project

from codegenesis import wire
from codegenesis.errors import FragmentError
from codegenesis.sandbox import Environment, Limits, Sandbox

pytestmark = pytest.mark.attacks

CORPUS = Path(
    os.environ.get("CODEGENESIS_ATTACKS") or Path(__file__).parents[2].parent / "shared" / "attacks"
)
ATTACKS = sorted(CORPUS.glob("a*.py"))
LIMITS = Limits(cpu_s=0.3, wall_s=1.2, setup_s=0.3)
HONEST_NS = 4_000_000
HOME = Path("/tmp/cg-home")  # the corpus names these places
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


@pytest.fixture(scope="module", autouse=True)
def _corpus_or_skip():
    if not ATTACKS:
        if os.environ.get("CI") == "true":
            pytest.fail(f"no corpus of attacks at {CORPUS}")
        pytest.skip(f"no corpus of attacks at {CORPUS}")


@pytest.fixture(scope="module")
def canaries():
    """What an attack would find or reach; yields a check that none was."""
    HOME.mkdir(exist_ok=True)
    (HOME / ".cg_canary").write_text("canary secret\n")
    if os.geteuid() == 0:
        shutil.copy("/usr/bin/id", HOME / "suid_id")
        (HOME / "suid_id").chmod(0o4755)
    path = Path("/tmp/cg_canary.sock")
    path.unlink(missing_ok=True)
    listeners = [socket.create_server(("127.0.0.1", 45991), reuse_port=False)]
    for address in ("\0cg_canary_abstract", str(path)):
        listeners.append(socket.socket(socket.AF_UNIX))
        listeners[-1].bind(address)
        listeners[-1].listen()
    for listener in listeners:
        listener.setblocking(False)
    os.environ["CG_CANARY_SECRET"] = "canary secret"

    def touched() -> list[str]:
        found = [str(trace) for name in TRACES for trace in Path("/tmp").glob(name)]
        for listener in listeners:
            try:
                listener.accept()[0].close()
                found.append(f"connection to {listener.getsockname()}")
            except BlockingIOError:
                pass
        return found

    yield touched
    del os.environ["CG_CANARY_SECRET"]
    for listener in listeners:
        listener.close()
    path.unlink(missing_ok=True)
    shutil.rmtree(HOME)


@pytest.fixture(scope="module")
def arena(tmp_path_factory, canaries):
    root = write_project(tmp_path_factory.mktemp("arena"), {"arena_target.py": TARGET})
    with Sandbox(Environment(root=str(root), module="arena_target"), limits=LIMITS) as sandbox:
        yield sandbox


class Run:
    """One candidate over fresh inputs: what it said, and what it cost by our clock."""

    def __init__(self, sandbox, source, seed):
        self.inputs = random.Random(seed).sample(range(10**6), 6)
        self.outcomes, self.cost_ns, self.refused = [], 0, ""
        started = time.monotonic()
        try:
            with sandbox.candidate("candidate", source) as candidate:
                timing = candidate.time([call(x) for x in self.inputs[:3]])
                self.outcomes = list(timing.outcomes)
                self.outcomes += [candidate.call(call(x)) for x in self.inputs[3:]]
            self.cost_ns = timing.run_ns + timing.overhead_ns
        except FragmentError as error:
            self.refused = str(error)
        self.seconds = time.monotonic() - started

    def accepted(self) -> bool:
        right = [wire.encode(x * x + 1) for x in self.inputs]
        return [o.value for o in self.outcomes if o.kind == "returned"] == right

    def boasts(self) -> list[str]:
        said = [wire.decode(o.value) for o in self.outcomes if o.kind == "returned"]
        return [value for value in said if isinstance(value, str) and value.startswith("PWNED")]


def test_the_honest_function_passes_and_costs_what_it_costs(arena):
    run = Run(arena, None, seed=1)
    assert run.accepted()
    assert run.cost_ns > 2 * HONEST_NS


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda path: path.stem)
def test_the_attack_fails(arena, canaries, attack):
    source = attack.read_text()
    promise = re.search(r"^# CLASS: (\w+)(?: FORGE: (\w+))?", source, re.MULTILINE)
    kind, forge = promise.groups()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for seed in (1, 2):
        run = Run(arena, source, seed)
        assert run.boasts() == []
        assert canaries() == []
        # the candidate dies at the first request that exceeds a limit
        assert run.seconds < 2 * LIMITS.wall_s + 10, "the harness was held up"
        if forge == "wrong":
            assert not run.accepted()
        elif forge == "slow":
            assert not run.accepted() or run.cost_ns > 2 * HONEST_NS
        else:
            assert forge is None, kind
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10
    assert Run(arena, None, seed=3).accepted(), "the attack outlived its process"
