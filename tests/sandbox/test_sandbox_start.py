"""A module that does not import and a machine that cannot isolate are told apart and explained."""

import json
import subprocess
import sys
import textwrap
import time

import pytest
from jail_bench import BLOCKED, number_of, write_project

from codegenesis.errors import SandboxError, SandboxImportError, SandboxUnavailableError
from codegenesis.sandbox import Environment, Limits, Sandbox, features
from codegenesis.sandbox.kernel import STEPS, MissingFeatureError, require_platform


@pytest.mark.parametrize(
    ("source", "words", "remedy"),
    [
        ("import not_installed_anywhere", "No module named 'not_installed_anywhere'", "install"),
        ("def (:", "SyntaxError", "mend"),
        ("1 / 0", "ZeroDivisionError: division by zero .*broken.py:1", "top level"),
        ("import sqlite3\nsqlite3.connect('app.db')", "OperationalError", "top level"),
        (
            "import socket\nsocket.create_connection(('127.0.0.1', 9), 1)",
            "PermissionError: .*broken.py:2",
            "top level",
        ),
        ("open('/etc/passwd')", "FileNotFoundError", "top level"),
        ("open('log.txt', 'w')", "OSError", "top level"),
        ("import subprocess\nsubprocess.run(['true'])", "PermissionError", "top level"),
        ("raise SystemExit('bye')", "SystemExit: bye", "top level"),
        ("import os\nos._exit(5)", r"ended while it imported the module \(status 5\)", "ends"),
        ("import time\ntime.sleep(60)", "longer than 0.5 s", "top level"),
    ],
    ids=lambda value: value[:20],
)
def test_a_module_that_does_not_import_says_why_and_what_next(tmp_path, source, words, remedy):
    write_project(tmp_path, {"broken.py": source})
    with pytest.raises(SandboxImportError, match=words) as caught:
        Sandbox(Environment(root=str(tmp_path), module="broken"), limits=Limits(import_s=0.5))
    assert remedy in caught.value.remedy
    assert caught.value.exit_code == 2


def test_a_target_that_is_not_there_or_not_the_one_meant_is_named(tmp_path):
    with pytest.raises(SandboxImportError, match="no_such_module"):
        Sandbox(Environment(root=str(tmp_path), module="no_such_module"))
    with pytest.raises(SandboxImportError, match="expected a directory"):
        Sandbox(Environment(root=str(tmp_path / "missing"), module="x"))
    meant = str(tmp_path / "colorsys.py")
    with pytest.raises(SandboxImportError, match="expected colorsys from"):
        Sandbox(Environment(root=str(tmp_path), module="colorsys", path=meant))


def test_an_interpreter_that_cannot_run_us_says_so(tmp_path):
    with pytest.raises(SandboxError, match="cannot start"):
        Sandbox(Environment(root=str(tmp_path), module="x", python=str(tmp_path / "none")))
    bare = f'#!/bin/sh\nexec {sys.executable} -S "$@"\n'
    python = tmp_path / "bare"
    python.write_text(bare)
    python.chmod(0o755)
    with pytest.raises(SandboxError, match="No module named 'codegenesis'"):
        Sandbox(Environment(root=str(tmp_path), module="x", python=str(python)))


REFUSED = """
try:
    Sandbox(Environment(root=root, module="fine"))
except SandboxUnavailableError as error:
    told = [str(error), error.remedy, error.exit_code]
    print(json.dumps([told, {f.name: f.available for f in features()}]))
"""


@pytest.mark.parametrize(
    ("call", "step"),
    [
        ("unshare", "namespaces"),
        ("mount_setattr", "mounts"),
        ("landlock_create_ruleset", "landlock"),
    ],
)
def test_a_kernel_without_a_feature_is_refused_with_cause_and_remedy(tmp_path, call, step):
    """The kernel is real; a filter makes it answer as one that lacks the call would."""
    write_project(tmp_path, {"fine.py": ""})
    run = subprocess.run(
        [sys.executable, "-c", BLOCKED + REFUSED, str(number_of(call)), "38", str(tmp_path)],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    (message, remedy, code), found = json.loads(run.stdout)
    assert f"{step} (" in message
    assert "Function not implemented" in message
    assert remedy == STEPS[step].remedy
    assert code == 8
    assert found == EXPECTED[step]


EXPECTED = {
    step: dict(zip(STEPS, values, strict=True))
    for step, values in {
        "namespaces": (True, False, None, True, True, True),  # looked for at the lower tier
        "mounts": (True, True, False, True, True, True),
        "landlock": (True, True, True, False, None, None),
    }.items()
}


def test_a_machine_without_user_namespaces_is_refused(tmp_path):
    """Counted in a user namespace of its own, so that the machine's setting stays."""
    write_project(tmp_path, {"fine.py": ""})
    script = textwrap.dedent(
        f"""
        import os, sys
        from codegenesis.errors import SandboxUnavailableError
        from codegenesis.sandbox import Environment, Sandbox, namespaces
        namespaces._become_root_of_a_user_namespace()
        open("/proc/sys/user/max_user_namespaces", "w").write("0")
        try:
            Sandbox(Environment(root={str(tmp_path)!r}, module="fine"))
        except SandboxUnavailableError as error:
            print(error, error.remedy)
        """
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert "No space left" in run.stdout, run.stderr
    assert "user.max_user_namespaces" in run.stdout


@pytest.mark.parametrize(("platform", "machine"), [("darwin", "arm64"), ("linux", "riscv64")])
def test_another_platform_is_refused_before_anything_starts(monkeypatch, platform, machine):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr("codegenesis.sandbox.kernel.machine", lambda: machine)
    with pytest.raises(SandboxUnavailableError, match=f"{platform} on {machine}") as caught:
        require_platform()
    assert "Linux" in caught.value.remedy


def test_this_machine_has_every_feature():
    told = features()
    assert [feature.name for feature in told] == list(STEPS)
    assert all(feature.available for feature in told)
    assert all(feature.purpose and feature.remedy for feature in told)


def test_a_missing_feature_is_an_unavailable_sandbox():
    error = MissingFeatureError("landlock", "Function not implemented")
    assert isinstance(error, SandboxUnavailableError)
    assert error.step == "landlock"


def test_a_hanging_import_ends_with_the_parents_patience(tmp_path):
    write_project(tmp_path, {"slow.py": "while True: pass\n"})
    started = time.monotonic()
    with pytest.raises(SandboxImportError):
        Sandbox(Environment(root=str(tmp_path), module="slow"), limits=Limits(import_s=0.3))
    assert time.monotonic() - started < 20
