"""Without user namespaces there is tier L2, for who allows it, and nothing below."""

import json
import logging
import os
import subprocess
import sys

import pytest
from jail_bench import BLOCKED, Bench, number_of, write_project

from codegenesis.errors import SandboxUnavailableError, UsageError
from codegenesis.sandbox import Environment, Sandbox, reached
from codegenesis.sandbox.kernel import Feature

FALL = """
import logging
told = []
try:
    with Sandbox(Environment(root=root, module="fine"), tier="L2", told=told.append) as sandbox:
        print(json.dumps([sandbox.tier, told, reached(features())]))
except SandboxUnavailableError as error:
    print(json.dumps(["refused", [str(error)], reached(features())]))
"""


def on_a_kernel_without(call: str, root) -> list:
    write_project(root, {"fine.py": ""})
    run = subprocess.run(
        [sys.executable, "-c", BLOCKED + FALL, str(number_of(call)), "38", str(root)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.mark.parametrize(("call", "step"), [("unshare", "namespaces"), ("mount_setattr", "mounts")])
def test_it_falls_back_where_that_is_allowed_and_says_so(tmp_path, call, step):
    tier, told, best = on_a_kernel_without(call, tmp_path)
    assert (tier, best) == ("L2", "L2")
    (words,) = told
    assert "tier L2 only" in words
    assert f"{step} (" in words
    assert "security-opt" in words, "what to do about it"


@pytest.mark.parametrize("call", ["landlock_create_ruleset", "seccomp"])
def test_below_that_it_refuses(tmp_path, call):
    tier, told, best = on_a_kernel_without(call, tmp_path)
    assert (tier, best) == ("refused", None)
    assert "cannot isolate code" in told[0]


def test_a_machine_that_has_everything_gives_the_most_whatever_is_allowed(environment):
    told = []
    with Sandbox(environment, tier="L2", told=told.append) as sandbox:
        assert sandbox.tier == "L3"
    assert told == []


def test_the_highest_tier_can_be_chosen_but_not_below_the_lowest(environment, caplog):
    with caplog.at_level(logging.WARNING), Sandbox(environment, tier="L2", highest="L2") as lower:
        assert lower.tier == "L2"
        assert Bench(lower).alive()
    assert caplog.records == [], "nothing was lost that was asked for"
    with pytest.raises(UsageError, match="L3 is above the highest, L2"):
        Sandbox(environment, highest="L2")


def test_features_say_which_tier_is_reached():
    def feature(name, available):
        return Feature(
            name=name, available=available, purpose="", remedy="",
            tier="L3" if name == "mounts" else "L2",
        )  # fmt: skip

    assert reached([feature("mounts", True), feature("seccomp", True)]) == "L3"
    assert reached([feature("mounts", False), feature("seccomp", True)]) == "L2"
    assert reached([feature("mounts", True), feature("seccomp", None)]) is None


READ = """
import os
try:
    return open(x).read()
except OSError as error:
    return type(error).__name__
"""


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "/etc/hostname", "/proc/self/maps", "/proc/self/environ", "/proc/1/environ",
     "/proc/cpuinfo", "/sys/kernel/mm/transparent_hugepage/enabled", "/dev/zero", "/dev/urandom",
     "/bin/sh", __file__, "../" * 20 + "etc/passwd"],
)  # fmt: skip
def test_no_file_of_the_host_can_be_read_at_l2(lower, path):
    assert Bench(lower).value(READ, path) in ("PermissionError", "FileNotFoundError")


@pytest.mark.parametrize("path", ["fd", "fd/0", "mem", "maps", "environ", "cwd", "root", "exe"])
def test_nothing_of_its_zygote_or_parents_can_be_opened_at_l2(lower, path):
    body = """
    import os
    said = []
    for action in (os.open, os.readlink):
        for pid in (os.getppid(), x[1], 1):
            try:
                said.append(repr(action(f"/proc/{pid}/{x[0]}", 0) if action is os.open else
                                 action(f"/proc/{pid}/{x[0]}")))
            except OSError as error:
                said.append(type(error).__name__)
    return said
    """
    said = set(Bench(lower).value(body, [path, os.getpid()]))
    assert said <= {"PermissionError", "OSError", "FileNotFoundError"}


SECRETS = (".env", ".git/config", "pkg/.env", "pkg/deep/.aws/key", "server.pem", "secrets/token",
           "pkg/customers.sqlite3")  # fmt: skip


