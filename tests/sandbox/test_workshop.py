"""The workshop does what tools need, and nothing that a hostile one wants."""

import ctypes
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from leftovers import descendants, leaving_nothing, running, until
from test_sandbox_user import as_nobody

from codegenesis.sandbox import WorkLimits, Workshop

LIMITS = WorkLimits(
    cpu_s=20,
    wall_s=60,
    memory_bytes=192 << 20,
    output_bytes=1 << 20,
    scratch_bytes=16 << 20,
    processes=16,
)


def python(code, *, shop=None, **options):
    """Run Python code as the tool."""
    options.setdefault("limits", LIMITS)
    return (shop or Workshop()).run([sys.executable, "-c", code], **options)


def said(code, **options):
    work = python(code, **options)
    assert (work.died, work.status) == ("", 0), (work.died, work.stderr)
    return work.stdout.decode().strip()


def attempt(statement):
    """Code that prints how a statement ended: what it raised, or "done"."""
    return f"try:\n    {statement}\n    print('done')\nexcept Exception as e:\n    print(repr(e))"


# What tools need


def test_a_c_compiler_makes_a_library(tmp_path):
    work = Workshop().run(
        ["cc", "-shared", "-fPIC", "-O1", "src/twice.c", "-o", "twice.so"],
        files={"src/twice.c": b"int twice(int x) { return x + x; }"},
        keep=["*.so"],
    )
    assert (work.status, work.died, work.stderr) == (0, "", b"")
    library = tmp_path / "twice.so"
    library.write_bytes(work.files["twice.so"])
    assert ctypes.CDLL(str(library)).twice(21) == 42
    assert work.cpu_ns > 0
    assert work.wall_ns > 0
    assert work.peak_bytes > 1 << 20


def test_a_compiler_tells_what_is_wrong():
    work = Workshop().run(["cc", "-c", "bad.c"], files={"bad.c": b"int f( {"}, keep=["*.o"])
    assert (work.status, work.died, work.files) == (1, "", {})
    assert b"bad.c:1" in work.stderr


def test_the_tests_of_a_project_run(tmp_path):
    (tmp_path / "lib.py").write_text("def twice(x):\n    return x + x\n")
    (tmp_path / "test_lib.py").write_text(
        "import lib\n"
        "def test_holds(tmp_path):\n    (tmp_path / 'x').touch()\n    assert lib.twice(2) == 4\n"
        "def test_fails():\n    assert lib.twice(2) == 5\n"
    )
    work = Workshop(visible=[str(tmp_path)]).run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    )
    assert (work.status, work.died) == (1, "")
    assert b"1 failed, 1 passed" in work.stdout


def test_tools_start_processes_and_threads():
    code = """
import asyncio, multiprocessing, subprocess, tempfile, threading
thread = threading.Thread(target=print, args=("thread",)); thread.start(); thread.join()
print(subprocess.run(["sh", "-c", "echo shell"], capture_output=True, text=True).stdout.strip())
with multiprocessing.get_context("fork").Pool(1) as pool:
    print(pool.map(abs, [-3]))
asyncio.run(asyncio.sleep(0))
open("y", "w").close(); tempfile.mkdtemp()
"""
    assert said(code).split() == ["thread", "shell", "[3]"]


def test_scratch_is_home_and_working_directory():
    code = "import os; print(os.getcwd() == os.environ['HOME'], os.listdir(), os.environ['WORD'])"
    files = {"a/b.txt": b"1"}
    assert said(code, files=files, env={"WORD": "hi"}) == "True ['a'] hi"


def test_files_out_of_scratch_are_refused():
    for name in ("/etc/x", "../x", "a/../../x", ""):
        with pytest.raises(ValueError, match="below the scratch directory"):
            python("", files={name: b""})


def test_a_program_that_is_not_there_says_so():
    work = Workshop().run(["no-such-tool"])
    assert (work.status, work.died) == (127, "")
    assert work.stderr == b"cannot run no-such-tool: No such file or directory\n"


def test_a_tool_asks_and_is_answered():
    code = """
import os, struct
out, inn = int(os.environ["CODEGENESIS_ANSWER_OUT"]), int(os.environ["CODEGENESIS_ANSWER_IN"])
def read(n):
    data = b""
    while len(data) < n:
        data += os.read(inn, n - len(data))
    return data
def ask(*bodies):
    os.write(out, b"".join(struct.pack("<I", len(body)) + body for body in bodies))
    return [read(*struct.unpack("<I", read(4))) for _ in bodies]
print(ask(b"one"), ask(b"two", b""), len(ask(b"big")[0]))
"""
    answers = {b"one": b"1", b"two": b"22", b"": b"", b"big": b"x" * 500_000}
    assert said(code, answer=answers.__getitem__) == "[b'1'] [b'22', b''] 500000"


