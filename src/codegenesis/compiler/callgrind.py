"""How many instructions does it take? A count without noise, for races that time leaves undecided.

valgrind's callgrind runs the interpreter on a synthetic processor and counts: the same program
gives the same figure to a few thousandths, however busy the machine. But instructions are not
time: a cache miss, a wrong branch, an allocation and an addition count alike, and native code with
wide registers counts too cheap. So a count decides only whether more pairs are worth running, and
stands beside the measured gain as corroboration; no variant is accepted for it. It comes from the
process that runs the variant, which is one more reason.

The interpreter starts once, imports the module, and forks; each side installs its fragment, makes
the calls once to warm up, and is counted between two calls of a C function that callgrind is told
to watch (`--dump-before`), so that start-up is not in the figure. It runs in the workshop, which
is a jail. Looked at: `perf stat` (no counters in most virtual machines), two run lengths and their
slope (four starts of the interpreter at fifty times its usual time).
"""

from __future__ import annotations

import functools
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from codegenesis.errors import SandboxError
from codegenesis.model import Gene, Record
from codegenesis.sandbox import WorkLimits, Workshop

_MARK = "getpgrp"
_SIDES = ("original", "variant")
_DRIVER = f"""
import importlib, os, sys
import msgspec
from codegenesis.sandbox import serving

with open("job", "rb") as file:
    module, qualname, sources, calls = msgspec.msgpack.decode(file.read())
imported = importlib.import_module(module)
for side, source in sources.items():
    if os.fork():
        os.wait()
        continue
    target = serving.find(imported, qualname)
    if source is not None:
        serving.install(target, source)
    batch = serving.Batch(target.function, serving.resolver(imported), max_bytes=1 << 24)
    batch.load(calls)
    batch.run()
    batch.load(calls)
    with open(side + ".pid", "w") as file:
        file.write(str(os.getpid()))
    os.{_MARK}()
    batch.run()
    os.{_MARK}()
    os._exit(0)
"""


class Count(Record, frozen=True, kw_only=True):
    """Instructions of both sides for the same calls.

    Attributes:
        missing: why there is no count, in words; empty when there is.
    """

    original: int = 0
    variant: int = 0
    missing: str = ""

    @property
    def ratio(self) -> float:
        """Original / variant, more is better; 0 without a count."""
        return self.original / self.variant if self.variant else 0.0


@functools.cache
def missing() -> str:
    """Why nothing can be counted on this machine; empty when it can."""
    if shutil.which("valgrind"):
        return ""
    return "valgrind is not installed: close races are decided by time alone"


def count(
    gene: Gene,
    source: str,
    calls: Sequence[bytes],
    *,
    original: str | None = None,
    wall_s: float = 60.0,
) -> Count:
    """Count the instructions of both sides for one pass over `calls`.

    Args:
        source: the variant's fragment.
        original: fragment of the other side; None for the function as it stands.
        wall_s: seconds it may take; about fifty times the CPU of import and calls.
    """
    if why := missing():
        return Count(missing=why)
    sources = dict(zip(_SIDES, (original, source), strict=True))
    job = msgspec.msgpack.encode((gene.module, gene.qualname, sources, list(calls)))
    home = str(Path(__file__).parents[2])
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=counts.%p"]
    command += [f"--dump-before={_MARK}", sys.executable, "-P", "driver.py"]
    try:
        done = Workshop(visible=(gene.root, home)).run(
            command,
            files={"driver.py": _DRIVER.encode(), "job": job},
            keep=["counts.*", "*.pid"],
            env={"PYTHONPATH": f"{gene.root}:{home}"},
            limits=WorkLimits(cpu_s=wall_s, wall_s=wall_s, memory_bytes=4 << 30),
        )
    except SandboxError as error:
        return Count(missing=f"instructions could not be counted: {error}")
    counts = [_instructions(done.files, side) for side in _SIDES]
    if not all(counts):
        why = done.died or done.stderr.decode(errors="replace").strip()[-200:] or "no count"
        return Count(missing=f"instructions could not be counted: {why}")
    return Count(original=counts[0], variant=counts[1])


def _instructions(files: Mapping[str, bytes], side: str) -> int:
    """Between the two marks: the last part that a mark has ended."""
    pid = files.get(f"{side}.pid", b"").decode(errors="replace")
    parts = {
        int(name.rpartition(".")[2]): text
        for name, text in files.items()
        if re.fullmatch(rf"counts\.{re.escape(pid)}\.\d+", name)
        and f"Trigger: --dump-before={_MARK}".encode() in text
    }
    if len(parts) < 2:
        return 0
    found = re.search(rb"^totals: (\d{1,18})$", parts[max(parts)], re.MULTILINE)
    return int(found[1]) if found else 0
