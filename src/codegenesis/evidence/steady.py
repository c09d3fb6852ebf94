"""A program whose chance and clock are given: the same before every call, or others on purpose.

A function that draws a number or stamps a time does not repeat itself, but it does when what it
draws from is set anew before each call. Both programs get the same, so they can be compared
exactly; and with another seed the original shows which parts of its answers are noise. Reached are
`random`, `secrets`, `uuid4`, `os.urandom`, numpy's generators and the clocks of `time`; not
`datetime.now`, which reads its clock in C: what comes from there is learned as noise.
"""

from __future__ import annotations

from collections.abc import Sequence

from codegenesis.evidence.manners import dressed

_SOURCE = """
def _codegenesis_steady(function):
    import os, random, sys, time

    space, busy, steps, own = globals(), [], [0], random.Random()
    moment = 1700000000.0 + 86411.7 * SEED

    def read():
        steps[0] += 1
        return moment + steps[0] * 1e-6

    def read_ns():
        return int(read() * 1e9)

    given = {name: read for name in ("time", "monotonic", "perf_counter", "process_time")}
    given.update({name + "_ns": read_ns for name in given})
    clocks = {id(getattr(time, name)): new for name, new in given.items()}
    clocks[id(os.urandom)] = own.randbytes
    for name, value in list(space.items()):
        if id(value) in clocks:
            space[name] = clocks[id(value)]
    for name, new in given.items():
        setattr(time, name, new)
    os.urandom = random._urandom = own.randbytes

    def steady(*args, **kwargs):
        if busy:
            return function(*args, **kwargs)
        busy.append(1)
        steps[0] = 0
        random.seed(SEED)
        own.seed(SEED)
        if "numpy.random" in sys.modules:
            sys.modules["numpy.random"].seed(SEED)
        try:
            return function(*args, **kwargs)
        finally:
            busy.clear()

    return steady
"""


def steady(source: str, *, seed: int = 0, free: Sequence[str] = ()) -> str:
    """The fragment with chance and clock set before each outermost call.

    Args:
        seed: of chance; the clock shows another day for each.
        free: the gene's free variables.
    """
    template = _SOURCE.replace("SEED", str(seed))
    return dressed(source, template, "_codegenesis_steady", free=free)