def test_without_answer_there_is_nothing_to_ask():
    assert said("import os; print([n for n in os.environ if 'ANSWER' in n])") == "[]"
    assert "Bad file descriptor" in said(attempt("import os; os.write(3, b'')"))


# Questions are data


@pytest.mark.parametrize(
    ("frame", "died"),
    [
        (struct.pack("<I", 1 << 30), "it asked in more than 1048576 bytes"),
        (struct.pack("<I", 9) + b"half", "it ended in the middle of a question"),
        (b"\1", "it ended in the middle of a question"),
    ],
)
def test_a_malformed_question_ends_the_tool(frame, died):
    work = python(f"import os; os.write(3, {frame!r})", answer=lambda body: body)
    assert (work.died, work.status) == (died, None)


def test_what_the_answer_raises_ends_the_tool_and_is_passed_on():
    def answer(body):
        raise LookupError("nobody knows")

    code = f"import os, time; os.write(3, {struct.pack('<I', 0)!r}); time.sleep(600)"
    with leaving_nothing(), pytest.raises(LookupError, match="nobody knows"):
        python(code, answer=answer)


def test_answers_that_nobody_reads_do_no_harm():
    code = f"import os\nwhile True: os.write(3, {struct.pack('<I', 0)!r})"
    limits = WorkLimits(cpu_s=20, wall_s=1)
    assert python(code, answer=lambda body: b"x" * 9999, limits=limits).died == (
        "it took longer than 1 s"
    )


# Limits


@pytest.mark.parametrize(
    ("code", "limits", "died"),
    [
        ("while True: pass", {"cpu_s": 0.3}, "it used more than 0.3 s of CPU"),
        ("import time; time.sleep(600)", {"wall_s": 0.3}, "it took longer than 0.3 s"),
        (
            "import signal, time\n"
            "for n in set(signal.Signals) - {9, 19}: signal.signal(n, signal.SIG_IGN)\n"
            "while True: time.sleep(600)",
            {"wall_s": 0.5},
            "it took longer than 0.5 s",
        ),
        ("import os; os.kill(os.getpid(), 19)", {"wall_s": 0.3}, "it took longer than 0.3 s"),
        (
            "import os\nfor _ in range(3): os.fork()\nwhile True: pass",
            {"cpu_s": 0.5},
            "it used more than 0.5 s of CPU",
        ),
        (
            "import os\nwhile True: os.write(1, b'x' * 65536)",
            {"output_bytes": 200_000},
            "it printed more than 200000 bytes",
        ),
    ],
)
def test_a_limit_ends_the_tool(code, limits, died):
    work = python(code, limits=WorkLimits(**limits))
    assert (work.died, work.status, work.files) == (died, None, {})


def test_what_is_printed_is_cut_at_the_limit():
    work = python("import os\nwhile True: os.write(2, b'x' * 65536)")
    assert work.stderr == b"x" * LIMITS.output_bytes


def test_the_memory_of_one_process_is_bounded():
    work = python("x = []\nwhile True: x.append(bytearray(1 << 20))")
    assert work.died or work.stderr.endswith(b"MemoryError\n")
    assert work.peak_bytes < LIMITS.memory_bytes + (64 << 20)


@pytest.mark.parametrize(
    "bomb",
    [
        "for _ in range(6):\n    if not os.fork(): kept = b'x' * (64 << 20); time.sleep(600)",
        "import socket\nfor _ in range(6):\n    if not os.fork():\n"
        "        kept = [socket.socketpair() for _ in range(100)]; time.sleep(600)",
        "kept = []\nwhile True: m = mmap.mmap(-1, 8 << 20); m.write(b'x' * len(m)); kept.append(m)",
    ],
)
def test_the_memory_of_all_processes_together_is_bounded(bomb):
    work = python(f"import mmap, os, time\n{bomb}\ntime.sleep(600)")
    assert work.died == f"it used more than {LIMITS.memory_bytes} bytes of memory"


def test_a_fork_bomb_comes_to_nothing():
    """It is refused further processes; where the kernel counts none for this user, it is ended."""
    work = python(
        "import os, time\n"
        "try:\n"
        "    while True:\n"
        "        if not os.fork(): time.sleep(600)\n"
        "except OSError as error: print(type(error).__name__)"
    )
    assert (work.stdout, work.died) == (b"BlockingIOError\n", "")


def test_a_full_scratch_is_the_tools_own_trouble():
    code = "open('x', 'wb').write(bytes(64 << 20))"
    work = python(code)
    assert (work.died, work.status) == ("", 1)
    assert b"No space left on device" in work.stderr


