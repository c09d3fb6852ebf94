"""What of this machine a model may take: memory that is free, and cores that nobody uses.

Threads beyond the free cores do not slow a model down a little but make it collapse: llama.cpp's
threads wait for each other after every layer, so one that is not scheduled stops them all. Measured
on 2 cores: alone 26 tokens/s with two threads and 17 with one; at a load of 6, one thread still
wrote 6 tokens/s, and two did not come to the end of three answers in ten minutes. So a model
takes the whole cores that were free over the last minute but one, since the engine itself works
while the model writes; and one thread where that leaves none. Who knows better says how many.
"""

from __future__ import annotations

import os
from pathlib import Path

from codegenesis.errors import ModelError

#: More threads than these gain nothing on the small models that are served here.
MOST_THREADS = 8

#: Beside the file itself: weights repacked for the processor, 4096 tokens of context, buffers.
#: Measured with 1.5 billion parameters at 4 bits: 1.1 GB of file, 2.1 GB in all.
BESIDE_FILE_BYTES = 1_000_000_000

#: Load that is not counted: a desktop's own noise.
_NOISE = 0.25

_PROC, _CGROUP = Path("/proc"), Path("/sys/fs/cgroup")


def threads(*, cores: int | None = None, load: float | None = None) -> int:
    """Threads for a model that starts now: cores free over the last minute but one, at least one.

    Args:
        cores: that this process may use; `usable_cores` when None.
        load: 1-minute load average; asked of the kernel when None.
    """
    cores = usable_cores() if cores is None else cores
    load = os.getloadavg()[0] if load is None else load
    return max(1, min(MOST_THREADS, int(cores - load + _NOISE) - 1))


def usable_cores(*, group: Path | None = None) -> int:
    """Cores that this process may use; a container's quota is honoured.

    Args:
        group: directory of the control group; this process' own when None.
    """
    here = len(os.sched_getaffinity(0))
    try:
        quota, period = ((group or _group()) / "cpu.max").read_text().split()
    except (OSError, ValueError):
        return here
    return here if quota == "max" else max(1, min(here, int(quota) // int(period)))


def free_memory(*, group: Path | None = None) -> int:
    """Bytes that can be had without pushing anything out; a container's limit is honoured.

    Args:
        group: directory of the control group; this process' own when None.
    """
    return min(_available(_PROC / "meminfo"), _headroom(group or _group()))


def require_memory(name: str, file_bytes: int, *, free: int | None = None) -> None:
    """See that a model fits in before it is loaded.

    Args:
        file_bytes: size of its file.
        free: bytes; measured when None.

    Raises:
        ModelError: there is too little memory; it says how much is needed and there.
    """
    needed, free = file_bytes + BESIDE_FILE_BYTES, free_memory() if free is None else free
    if free < needed:
        raise ModelError(
            f"{name} needs {gigabytes(needed)} of memory and {gigabytes(free)} are free",
            remedy="End something that uses memory, or name another model "
            "(`codegenesis models` lists them), or none: --set models=off.",
        )


def gigabytes(count: float) -> str:
    """Bytes for people: `2.1 GB`, `640 MB`."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def _available(meminfo: Path) -> int:
    for line in meminfo.read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            return int(value.split()[0]) * 1024
    return 0


def _group() -> Path:
    for line in (_PROC / "self" / "cgroup").read_text().splitlines():
        if line.startswith("0::"):
            return _CGROUP / line[3:].lstrip("/")
    return _CGROUP


def _headroom(group: Path) -> int:
    """Bytes up to the limit of a control group (v2); page cache counts as free."""
    try:
        limit = (group / "memory.max").read_text().strip()
        used = int((group / "memory.current").read_text())
        statistics = (group / "memory.stat").read_text().split()
    except OSError:
        return 1 << 62
    if limit == "max":
        return 1 << 62
    cache = int(statistics[statistics.index("inactive_file") + 1])
    return int(limit) - used + cache
