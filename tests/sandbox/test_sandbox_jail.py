"""What a candidate can see and do: the code it needs, and nothing of the world around it."""

import os
import signal
import socket
import sys
import threading

import pytest
from jail_bench import Bench, write_project

from codegenesis.sandbox import Environment, Sandbox

TRY = """
def attempt(action):
    try:
        return repr(action())
    except BaseException as error:
        return type(error).__name__
"""
NO_FILE = ("FileNotFoundError", "NotADirectoryError")
REFUSED = ("PermissionError", "FileNotFoundError", "OSError", "NotADirectoryError")


def tried(bench, action: str) -> str:
    return bench.value(f"{TRY}\nimport os, sys\nreturn attempt(lambda: {action})")


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "/proc", "/proc/self/environ", "/sys", "/home", "/var", "/run", "/bin/sh",
     sys.executable, "/dev/zero", "/dev/shm", __file__, "/proc/1/root/etc/passwd"],
)  # fmt: skip
def test_files_of_the_host_are_not_there(bench, path):
    assert tried(bench, f"os.stat({path!r})") in REFUSED
    assert tried(bench, f"os.stat('../' * 30 + {path!r})") in REFUSED


def test_the_target_and_the_libraries_are_there(bench, environment):
    assert bench.value("import os; return os.listdir('.')") == ["cg_target.py"]
    assert bench.value("return open(__file__).readline()") == "\n"
    assert bench.value("import sqlite3, ssl, decimal, zoneinfo; return 1") == 1
    assert bench.value("import msgspec, codegenesis; return 1") == 1
    assert bench.value("return open('/dev/null', 'w').write('x')") == 1


@pytest.mark.parametrize(
    "action",
    [
        "open('/tmp/x', 'w')",
        "open('x', 'w')",
        "open(__file__, 'a')",
        "os.mkdir('/x')",
        "os.unlink(__file__)",
        "os.rename(__file__, 'y')",
        "os.chmod(__file__, 0)",
        "os.utime(__file__)",
        "os.symlink('/etc', 'y')",
        "os.link(__file__, 'y')",
        "os.truncate(__file__, 0)",
        "os.mkfifo('/tmp/f')",
        "os.setxattr(__file__, 'user.x', b'')",
        "os.chdir('/')",
        "os.chroot('/')",
        "__import__('tempfile').TemporaryFile()",
    ],
)
def test_nothing_can_be_written(each_bench, action):
    assert tried(each_bench, action) in REFUSED


@pytest.mark.parametrize(
    "action",
    [
        "os.fork()",
        "os.execv('/lib/ld-linux.so.2', ['x'])",
        "os.posix_spawn('/bin/sh', ['sh'], {})",
        "__import__('subprocess').run([sys.executable])",
        "__import__('multiprocessing').Process().start()",
        "__import__('socket').socket()",
        "__import__('socket').socket(1, 1)",
        "__import__('socket').socketpair()",
        "__import__('socket').create_connection(('127.0.0.1', 1))",
        "os.kill(os.getppid(), 0)",
        "os.kill(-1, 9)",
        "os.kill(os.getpid(), 9)",
        "os.killpg(0, 9)",
        "os.setuid(0)",
        "os.nice(-5)",
        "os.sched_setaffinity(0, {0})",
        "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))",
        "os.memfd_create('x')",
        "os.pidfd_open(1)",
        "os.eventfd(0)",
        "os.pipe()",
        "__import__('signal').setitimer(0, 1)",
        "__import__('fcntl').fcntl(4, 8, 1)",  # F_SETOWN
        "__import__('fcntl').fcntl(4, 1031, 1 << 20)",  # F_SETPIPE_SZ
        "__import__('fcntl').ioctl(4, 0x5412, b'x')",  # TIOCSTI
        "__import__('resource').setrlimit(7, (10, 10))",
    ],
)
def test_nothing_can_be_started_reached_or_signalled(each_bench, action):
    assert tried(each_bench, action) in (*REFUSED, "ItimerError", "itimer_error", "ValueError")


def test_threads_cannot_be_started(each_bench):
    assert (
        tried(each_bench, "__import__('threading').Thread(target=print).start()") == "RuntimeError"
    )


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="x32 is a convention of x86_64")
def test_another_calling_convention_kills(each_bench):
    outcome = each_bench.outcome("import ctypes; ctypes.CDLL(None).syscall(0x40000000 + 39)")
    assert outcome.detail == "it made a system call of another machine"


def test_the_world_is_anonymous(bench, monkeypatch):
    monkeypatch.setenv("CG_CANARY_SECRET", "secret")
    assert "secret" not in bench.value("import os; return str(dict(os.environ))")
    assert bench.value("import os; return os.environ['CODEGENESIS_DISABLED']") == "1"
    assert bench.value("import os; return [os.getpid(), os.getppid()]") == [1, 0]
    assert bench.value("import os; return os.uname().nodename") == "codegenesis"
    assert bench.value("import os; return os.geteuid()") != 0
    assert bench.value("import sys; return len(sys.argv)") == 1