def test_files_to_keep_are_measured_by_what_they_hold():
    work = python("open('x', 'wb').truncate(1 << 40)", keep=["x"])
    assert work.died == f"the files to keep are larger than {LIMITS.scratch_bytes} bytes"
    assert work.files == {}


def test_only_regular_files_are_kept():
    code = """
import os
os.symlink("/etc/passwd", "passwd.so"); os.symlink("/usr/lib", "lib"); os.mkfifo("pipe.so")
os.mkdir("dir.so"); os.makedirs("a/b"); open("a/b/real.so", "w").write("hi")
os.symlink("a/b/real.so", "link.so"); open(b"\\xff.so", "w").close()
for _ in range(1500): os.mkdir("d"); os.chdir("d")
"""
    assert python(code, keep=["**/*.so"]).files == {"a/b/real.so": b"hi"}


# What is outside


def test_no_secret_is_to_be_read(tmp_path, monkeypatch):
    home = tmp_path / "home"
    project = home / "project"
    (project / ".git").mkdir(parents=True)
    planted = [home / "secret.txt", project / ".env", project / "id_rsa", project / ".git/config"]
    planted += [Path("/tmp") / f"codegenesis-canary-{os.getpid()}", tmp_path / "beside.txt"]
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("TOKEN", "canary")
    (project / "code.py").write_text("fine")
    code = f"""
import os
for path in {[*map(str, planted), "/etc/passwd", "/etc/shadow", "/proc/1/environ", "/proc/kcore"]}:
    try: print(path, open(path).read())
    except OSError: pass
print(open({str(project / "code.py")!r}).read(), "TOKEN" in os.environ)
"""
    try:
        for path in planted:
            path.write_text("canary")
        assert said(code, shop=Workshop(visible=[str(project)])) == "fine False"
    finally:
        planted[4].unlink()


def test_nothing_is_written_outside_scratch(tmp_path):
    shop = Workshop(visible=[str(tmp_path)])
    (tmp_path / "mine.txt").write_text("as it was")
    for path in (tmp_path / "mine.txt", tmp_path / "new", "/new", "/usr/new", sys.executable):
        assert "Error" in said(attempt(f"open({str(path)!r}, 'a')"), shop=shop)
    assert (tmp_path / "mine.txt").read_text() == "as it was"


def test_there_is_no_network():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        code = f"import socket; socket.create_connection({listener.getsockname()!r})"
        assert "PermissionError" in said(attempt(code))
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_a_listener_on_a_visible_path_is_not_reached(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "door"))
        listener.setblocking(False)
        pair = "import socket; a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_{})"
        door = str(tmp_path / "door")
        for code in (
            f"from socket import *; socket(AF_UNIX, SOCK_DGRAM).sendto(b'x', {door!r})",
            f"{pair.format('DGRAM')}; a.sendto(b'x', {door!r})",
            f"{pair.format('STREAM')}; a.sendto(b'x', {door!r})",
            f"{pair.format('SEQPACKET')}; a.connect({door!r})",
        ):
            assert "Error" in said(attempt(code), shop=Workshop(visible=[str(tmp_path)]))
        with pytest.raises(BlockingIOError):
            listener.recv(1)


def test_other_processes_are_out_of_reach():
    code = f"""
import os, signal
print(sorted(int(name) for name in os.listdir("/proc") if name.isdigit()) == [1, os.getpid()])
for pid in (1, {os.getpid()}, {os.getppid()}):
    try: os.kill(pid, signal.SIGKILL)
    except OSError as error: print(type(error).__name__)
"""
    assert said(code).split() == ["True", "ProcessLookupError", "ProcessLookupError"]


SYSTEM_CALLS = {
    "ptrace": "ptrace(16, 1, 0, 0)",
    "mount": 'mount(b"none", b"/workshop", b"tmpfs", 0, 0)',
    "umount": 'umount2(b"/proc", 2)',
    "chroot": 'chroot(b"/workshop")',
    "unshare users": "unshare(0x10000000)",
    "clone users": "clone(0, 0, 0x10000000 | 17, 0)",
    "setns": "setns(0, 0)",
    "setuid": "setuid(0)",
    "setgid": "setgid(0)",
    "memfd": 'memfd_create(b"x", 0)',
    "shm": "shmget(0, 4096, 0o1600)",
    "keyctl": "syscall(250, 0, -3, 1)",
    "bpf": "syscall(321, 0, 0, 0)",
    "userfaultfd": "syscall(323, 0)",
    "io_uring": "syscall(425, 1, 0)",
    "perf": "syscall(298, 0, 0, -1, -1, 0)",
    "kexec": "syscall(246, 0, 0, 0, 0)",
    "open_tree": 'syscall(428, -100, b"/", 1)',
    "newer than known": "syscall(457, 0, 0, 0, 0)",
    "clone3": "syscall(435, 0, 0)",
    "terminal input": "ioctl(0, 0x5412, b'x')",
    "raise a limit": "prlimit(0, 7, (ctypes.c_ulong * 2)(9999, 9999), 0)",
}