@pytest.fixture
def project(tmp_path):
    files = {"pkg/__init__.py": "", "probe_mod.py": "def probe(x=None):\n    return x\n",
             "data.json": "{}", "pkg/deep/table.txt": "4"}  # fmt: skip
    write_project(tmp_path, files | dict.fromkeys(SECRETS, "secret"))
    (tmp_path / "way_out").symlink_to("/etc")
    (tmp_path / "pkg" / "way_out").symlink_to("/etc/passwd")
    return tmp_path


def test_secrets_between_visible_files_cannot_be_read_at_l2(project):
    environment = Environment(root=str(project), module="probe_mod")
    with Sandbox(environment, tier="L2", highest="L2") as sandbox:
        bench = Bench(sandbox)
        assert {bench.value(READ, str(project / name)) for name in SECRETS} == {"PermissionError"}
        assert bench.value(READ, "data.json") == "{}"
        assert bench.value(READ, "pkg/deep/table.txt") == "4"
        assert bench.value(READ, "way_out/passwd") == "PermissionError"
        assert bench.value(READ, "pkg/way_out") == "PermissionError"
        assert bench.value("import pkg; return pkg.__name__") == "pkg"
        (project / "later.txt").write_text("secret")
        assert bench.value(READ, "later.txt") == "PermissionError"


def test_installed_packages_below_a_hidden_directory_are_seen_at_l2(project):
    packages = project / ".venv" / "lib"
    write_project(packages, {"installed.py": "X = 5\n", "../token": "secret"})
    environment = Environment(root=str(project), module="probe_mod", read_only=(str(packages),))
    with Sandbox(environment, tier="L2", highest="L2") as sandbox:
        bench = Bench(sandbox)
        assert bench.value(READ, str(packages / "installed.py")) == "X = 5\n"
        assert bench.value(READ, str(project / ".venv" / "token")) == "PermissionError"


IMPORTS = {
    "process": ("import os\nos.fork()", "PermissionError"),
    "signal": ("import os\nos.kill(os.getppid(), 10)", "PermissionError"),
    "connection": ("import socket\ns = socket.socket()\ns.connect(('127.0.0.1', 1))", "Permission"),
    "write": ("open('x', 'w')", "OSError|PermissionError"),
    "program": ("import os\nos.execv('/bin/sh', ['sh'])", "PermissionError|FileNotFoundError"),
    "shared memory": ("import mmap\nmmap.mmap(-1, 4096)", "PermissionError"),
    "group": ("import os\nos.setsid()", "PermissionError"),
    "datagram": ("import socket\nsocket.socketpair(1, 2)", "PermissionError"),
    "clock": ("import time\ntime.clock_settime(0, 1)", "PermissionError"),
}


@pytest.mark.parametrize("tier", ["L3", "L2"])
@pytest.mark.parametrize("what", IMPORTS)
def test_the_import_of_a_target_is_kept_in_as_well(tmp_path, what, tier):
    source, words = IMPORTS[what]
    write_project(tmp_path, {"target.py": source})
    environment = Environment(root=str(tmp_path), module="target")
    with pytest.raises(Exception, match=words) as caught:
        Sandbox(environment, tier=tier, highest=tier)
    assert not isinstance(caught.value, SandboxUnavailableError)


def test_a_target_may_use_threads_while_it_is_imported(tmp_path):
    source = """
    import threading
    done = []
    thread = threading.Thread(target=lambda: done.append(1))
    thread.start()
    thread.join()
    def probe(x=None):
        return done
    """
    write_project(tmp_path, {"target.py": source})
    for tier in ("L3", "L2"):
        environment = Environment(root=str(tmp_path), module="target")
        with Sandbox(environment, tier=tier, highest=tier) as sandbox:
            assert Bench(sandbox).sandbox.candidate("probe", None)


def test_root_is_left_or_at_least_powerless_at_l2(lower):
    body = """
    import ctypes, struct, os
    libc = ctypes.CDLL(None, use_errno=True)
    return os.geteuid(), [libc.setuid(0), libc.chroot(b"/"), libc.umount2(b"/", 2)]
    """
    uid, tried = Bench(lower).value(body)
    assert uid != 0 or os.geteuid() == 0
    assert tried == [-1, -1, -1]
