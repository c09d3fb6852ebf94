"""The fork arms of `sandbox_throughput`: a process with what a zygote has loaded, but no jail.

A module of its own, because a process that is forked must hold nothing else: the cost of a fork is
the size of the process. Reads lines `way seconds`, answers with milliseconds as JSON.

    python -m benchmarks.bare_fork CORE DIRECTORY
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import time
import types
from collections.abc import Callable

import codegenesis
from codegenesis import wire

FRAGMENT = "def square(x):\n    return 1 + x * x\n"
CALL = wire.encode_call((7,), {})
RIGHT = wire.encode(50)
ANSWERED = 1 << 16


def fork(work: Callable[[], bytes]) -> bool:
    theirs, ours = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(ours, work())
        os._exit(0)
    os.close(ours)
    answer = os.read(theirs, ANSWERED)
    os.close(theirs)
    os.waitpid(pid, 0)
    return answer == RIGHT


def repeat(way: Callable[[], bool], seconds: float) -> list[float]:
    """Milliseconds of each candidate, for about so long."""
    taken = []
    until = time.perf_counter() + seconds
    while (started := time.perf_counter()) < until:
        if not way():
            raise SystemExit("a wrong answer: nothing was measured")
        taken.append((time.perf_counter() - started) * 1e3)
    return taken


def serve(ways: dict[str, Callable[[], bool]]) -> None:
    """Rounds: a line `way seconds` in, a line of JSON out."""
    for line in sys.stdin:
        way, _, seconds = line.strip().rpartition(" ")
        print(json.dumps(repeat(ways[way], float(seconds))), flush=True)


def main(core: int, root: str) -> None:
    os.sched_setaffinity(0, {core})
    as_in_a_zygote()
    from codegenesis.sandbox import loading, serving
    from codegenesis.sandbox.environment import Environment
    from codegenesis.sandbox.zygote import PRELOADED

    def same_work() -> bytes:
        """What a candidate does once it is locked in."""
        target = serving.find(module, "square")
        serving.install(target, FRAGMENT)
        batch = serving.Batch(target.function, serving.resolver(module), max_bytes=ANSWERED)
        batch.load([CALL])
        batch.run()
        return batch.collect()[0].value

    for name in PRELOADED:
        importlib.import_module(name)
    module = loading.load(Environment(root=root, module="target"))
    gc.collect()
    gc.freeze()
    serve({"fork, same work": lambda: fork(same_work), "fork": lambda: fork(lambda: RIGHT)})


def as_in_a_zygote() -> None:
    """Load modules of the sandbox without its front, which a zygote does not load either."""
    front = types.ModuleType("codegenesis.sandbox")
    front.__path__ = [f"{codegenesis.__path__[0]}/sandbox"]
    sys.modules[front.__name__] = codegenesis.sandbox = front


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