@pytest.fixture(scope="module")
def system_calls():
    code = "import ctypes; libc = ctypes.CDLL(None, use_errno=True)\n" + "".join(
        f"print({name!r}, libc.{call}, ctypes.get_errno(), sep='|')\n"
        for name, call in SYSTEM_CALLS.items()
    )
    return {line.split("|")[0]: line.split("|")[1:] for line in said(code).splitlines()}


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="calls by number")
@pytest.mark.parametrize("name", SYSTEM_CALLS)
def test_a_system_call_is_refused(system_calls, name):
    assert system_calls[name][0] == "-1"
    assert system_calls[name][1] in ("1", "14", "22", "25", "38")


def test_set_user_id_programs_gain_nothing():
    code = """
import os, subprocess
open("p.c", "w").write("#include <unistd.h>\\nint main() { return geteuid() != getuid(); }")
subprocess.run(["cc", "p.c", "-o", "p"], check=True)
os.chmod("p", 0o6755)
print(subprocess.run(["./p"]).returncode)
status = open("/proc/self/status").read()
print(*(line.split()[1] for line in status.splitlines() if line.startswith(("Cap", "NoNew"))))
"""
    assert said(code).split() == ["0", *["0" * 16] * 5, "1"]


def test_several_tools_work_at_the_same_time():
    shop = Workshop()
    with ThreadPoolExecutor(4) as pool:
        works = pool.map(lambda n: said(f"print({n} * 2)", shop=shop), range(8))
        assert list(works) == [str(n * 2) for n in range(8)]


# What stays


def test_daemons_end_with_the_tool_and_write_nothing_later():
    code = """
import os, time
if not os.fork():
    os.setsid()
    if not os.fork():
        os.close(1); os.close(2)
        open("begun", "w").close()
        while True: open("late", "a").write("x")
    os._exit(0)
while not os.path.exists("begun"): time.sleep(0.001)
"""
    with leaving_nothing():
        work = python(code, keep=["begun"])
    assert (work.status, list(work.files)) == (0, ["begun"])


def test_afterwards_all_is_as_before(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    python("")
    threads = set(threading.enumerate())
    with leaving_nothing():
        python("print(1)", answer=lambda body: body)
        python("import os; os.kill(os.getpid(), 9)")
        python("while True: pass", limits=WorkLimits(cpu_s=0.1))
    assert set(threading.enumerate()) <= threads
    assert list(tmp_path.iterdir()) == []


OWNER = """
import sys
from codegenesis.sandbox import Workshop
code = "import os, time\\nif not os.fork(): os.setsid()\\nprint(1, flush=True)\\ntime.sleep(600)"
def answer(body):
    print("ready", flush=True)
    return b""
Workshop().run([sys.executable, "-c", "import os; os.write(3, bytes(4))\\n" + code], answer=answer)
"""


def test_when_the_parent_is_killed_everything_ends():
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE)
    try:
        assert owner.stdout.readline() == b"ready\n"
        until(lambda: len(running(descendants(owner.pid))) >= 4)
        pids = descendants(owner.pid)
    finally:
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        owner.stdout.close()
    until(lambda: not running(pids))


SCRIPT = """
import os, sys
from codegenesis.sandbox import Workshop, WorkLimits
shop = Workshop()
built = shop.run(["cc", "-c", "a.c"], files={"a.c": b"int a;"}, keep=["*.o"])
print(built.status, list(built.files), built.died)
bomb = shop.run(
    [sys.executable, "-c", "import os\\ntry:\\n  while os.fork() or not print(end=''): pass\\n"
     "except OSError: open('/new', 'w')"],
    limits=WorkLimits(processes=8, cpu_s=5),
)
print(bomb.status, bomb.died, bomb.stderr.count(b"Read-only") > 0)
code = "x = []\\nwhile True: x.append(bytearray(1 << 20)); __import__('os').fork()"
print(shop.run([sys.executable, "-c", code], limits=WorkLimits(memory_bytes=64 << 20)).died)
"""


def test_an_ordinary_user_gets_the_same_workshop():
    done = subprocess.run(
        as_nobody([sys.executable, "-c", SCRIPT]),
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    if "Permission denied" in done.stderr and "codegenesis" not in done.stderr:
        pytest.skip(f"another user cannot read this interpreter: {done.stderr[-200:]}")
    assert done.stdout.splitlines() == [
        "0 ['a.o'] ",
        "1  True",
        "it used more than 67108864 bytes of memory",
    ], done.stderr
