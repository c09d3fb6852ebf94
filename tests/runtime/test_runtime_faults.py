"""The agent does no harm: whatever breaks, the application serves on, and it is said once.

Each application checks every answer itself and tells how far it got in a file; what it writes to
stderr is all that its owner sees of the trouble.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import textwrap
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from launched_app import App

SHOP = """
    import os, time
    from pathlib import Path

    def which(x):
        return "old"

    def double(x):
        return x + x

    def agent():
        import threading
        return next((t for t in threading.enumerate() if t.name == "codegenesis"), None)

    def serve(each=lambda served: None):
        deadline, served = time.monotonic() + 60, 0
        while not os.path.exists("stop") and time.monotonic() < deadline:
            assert double(served) == 2 * served and which(served) in ("old", "new")
            served += 1
            each(served)
            if served % 50 == 0:
                Path("progress.new").write_text(str(served))
                os.replace("progress.new", "progress")
            time.sleep(0.001)
        print(served, which(1), flush=True)
"""
#: What the agent says: plainly when it has got that far, else with the name of the logger.
SAID = r"(nothing is observed|the agent is switched off|keeps its code)[^\n]*"


@pytest.fixture
def shop(app: App) -> App:
    app.write("shop.py", SHOP)
    return app


def served(app: App) -> int:
    file = app.directory / "progress"
    return int(file.read_text()) if file.exists() else 0


def serves_on(app: App, calls: int = 300) -> None:
    before = served(app)
    app.until(lambda: served(app) >= before + calls, what="further answers", seconds=40)


def ends(app: App, process: subprocess.Popen[str]) -> tuple[str, list[str]]:
    """The version that answered last, and what was said; the application ended well."""
    app.write("stop", "")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    assert "Exception ignored" not in err
    return out.split()[-1], [match[0] for match in re.finditer(SAID, err)]


def main(app: App, body: str = "serve()") -> subprocess.Popen[str]:
    program = f"from shop import *\nimport shop, sys\n{textwrap.dedent(body)}\n"
    app.write("app.py", program)
    return app.start("-W", "error", "app.py")


# --- the store -----------------------------------------------------------------------------------


def test_a_store_that_is_moved_away_is_said_once_and_used_when_it_is_back(shop: App) -> None:
    process = main(shop)
    release = shop.swap("shop:which")
    shop.until(lambda: shop.house.outcomes(release), what="the swap")
    away = shop.house.store.directory.with_name("away")
    shop.house.store.directory.rename(away)
    serves_on(shop, 3500)
    assert not shop.house.store.directory.exists()
    away.rename(shop.house.store.directory)
    last = shop.house.release(shop.gene("shop:double"), "def double(x):\n    return 2 * x")
    shop.until(lambda: shop.house.outcomes(last) == ["swapped"], what="the next swap", seconds=60)
    answer, said = ends(shop, process)
    assert answer == "new"
    assert len(said) == 1
    assert "not there any more" in said[0]


@pytest.mark.slow
def test_a_store_that_is_deleted_is_said_once(shop: App) -> None:
    process = main(shop)
    shop.gene("shop:which")
    shutil.rmtree(shop.house.store.directory)
    serves_on(shop, 3500)
    answer, said = ends(shop, process)
    assert answer == "old"
    assert len(said) == 1


@pytest.mark.slow
def test_a_limit_on_the_size_of_files_is_said_once(shop: App) -> None:
    process = main(
        shop,
        """
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (32 << 10, 32 << 10))
        serve()
        """,
    )
    serves_on(shop, 1200)
    answer, said = ends(shop, process)
    assert answer == "old"
    assert len(said) == 1
    assert "the disk" in said[0]


@pytest.mark.slow
def test_a_full_disk_is_said_once(shop: App) -> None:
    mount = ["unshare", "--mount", "sh", "-c"]
    disk = shop.house.store.directory
    small = f"mount -t tmpfs -o size=400k none {disk}"
    if not shutil.which("unshare") or subprocess.call([*mount, small], stderr=-3):
        pytest.skip("no file system can be mounted here")
    keep = shop.directory / "keep"
    shutil.copytree(disk, keep)
    shop.write("app.py", "from shop import *\nserve()\n")
    fill = f"dd if=/dev/zero of={disk}/filler bs=1k status=none 2>{shop.directory}/filled"
    command = f"{small} && cp -a {keep}/. {disk}/; {fill}; exec $0 app.py"
    process = shop.spawn([*mount, command, shop.python], shop.environment())
    serves_on(shop, 3000)
    answer, said = ends(shop, process)
    assert answer == "old"
    assert len(said) == 1
    assert "full" in said[0]


def test_a_store_that_others_keep_locked_holds_up_nothing(shop: App) -> None:
    process = main(shop)
    shop.gene("shop:which")
    lock = sqlite3.connect(shop.house.store.path, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    serves_on(shop, 500)
    answer, said = ends(shop, process)  # with the lock held: neither does the end wait for it
    lock.close()
    assert (answer, said) == ("old", [])


# --- the thread ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        "MemoryError",
        pytest.param("SystemExit", marks=pytest.mark.slow),
        pytest.param("KeyboardInterrupt", marks=pytest.mark.slow),
    ],
)
def test_whatever_ends_the_thread_takes_canaries_out(shop: App, error: str) -> None:
    """The interpreter raises it in the thread, wherever that is just then."""
    process = main(
        shop,
        f"""
        import ctypes

        def strike(served):
            if os.path.exists("strike") and agent() is not None:
                raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
                raise_in(ctypes.c_ulong(agent().ident), ctypes.py_object({error}))
                os.remove("strike")

        serve(strike)
        """,
    )
    gene: Any = shop.gene("shop:which")
    release = shop.house.release(gene, "def which(x):\n    return 'new'", stage="canary", weight=1)
    shop.until(lambda: shop.house.outcomes(release), what="the canary")
    shop.write("strike", "")
    shop.until(lambda: not (shop.directory / "strike").exists(), what="the strike")
    serves_on(shop)
    answer, said = ends(shop, process)
    assert answer == "old"
    assert len(said) == 1
    assert said[0].startswith(f"the agent is switched off, the application serves on: {error}")


def test_a_system_that_gives_no_more_threads_gets_one_word(app: App) -> None:
    app.write(
        "app.py",
        """
        import resource, threading
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
        threading.stack_size(8 << 30)  # more than there is

        from codegenesis import evolvable

        @evolvable
        def double(x):
            return x + x

        @evolvable
        def which(x):
            return "old"

        print(double(2), which(1))
        """,
    )
    environment = app.environment()
    del environment["PYTHONPATH"]
    process = app.run(["-W", "error", "app.py"], environment)
    out, err = process.communicate(timeout=60)
    assert (out, process.returncode) == ("4 old\n", 0)
    assert err.count("the agent is switched off") == 1
    assert "can't start new thread" in err


# --- forks and ends ------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_storm_of_forks_answers_right_in_every_child(shop: App) -> None:
    process = main(
        shop,
        """
        def storm(served):
            if served % 100:
                return
            children = []
            for number in range(10):
                pid = os.fork()
                if pid == 0:
                    os._exit(double(number))
                children.append(pid)
            codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
            assert codes == [2 * number for number in range(10)]

        serve(storm)
        """,
    )
    shop.gene("shop:which")
    serves_on(shop, 1000)
    release = shop.swap("shop:which")
    shop.until(lambda: "swapped" in shop.house.outcomes(release), what="the swap")
    assert ends(shop, process) == ("new", [])


@pytest.mark.parametrize("moment", [0, 0.2, 0.6])
def test_an_end_in_the_middle_of_the_start_is_silent(app: App, moment: float) -> None:
    app.write("app.py", f"import time\ndef f(x): return x\ntime.sleep({moment})\nprint(f(1))\n")
    assert app.finish(app.start("-W", "error", "app.py")) == [["1"]]


# --- time ----------------------------------------------------------------------------------------


def test_a_clock_that_jumps_takes_nothing_down(shop: App) -> None:
    """Forward, what is live has expired and the original answers; back, all is as before."""
    process = main(
        shop,
        """
        real, jump = time.time_ns, [0]
        time.time_ns = lambda: real() + jump[0]

        def leap(served):
            for name, years in (("forward", 30), ("back", -30), ("right", 0)):
                if os.path.exists(name):
                    jump[0] = years * 365 * 86400 * 10**9
                    os.remove(name)

        serve(leap)
        """,
    )
    release = shop.swap("shop:which")
    shop.until(lambda: shop.house.outcomes(release) == ["swapped"], what="the swap")
    shop.write("forward", "")
    shop.until(lambda: shop.house.outcomes(release)[-1] == "reverted", what="the way back")
    shop.write("back", "")
    shop.until(lambda: shop.house.outcomes(release)[-1] == "swapped", what="the swap again")
    shop.write("right", "")
    serves_on(shop)
    assert ends(shop, process) == ("new", [])


# --- what the store says -------------------------------------------------------------------------

CORRUPTIONS = {
    "a signature": 'UPDATE releases SET decision = replace(decision, \'"sig":"\', \'"sig":"AAAA\')',
    "no decision": "UPDATE releases SET decision = '{'",
    "another source": "UPDATE variants SET source = replace(source, 'new', 'bad')",
    "no source": "UPDATE variants SET source = x'ff00'",
    "a truncated blob": "UPDATE variants SET parents = x'dc'",
    "a number that is none": "UPDATE releases SET expires_ns = 'soon'",
    "a stage of words": "UPDATE releases SET weight = 'all'",
}


@pytest.mark.parametrize("what", CORRUPTIONS)
def test_a_damaged_release_is_refused_and_others_come_in(
    house: Any, imported: Any, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    shop = imported("def which(x):\n    return 'old'\ndef double(x):\n    return x + x\n")
    which, double = house.add(shop.which), house.add(shop.double)
    house.visit()
    house.release(which, "def which(x):\n    return 'new'")
    with sqlite3.connect(house.store.path) as connection:
        assert connection.execute(CORRUPTIONS[what]).rowcount == 1
    connection.close()
    house.release(double, "def double(x):\n    return 2 * x")
    house.visit(3)
    assert (shop.which(1), shop.double(2)) == ("old", 4)
    assert which.current.variant == ""
    assert double.current.variant != ""
    assert len({record.getMessage() for record in caplog.records}) == 1


@pytest.mark.slow
def test_an_engine_that_is_killed_changes_nothing_for_the_application(shop: App) -> None:
    process = main(shop)
    release = shop.swap("shop:which")
    shop.until(lambda: shop.house.outcomes(release), what="the swap")
    engine = shop.start("-m", "codegenesis", "engine", CODEGENESIS_DISABLED="1")
    store = shop.house.store
    shop.until(lambda: store.processes(role="engine"), what="the engine", seconds=60)
    engine.kill()
    engine.wait(30)
    serves_on(shop)
    assert ends(shop, process) == ("new", [])
