"""Real processes: started from outside, spawned, forked, and the cost of importing us."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from codegenesis.config import load
from codegenesis.runtime import launch_environment

if TYPE_CHECKING:
    from launched_app import App

LOOP = """
    import os, sys, time

    def which(x):
        return "old"

    def serve():
        deadline = time.monotonic() + 40
        while which(1) == "old" and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(0.3)  # the acknowledgement
        line = f"{os.getpid()} {which(1)}\\n"
        os.write(1, line.encode())  # at once: workers share the pipe
"""
MAIN = '\nif __name__ == "__main__":\n    serve()\n'


def test_a_script_is_watched_and_swapped_without_a_change(app: App) -> None:
    app.write("app.py", textwrap.dedent(LOOP) + MAIN)
    process = app.start("-W", "error", "app.py")
    release = app.swap("app.py:which")
    ((pid, result),) = app.finish(process)
    assert result == "new"
    assert app.house.outcomes(release) == ["swapped"]
    gene = app.gene("__main__:which")
    assert (gene.path, gene.root) == (str(app.directory / "app.py"), str(app.directory))
    assert int(pid) in [each.pid for each in app.house.store.processes(role="app")]
    assert app.house.store.observation_counts()[gene.id] > 0


def test_a_module_run_by_name_is_watched(app: App) -> None:
    app.write("pkg/__init__.py", "")
    app.write("pkg/shop.py", LOOP)
    app.write("pkg/__main__.py", "from pkg.shop import serve\nserve()\n")
    process = app.start("-W", "error", "-m", "pkg")
    app.swap("pkg.shop:which")
    assert [result for _, result in app.finish(process)] == ["new"]


def test_spawned_workers_are_reached(app: App) -> None:
    app.write("shop.py", LOOP)
    app.write(
        "app.py",
        """
        import multiprocessing
        from shop import serve

        if __name__ == "__main__":
            context = multiprocessing.get_context("spawn")
            workers = [context.Process(target=serve) for _ in range(2)]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
        """,
    )
    process = app.start("-W", "error", "app.py")
    release = app.swap("shop:which")
    lines = app.finish(process)
    assert [result for _, result in lines] == ["new", "new"]
    assert len({pid for pid, _ in lines}) == 2
    swapped = {ack.process for ack in app.house.acks(release) if ack.outcome == "swapped"}
    assert len(swapped) >= 2


def test_forked_workers_have_an_agent_of_their_own(app: App) -> None:
    app.write("shop.py", LOOP)
    app.write(
        "app.py",
        """
        import os, time, threading
        from shop import serve, which

        def main():
            deadline = time.monotonic() + 40
            while not os.path.exists("go") and time.monotonic() < deadline:
                which(1)
                time.sleep(0.01)
            children = []
            for _ in range(3):
                pid = os.fork()
                if pid == 0:
                    serve()
                    os._exit(0)
                children.append(pid)
            serve()
            for child in children:
                os.waitpid(child, 0)

        main()
        """,
    )
    process = app.start("-W", "error", "app.py")
    app.gene("shop:which")
    app.write("go", "")
    count = len(app.house.store.processes(role="app"))
    app.until(
        lambda: len(app.house.store.processes(role="app")) == count + 3, what="children", seconds=40
    )
    release = app.swap("shop:which")
    lines = app.finish(process)
    assert [line[1:] for line in lines] == [["new"]] * 4, lines
    assert len({ack.process for ack in app.house.acks(release)}) == 4


def test_a_fork_keeps_what_is_live_and_says_so(app: App) -> None:
    app.write("shop.py", LOOP)
    app.write(
        "app.py",
        """
        import os, time
        from shop import serve, which

        serve()
        pid = os.fork()
        if pid == 0:
            serve()
            time.sleep(2)
            os._exit(0)
        os.waitpid(pid, 0)
        """,
    )
    process = app.start("-W", "error", "app.py")
    release = app.swap("shop:which")
    lines = app.finish(process)
    assert [result for _, result in lines] == ["new", "new"]
    assert len({ack.process for ack in app.house.acks(release)}) == 2


def test_uvicorn_workers_take_a_swap(app: App) -> None:
    pytest.importorskip("uvicorn")
    app.write(
        "shop.py",
        """
        import os

        def which(x):
            return "old"

        async def app(scope, receive, send):
            if scope["type"] != "http":
                return
            body = f"{os.getpid()} {which(1)}".encode()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": body})
        """,
    )
    port = str(_free_port())
    app.start("-m", "uvicorn", "shop:app", "--workers", "2", "--port", port)
    app.swap("shop:which")
    seen: dict[str, str] = {}

    def both() -> bool:
        pid, result = _get(port)
        seen[pid] = result
        return len(seen) == 2 and set(seen.values()) == {"new"}

    app.until(both, what="the swap in both workers", seconds=60)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--worker-class", "sync"],
        pytest.param(["--worker-class", "gthread", "--threads", "4"], marks=pytest.mark.slow),
        pytest.param(["--worker-class", "gthread", "--preload"], marks=pytest.mark.slow),
    ],
    ids=" ".join,
)
def test_gunicorn_workers_take_a_swap(app: App, arguments: list[str]) -> None:
    pytest.importorskip("gunicorn")
    app.write(
        "shop.py",
        """
        import os

        def which(x):
            return "old"

        def app(environ, start_response):
            body = f"{os.getpid()} {which(1)}".encode()
            start_response("200 OK", [("Content-Length", str(len(body)))])
            return [body]
        """,
    )
    port = _free_port()
    bind = ["--bind", f"127.0.0.1:{port}", "--workers", "2"]
    app.start("-m", "gunicorn", *bind, *arguments, "shop:app")
    app.swap("shop:which")

    def both() -> bool:
        seen = dict(_get_at_once(str(port), 8))
        return len(seen) == 2 and set(seen.values()) == {"new"}

    app.until(both, what="the swap in both workers", seconds=60)


def test_a_hidden_sitecustomize_is_run_too(app: App) -> None:
    app.write("site/sitecustomize.py", "import builtins\nbuiltins.theirs = 'theirs'\n")
    app.write("app.py", "import sitecustomize\nprint(theirs, sitecustomize.__file__)\n")
    process = app.start("app.py", PYTHONPATH=str(app.directory / "site"))
    ((word, file),) = app.finish(process)
    assert (word, file) == ("theirs", str(app.directory / "site" / "sitecustomize.py"))


def test_an_application_that_cannot_have_us_starts_all_the_same(app: App) -> None:
    app.write("codegenesis.py", "raise ImportError('not here')\n")
    app.write("app.py", "import time\ntime.sleep(1)\nprint('served')\n")
    process = app.start("app.py")
    out, err = process.communicate(timeout=30)
    assert (out, process.returncode) == ("served\n", 0)
    assert "the application runs as it is: ImportError: not here" in err


def test_disabled_children_are_left_alone(app: App) -> None:
    app.write(
        "app.py",
        """
        import sys, threading
        print(threading.active_count(), "codegenesis.runtime" in sys.modules)
        """,
    )
    process = app.start("app.py", CODEGENESIS_DISABLED="1")
    assert app.finish(process) == [["1", "False"]]


def test_the_launch_environment_keeps_what_was_there(tmp_path: Path) -> None:
    config = load(overrides={"target": ["shop.*", "a:b"]}, environ={}, start=tmp_path)
    made = launch_environment(config, {"HOME": "/h", "PYTHONPATH": "/a:/b"})
    assert made["HOME"] == "/h"
    assert made["PYTHONPATH"].endswith("runtime/bootstrap:/a:/b")
    assert launch_environment(config, made)["PYTHONPATH"] == made["PYTHONPATH"]
    again = load(environ=made, start=Path("/"))
    assert again.target == ("shop.*", "a:b")
    assert again.directory == config.directory


def test_decorating_by_hand_is_enough(app: App) -> None:
    app.write(
        "app.py",
        "from codegenesis import evolvable\n"
        + textwrap.dedent(LOOP).replace("def which", "@evolvable\ndef which")
        + MAIN,
    )
    environment = app.environment()
    del environment["PYTHONPATH"]
    process = app.run(["-W", "error", "app.py"], environment)
    app.swap("app.py:which")
    assert [result for _, result in app.finish(process)] == ["new"]
    assert [gene.qualname for gene in app.house.store.genes()] == ["which"]


def test_importing_is_light_and_starts_nothing(tmp_path: Path) -> None:
    code = """
        import json, sys, threading, time
        before = time.process_time()
        import codegenesis
        light = time.process_time() - before
        at_first = set(sys.modules)
        codegenesis.evolvable
        from codegenesis.runtime.registry import register
        print(json.dumps({
            "cpu_s": light,
            "registering_cpu_s": time.process_time() - before,
            "threads": threading.active_count(),
            "heavy": [name for name in ("sqlalchemy", "cryptography") if name in sys.modules],
            "first": sorted(name for name in at_first if name.startswith("codegenesis.")),
        }))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=tmp_path, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    seen = json.loads(done.stdout)
    assert seen["cpu_s"] < 0.15
    assert seen["threads"] == 1
    assert seen["heavy"] == []
    assert set(seen["first"]) <= {"codegenesis.interpreters"}


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="later ones do not load C extensions")
def test_a_subinterpreter_is_told_why_not(tmp_path: Path) -> None:
    code = """
        import _xxsubinterpreters as interpreters
        from codegenesis.interpreters import unsupported
        print("main:", unsupported())
        print("sub:", end=" ", flush=True)
        inside = "from codegenesis.interpreters import unsupported; print(unsupported())"
        interpreters.run_string(interpreters.create(isolated=False), inside)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=tmp_path, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    main, sub = done.stdout.splitlines()
    assert main == "main: "
    assert sub.startswith("sub: CodeGenesis evolves code in the main interpreter")


def _free_port() -> int:
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _get(port: str) -> tuple[str, str]:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=10)
    try:
        connection.request("GET", "/")
        pid, _, result = connection.getresponse().read().decode().partition(" ")
    finally:
        connection.close()
    return pid, result


def _get_at_once(port: str, count: int) -> list[tuple[str, str]]:
    """One worker may answer all that come one after the other."""
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(_get, [port] * count))
