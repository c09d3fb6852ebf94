"""Nothing outlives a sandbox: no process, descriptor, mount or file, however its parent ends."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from jail_bench import Bench, call
from leftovers import descendants, leaving_nothing, running, until

from codegenesis.errors import SandboxError
from codegenesis.sandbox import Environment, Limits, Sandbox, features
from codegenesis.sandbox.zygote import WORLDS

OWNER = """
import sys, threading, time
from codegenesis import wire
from codegenesis.sandbox import Environment, Limits, Sandbox

root, when, tier = sys.argv[1:]
limits = Limits(cpu_s=600, wall_s=600, import_s=600)

def run():
    environment = Environment(root=root, module="busy")
    sandbox = Sandbox(environment, limits=limits, tier=tier, highest=tier)
    idle = sandbox.candidate("spin", None)
    print("ready", flush=True)
    if when == "calling":
        sandbox.candidate("spin", None).call(wire.encode_call((), {}))
    time.sleep(600)

if when == "importing":
    print("ready", flush=True)
run()
"""


def test_after_close_all_is_as_before(environment, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    children = descendants(os.getpid())
    with leaving_nothing():
        with Sandbox(environment) as sandbox:
            bench = Bench(sandbox)
            bench.alive()
            bench.outcome("import os; os._exit(1)")
            kept = bench.candidate("while x: pass")
            bench.candidate("return 1").call(call())
            assert len(descendants(os.getpid()) - children) >= 3
        assert kept.call(call()).kind == "died"
    with leaving_nothing():
        features()
    assert list(tmp_path.iterdir()) == []


def test_failed_starts_leave_nothing(environment, tmp_path):
    (tmp_path / "bad.py").write_text("1 / 0")
    (tmp_path / "slow.py").write_text("while True: pass")
    starts = ("bad", ""), ("slow", ""), ("none", ""), ("bad", "/nonexistent")
    sources = "def probe(:", "import os; os._exit(0)\ndef probe(x=None):\n    return 1\n"
    with leaving_nothing():
        for module, python in starts:
            with pytest.raises(SandboxError):
                Sandbox(
                    Environment(root=str(tmp_path), module=module, python=python or sys.executable),
                    limits=Limits(import_s=0.3),
                )
        with Sandbox(environment) as sandbox:
            for source in sources:
                with pytest.raises(Exception, match="fragment"):
                    sandbox.candidate("probe", source)


SLOW = """
import os
try:
    os.fork()
except OSError:
    pass
while True:
    pass
"""


@pytest.mark.parametrize("tier", ["L3", "L2"])
@pytest.mark.parametrize("when", ["idle", "calling", "importing"])
def test_when_the_parent_is_killed_everything_ends(tmp_path, when, tier):
    before = Path("/proc/self/mountinfo").read_text()
    slow = SLOW if when == "importing" else ""
    (tmp_path / "busy.py").write_text(f"{slow}def spin():\n    while True: pass\n")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    wanted = {"idle": 3, "calling": 4, "importing": 2}[when]
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path), when, tier],
        stdout=subprocess.PIPE, env={**os.environ, "TMPDIR": str(temporary)},
    )  # fmt: skip
    try:
        assert owner.stdout.readline() == b"ready\n"
        until(lambda: len(running(descendants(owner.pid))) >= wanted)
        pids = descendants(owner.pid)
    finally:
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        owner.stdout.close()
    until(lambda: not running(pids))
    assert list(temporary.iterdir()) == []
    assert Path("/proc/self/mountinfo").read_text() == before
    assert not [line for line in sockets() if str(tmp_path) in line]


def sockets() -> list[str]:
    return Path("/proc/net/unix").read_text().splitlines()


HOSTILE_IMPORT = """
import ctypes, os
libc = ctypes.CDLL(None)
for action in (
    lambda: libc.prctl(1, 0, 0, 0, 0),  # no longer with its parent
    lambda: libc.setpgid(0, 0),
    lambda: libc.setsid(),
    lambda: os.closerange(3, 64),
    lambda: libc.syscall({clone}, {flags}, 0, 0, 0, 0),
):
    try:
        action()
    except OSError:
        pass
while True:
    pass
"""


@pytest.mark.parametrize("tier", ["L3", "L2"])
def test_an_import_that_clings_to_life_ends_all_the_same(tmp_path, tier):
    before = descendants(os.getpid())
    clone = {"x86_64": 56, "aarch64": 220}[os.uname().machine]
    source = HOSTILE_IMPORT.format(clone=clone, flags=WORLDS[tier] | signal.SIGCHLD)
    (tmp_path / "clinging.py").write_text(source)
    seen = set()
    with pytest.raises(SandboxError):
        Sandbox(
            Environment(root=str(tmp_path), module="clinging"),
            limits=Limits(import_s=1), tier=tier, highest=tier,
        )  # fmt: skip
    seen |= descendants(os.getpid()) - before
    until(lambda: not running(seen))
    until(lambda: not running(processes_of(tmp_path)))


def processes_of(root: Path) -> set[int]:
    """Whoever works in a directory, however it came there."""
    found = set()
    for place in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):
            if place.readlink() == root:
                found.add(int(place.parent.name))
    return found


@pytest.mark.parametrize("tier", ["L3", "L2"])
def test_what_a_starter_of_the_zygote_leaves_when_it_is_killed(environment, tier):
    before = descendants(os.getpid())
    with Sandbox(environment, tier=tier, highest=tier) as sandbox:
        candidate = Bench(sandbox).candidate("while True: pass")
        pids = descendants(os.getpid()) - before
        os.kill(sandbox._warden._process.pid, signal.SIGKILL)
        assert candidate.call(call()).kind == "died"
        until(lambda: not running(pids))


def test_a_thread_that_started_a_sandbox_may_end(environment):
    """PR_SET_PDEATHSIG would kill the zygote with it."""
    import threading

    made = []
    thread = threading.Thread(target=lambda: made.append(Sandbox(environment)))
    thread.start()
    thread.join()
    with made[0] as sandbox:
        assert Bench(sandbox).alive()


def test_when_the_zygote_is_killed_its_candidates_end_and_say_so(environment):
    before = descendants(os.getpid())
    with Sandbox(environment) as sandbox:
        candidate = Bench(sandbox).candidate("while True: pass")
        pids = descendants(os.getpid()) - before
        os.kill(sandbox._warden._pid, signal.SIGKILL)
        assert candidate.call(call()).kind == "died"
        with pytest.raises(SandboxError):
            sandbox.candidate("probe", None)
        until(lambda: not running(pids))