def test_only_the_two_pipes_and_the_null_device_are_open(each_bench):
    body = """
    import os, stat
    kinds = {}
    for fd in range(256):
        try:
            mode = os.fstat(fd).st_mode
        except OSError:
            continue
        kinds[fd] = "pipe" if stat.S_ISFIFO(mode) else "null" if stat.S_ISCHR(mode) else mode
    return kinds
    """
    assert each_bench.value(body) == {0: "null", 1: "null", 2: "null", 3: "pipe", 4: "pipe"}


def test_hashes_are_the_same_in_every_sandbox(environment, bench):
    with Sandbox(environment) as other:
        assert Bench(other).value("return hash('x')") == bench.value("return hash('x')")


def test_the_parent_gets_no_signal_and_no_connection(each_bench):
    got = []
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.2)
    port = listener.getsockname()[1]
    main = threading.current_thread() is threading.main_thread()
    old = signal.signal(signal.SIGUSR1, lambda *_: got.append(1)) if main else None
    try:
        for target in (os.getpid(), -os.getpgrp(), 0, -1, 1):
            tried(each_bench, f"os.kill({target}, 10)")
        tried(each_bench, f"__import__('socket').create_connection(('127.0.0.1', {port}))")
        with pytest.raises(TimeoutError):
            listener.accept()
    finally:
        listener.close()
        if main:
            signal.signal(signal.SIGUSR1, old)
    assert got == []


SECRETS = (".env", ".git/config", ".codegenesis/key", "pkg/.env.local", "pkg/deep/.aws/credentials",
           "server.pem", "pkg/credentials.json", "customers.sqlite3", "secrets/token")  # fmt: skip


@pytest.fixture
def project(tmp_path):
    write_project(
        tmp_path,
        {
            "pkg/__init__.py": "",
            "pkg/deep/__init__.py": "",
            "pkg/code.py": "RATE = 1",
            "probe_mod.py": "import pkg.code\ndef probe(x=None):\n    return x\n",
            "data.json": "{}",
        }
        | dict.fromkeys(SECRETS, "secret"),
    )
    return tmp_path


def readable(bench, path) -> bool:
    return tried(bench, f"open({str(path)!r}).read()") == "'secret'"


def test_secrets_of_the_project_cannot_be_read(project):
    with Sandbox(Environment(root=str(project), module="probe_mod")) as sandbox:
        bench = Bench(sandbox)
        assert [name for name in SECRETS if readable(bench, project / name)] == []
        assert bench.value("return open('data.json').read()") == "{}"
        assert tried(bench, "open('.env', 'w')") in REFUSED
        assert tried(bench, "open('.git/x', 'w')") in REFUSED


def test_secrets_stay_hidden_under_another_name_of_the_project(project, tmp_path_factory):
    link = tmp_path_factory.mktemp("links") / "link"
    link.symlink_to(project)
    with Sandbox(Environment(root=str(link), module="probe_mod")) as sandbox:
        bench = Bench(sandbox)
        for root in (project, link):
            assert [name for name in SECRETS if readable(bench, root / name)] == []
        assert bench.value("return x", 1) == 1


def test_what_the_owner_grants_can_be_read(project, tmp_path_factory):
    extra = tmp_path_factory.mktemp("extra") / "table.txt"
    extra.write_text("secret")
    granted = Environment(root=str(project), module="probe_mod", read_only=(str(extra),))
    with Sandbox(granted) as sandbox:
        assert readable(Bench(sandbox), extra)
    with Sandbox(Environment(root=str(project), module="probe_mod")) as sandbox:
        assert not readable(Bench(sandbox), extra)


def test_a_shared_directory_shows_only_what_can_be_imported(project, monkeypatch):
    """As when a script lies in the home directory."""
    from codegenesis.sandbox import exposure

    monkeypatch.setattr("tempfile.tempdir", str(project))
    seen = exposure.view(Environment(root=str(project), module="probe_mod"))
    shown = {path for path in seen.visible if path.startswith(str(project))}
    assert shown == {str(project / "pkg"), str(project / "probe_mod.py")}


def test_installed_packages_below_a_hidden_directory_are_seen(project):
    packages = project / ".venv" / "lib"
    packages.mkdir(parents=True)
    (packages / "installed.py").write_text("X = 5\n")
    (project / ".venv" / "token").write_text("secret")
    with Sandbox(
        Environment(root=str(project), module="probe_mod", read_only=(str(packages),))
    ) as sandbox:
        bench = Bench(sandbox)
        path = str(packages)
        assert (
            bench.value(f"import sys; sys.path.append({path!r}); import installed as i; return i.X")
            == 5
        )
        assert not readable(bench, project / ".venv" / "token")


def test_a_project_too_large_to_search_is_refused(project, monkeypatch):
    from codegenesis.errors import SandboxImportError
    from codegenesis.sandbox import exposure

    monkeypatch.setattr(exposure, "_MOST_ENTRIES", 5)
    with pytest.raises(SandboxImportError, match="more than 5 files"):
        exposure.view(Environment(root=str(project), module="probe_mod"))
