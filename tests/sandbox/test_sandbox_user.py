"""The jail holds for an ordinary user as it does for root."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from jail_bench import as_nobody, write_project

SCRIPT = """
import json, os, sys
from codegenesis import wire
from codegenesis.sandbox import Environment, Limits, Sandbox, features

BODY = '''
def probe(path):
    import os
    def attempt(action):
        try:
            return repr(action())
        except BaseException as error:
            return type(error).__name__
    return {
        "read": attempt(lambda: open(path).read()),
        "env": attempt(lambda: open(os.path.dirname(path) + "/.env").read()),
        "passwd": attempt(lambda: open("/etc/passwd").read()),
        "write": attempt(lambda: open(path, "a")),
        "proc": attempt(lambda: os.listdir("/proc")),
        "fork": attempt(os.fork),
        "exec": attempt(lambda: os.execv(path, [path])),
        "socket": attempt(lambda: __import__("socket").socket()),
        "kill": attempt(lambda: os.kill(1, 9)),
        "thread": attempt(lambda: __import__("threading").Thread(target=print).start()),
        "pids": repr((os.getpid(), os.getppid())),
    }
'''
path = sys.argv[1]
limits = Limits(cpu_s=0.2, wall_s=30)
with Sandbox(Environment(root=os.path.dirname(path), module="plain"), limits=limits) as sandbox:
    with sandbox.candidate("probe", BODY) as candidate:
        outcome = candidate.call(wire.encode_call((path,), {}))
    with sandbox.candidate("probe", "def probe(path):\\n    while True: pass\\n") as candidate:
        endless = candidate.call(wire.encode_call((path,), {})).detail
found = [feature.name for feature in features() if feature.available]
print(json.dumps([os.getuid(), outcome.detail, outcome.kind == "returned" and
                  wire.decode(outcome.value), endless, found]))
"""


def test_an_ordinary_user_gets_the_same_jail(tmp_path_factory):
    root = tmp_path_factory.mktemp("public")
    for place in (root, *root.parents[:3]):
        if place.owner() == "root" and os.geteuid() == 0 and place.is_relative_to("/tmp"):
            place.chmod(0o755)
    write_project(root, {"plain.py": "def probe(path):\n    return path\n", ".env": "secret"})
    target = str(root / "plain.py")
    run = subprocess.run(
        as_nobody([sys.executable, "-c", SCRIPT, target]),
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    if "Permission denied" in run.stderr and "codegenesis" not in run.stderr:
        pytest.skip(f"another user cannot read this interpreter: {run.stderr[-200:]}")
    assert run.returncode == 0, run.stderr
    uid, detail, told, endless, found = json.loads(run.stdout)
    assert uid != 0, detail
    assert told.pop("write") in ("OSError", "PermissionError")  # read-only, or not theirs
    assert told == {
        "read": repr(Path(target).read_text()),
        "env": "PermissionError",
        "passwd": "FileNotFoundError",
        "proc": "FileNotFoundError",
        "fork": "PermissionError",
        "exec": "PermissionError",
        "socket": "PermissionError",
        "kill": "PermissionError",
        "thread": "RuntimeError",
        "pids": "(1, 0)",
    }
    assert endless == "it used more CPU than allowed"
    assert found == ["platform", "namespaces", "mounts", "landlock", "seccomp", "proc"]
