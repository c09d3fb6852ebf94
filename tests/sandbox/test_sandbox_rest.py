"""What the import of a module leaves running costs nobody: its process rests while nobody asks."""

import time
from pathlib import Path

import pytest
from jail_bench import write_project
from leftovers import until

from codegenesis import wire
from codegenesis.errors import SandboxError
from codegenesis.sandbox import Environment, Limits, Sandbox

BUSY = """
import threading
count, kept = 0, bytearray(1 << 30)
def work():
    global count
    while True:
        kept[count * {step} % len(kept)] = 1
        count += 1
threading.Thread(target=work, daemon=True).start()
def counted():
    return count
"""


def counted(sandbox):
    with sandbox.candidate("counted", None) as candidate:
        return wire.decode(candidate.call(wire.encode_call((), {})).value)


def fields(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def state_of(pid):
    return fields(pid)[0]


def cpu_of(pid):
    return fields(pid)[11:13]


def test_a_thread_of_the_import_does_not_run_between_requests(tmp_path):
    write_project(tmp_path, {"busy.py": BUSY.format(step=0)})
    with Sandbox(Environment(root=str(tmp_path), module="busy")) as sandbox:
        assert counted(sandbox) > 0
        zygote = sandbox._warden._pid
        until(lambda: state_of(zygote) == "T")
        before, deadline = cpu_of(zygote), time.monotonic() + 0.3
        while time.monotonic() < deadline:
            assert cpu_of(zygote) == before


def test_memory_that_grows_after_the_import_ends_the_sandbox(tmp_path):
    write_project(tmp_path, {"busy.py": BUSY.format(step=4096)})
    limits = Limits(memory_bytes=4 << 30, import_bytes=64 << 20)

    def work():
        with Sandbox(Environment(root=str(tmp_path), module="busy"), limits=limits) as sandbox:
            while True:
                counted(sandbox)

    with pytest.raises(SandboxError, match=r"more than 64 MiB|more memory than allowed"):
        work()


def test_a_thread_that_wants_its_turn_at_any_moment_holds_no_candidate_up(tmp_path):
    restless = "import sys\nsys.setswitchinterval(1e-6)\n"
    write_project(tmp_path, {"busy.py": restless + BUSY.format(step=0)})
    limits = Limits(wall_s=3.0)
    with Sandbox(Environment(root=str(tmp_path), module="busy"), limits=limits) as sandbox:
        for _ in range(20):
            assert counted(sandbox) > 0
