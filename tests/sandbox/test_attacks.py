"""The corpus of hostile candidates, with its canaries planted: each fails, at each tier, as anyone.

Found through CODEGENESIS_ATTACKS or beside the repository; see the corpus' own README for what its
files promise to try. Each attack runs twice in every arena, because some look for leftovers.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from arena import HONEST_NS, Run, arena, complaints, traces
from jail_bench import as_nobody

pytestmark = pytest.mark.attacks

CORPUS = Path(
    os.environ.get("CODEGENESIS_ATTACKS") or Path(__file__).parents[2].parent / "shared" / "attacks"
)
ATTACKS = sorted(CORPUS.glob("a*.py"))
HOME = Path("/tmp/cg-home")  # the corpus names these places
OTHERS = {"an ordinary user at L3": ("L3", True), "an ordinary user at L2": ("L2", True),
          "this user at L2": ("L2", False)}  # fmt: skip


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
    path.chmod(0o777)
    for listener in listeners:
        listener.setblocking(False)
    os.environ["CG_CANARY_SECRET"] = "canary secret"

    def touched() -> list[str]:
        found = traces()
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
def others(tmp_path_factory, canaries):
    """The other arenas, each in a process of its own, started together."""
    sources = json.dumps({path.stem: path.read_text() for path in ATTACKS})
    running = {}
    for name, (tier, nobody) in OTHERS.items():
        root = open_to_all(tmp_path_factory.mktemp("other"))
        command = [sys.executable, str(Path(__file__).with_name("arena.py")), tier, str(root)]
        running[name] = subprocess.Popen(
            as_nobody(command, also=__file__) if nobody else command,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        running[name].stdin.write(sources)
        running[name].stdin.close()
        running[name].stdin = None
    yield running
    for process in running.values():
        process.kill()
        process.communicate()


def open_to_all(root: Path) -> Path:
    """Everybody may reach it; pytest keeps its directories to itself."""
    for place in (root, *root.parents[:2]):
        if os.geteuid() == 0 and place.is_relative_to("/tmp"):
            place.chmod(0o777 if place == root else 0o755)
    return root


@pytest.fixture(scope="module")
def here(tmp_path_factory, others):
    with arena(tmp_path_factory.mktemp("arena"), "L3") as sandbox:
        yield sandbox


def test_the_honest_function_passes_and_costs_what_it_costs(here):
    run = Run(here, None, seed=1)
    assert run.accepted()
    assert run.cost_ns > 2 * HONEST_NS


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda path: path.stem)
def test_the_attack_fails(here, canaries, attack):
    assert complaints(here, attack.read_text()) == []
    assert canaries() == []


@pytest.mark.parametrize("who", OTHERS)
def test_every_attack_fails_for(others, canaries, who):
    tier, nobody = OTHERS[who]
    said, errors = others[who].communicate(timeout=300)
    if "Permission denied" in errors and "codegenesis" not in errors:
        pytest.skip(f"another user cannot read this interpreter: {errors[-200:]}")
    told = json.loads(said or errors)
    assert (told["uid"] != 0) == (nobody or os.geteuid() != 0)
    assert told["tier"] == tier
    assert {name: found for name, found in told["found"].items() if found} == {}
    assert len(told["found"]) == len(ATTACKS)
    assert canaries() == []
