"""One test per way in or out of a candidate: in go code and calls, out come answers.

The second half is about what one candidate could leave for another, or do to one that runs beside.
"""

import os
import resource
import signal
import sys
import time
from pathlib import Path

import pytest
from jail_bench import Bench, call

from codegenesis import wire
from codegenesis.sandbox import Sandbox

TRY = """
def attempt(action):
    try:
        return repr(action())
    except BaseException as error:
        return type(error).__name__
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def raw(*args):
    ctypes.set_errno(0)
    result = libc.syscall(*[a if isinstance(a, bytes) else ctypes.c_long(a) for a in args])
    return result if result < 0 else f"done: {result}", ctypes.get_errno()
"""
NO = ("PermissionError", "FileNotFoundError", "OSError", "NotADirectoryError", "AttributeError",
      "itimer_error", "ItimerError", "(-1, 1)", "(-1, 38)")  # fmt: skip


def tried(bench, action: str, x=None) -> str:
    return bench.value(f"{TRY}\nreturn attempt(lambda: {action})", x)


IN = {
    "environment": "[k for k in os.environ if 'CANARY' in k or 'PYTEST' in k] and 1/1",
    "environment of C": "libc.getenv(b'CG_CANARY_SECRET') and 1/1",
    "arguments": "[a for a in sys.argv + sys.orig_argv if x in a] and 1/1",
    "standard input": "sys.stdin.read(1) and 1/1",
    "working directory of the parent": "os.environ['PWD']",
    "module path": "[p for p in sys.path if p.endswith('tests/sandbox')] and 1/1",
}


@pytest.mark.parametrize("channel", IN)
def test_nothing_of_the_parent_comes_in_by(each_bench, monkeypatch, channel):
    monkeypatch.setenv("CG_CANARY_SECRET", "canary secret")
    came = tried(each_bench, IN[channel], max(sys.orig_argv[1:], key=len))
    assert came in (*NO, "[]", "''", "0", "KeyError")


OUT = {
    "standard output": "os.write(1, b'x' * 100) and os.fstat(1).st_rdev",
    "standard error": "os.write(2, b'x' * 100) and os.fstat(2).st_rdev",
}


@pytest.mark.parametrize("channel", OUT)
def test_what_goes_out_there_goes_nowhere(each_bench, capfd, channel):
    null = Path(os.devnull).stat().st_rdev
    assert tried(each_bench, OUT[channel]) == repr(null)
    assert capfd.readouterr() == ("", "")


REFUSED = {
    "signals to everybody": "os.kill(-1, 15)",
    "signals to the group": "os.killpg(os.getpgid(0), 15)",
    "signals to the parent": "os.kill(os.getppid() or 1, 10)",
    "queued signals": "raw(129, os.getppid() or 1, 10, 0)",
    "signals by thread": "raw(234, os.getpid(), os.getpid(), 10)",
    "timers": "__import__('signal').setitimer(0, 0.001)",
    "alarms": "raw(37, 1)",
    "kernel timers": "raw(222, 0, 0, 0)",
    "timer descriptors": "raw(283, 0, 0)",
    "signal descriptors": "raw(289, -1, 0, 8, 0)",
    "files by a name in the host": "open('/etc/passwd')",
    "files by going up": "open('../' * 40 + 'etc/passwd')",
    "files by a descriptor of a directory": "os.open('etc/passwd', 0, dir_fd=os.open('/', 0))",
    "files by a handle": "raw(304, 0, 0, 0)",
    "new files": "open('new', 'x')",
    "unnamed files": "os.open('.', 0o20200000 | 2)",
    "symbolic links": "os.symlink('/etc/passwd', 'link')",
    "hard links": "os.link(__file__, 'link')",
    "renaming": "os.rename(__file__, 'other')",
    "access times": "os.utime(__file__, (0, 0))",
    "extended attributes": "os.setxattr(__file__, 'user.cg', b'x')",
    "reading attributes": "os.getxattr(__file__, 'user.cg')",
    "modes": "os.chmod(__file__, 0o777)",
    "owners": "os.chown(__file__, 0, 0)",
    "named pipes": "os.mkfifo('pipe')",
    "devices": "os.mknod('disk', 0o60600, 0x801)",
    "locks on files": "__import__('fcntl').flock(os.open(__file__, 0), 2)",
    "locks on regions": "__import__('fcntl').lockf(os.open(__file__, 0), 2)",
    "leases": "__import__('fcntl').fcntl(os.open(__file__, 0), 1024, 0)",
    "notice of a directory": "__import__('fcntl').fcntl(os.open('.', 0), 1026, 4)",
    "inotify": "raw(294, 0)",
    "fanotify": "raw(300, 0, 0)",
    "disk caches of others": "raw(187, 3, 0, 4096)",
    "pages in the cache": "raw(27, 0, 4096, 0)",
    "syncing disks": "raw(162)",
    "swap": "raw(167, b'/swap', 0)",
    "sockets": "__import__('socket').socket()",
    "abstract sockets": "__import__('socket').socket(1, 1).connect('\\0x')",
    "netlink": "__import__('socket').socket(16, 3, 0)",
    "packets": "__import__('socket').socket(17, 3)",
    "virtual machines' sockets": "__import__('socket').socket(40, 1)",
    "pairs of sockets": "__import__('socket').socketpair()",
    "pipes": "os.pipe()",
    "event descriptors": "os.eventfd(1)",
    "polling descriptors": "__import__('select').epoll()",
    "memory files": "os.memfd_create('x')",
    "secret memory": "raw(447, 0)",
    "shared memory without a file": "__import__('mmap').mmap(-1, 4096)",
    "shared memory by name": "__import__('_posixshmem').shm_open('/cg', 66, mode=384)",
    "shared memory of System V": "raw(29, 0x43474e53, 4096, 0o1600)",
    "semaphores of System V": "raw(64, 0x43474e53, 1, 0o1600)",
    "queues of System V": "raw(68, 0x43474e53, 0o1600)",
    "queues of POSIX": "raw(240, b'/cg', 66, 384, 0)",
    "named semaphores": "__import__('_multiprocessing').SemLock(1, 1, 1, '/cg', False)",
    "keyrings": "raw(250, 0, -3, 1)",
    "new keys": "raw(248, b'user', b'cg', b'x', 1, -3)",
    "performance counters": "raw(298, 0, 0, -1, -1, 0)",
    "programs in the kernel": "raw(321, 0, 0, 72)",
    "page faults of others": "raw(323, 1)",
    "rings": "raw(425, 8, 0)",
    "asynchronous input and output": "raw(206, 8, 0)",
    "descriptors of others": "raw(438, 3, 0, 0)",
    "handles of processes": "os.pidfd_open(os.getppid() or 1)",
    "memory of others": "raw(310, os.getppid() or 1, 0, 0, 0, 0, 0)",
    "writing memory of others": "raw(311, os.getppid() or 1, 0, 0, 0, 0, 0)",
    "advice on memory of others": "raw(440, 3, 0, 0, 4, 0)",
    "tracing": "raw(101, 16, os.getppid() or 1, 0, 0)",
    "being traced": "raw(101, 0, 0, 0, 0)",
    "comparing descriptors": "raw(312, 1, 2, 0, 3, 3)",
    "the clock of the machine": "__import__('time').clock_settime(0, 1)",
    "the adjustment of the clock": "raw(159, 0)",
    "its priority": "os.nice(1)",
    "priority of others": "os.setpriority(os.PRIO_PGRP, 0, 5)",
    "input priority": "raw(251, 1, 0, 0)",
    "its scheduler": "os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))",
    "deadlines": "raw(314, 0, 0, 0)",
    "its processors": "os.sched_setaffinity(0, {0})",
    "memory policy": "raw(238, 0, 0, 0)",
    "moving pages": "raw(279, 0, 0, 0, 0, 0, 0)",
    "locked memory": "raw(149, 0, 4096)",
    "all memory locked": "raw(151, 1)",
    "limits": "raw(160, 7, b'' * 16)",
    "limits of others": "__import__('resource').prlimit(os.getppid() or 1, 7)",
    "the mask of modes": "os.umask(0)",
    "the root": "os.chroot('.')",
    "the directory": "os.chdir('/')",
    "mounts": "raw(165, b'none', b'/', b'tmpfs', 0, 0)",
    "new mounts": "raw(430, b'tmpfs', 0)",
    "namespaces": "raw(272, 0x10000000)",
    "namespaces of others": "raw(308, 3, 0)",
    "users": "os.setuid(0)",
    "groups": "os.setgroups([0])",
    "capabilities": "raw(126, 0, 0)",
    "core dumps and the death signal": "raw(157, 1, 0, 0, 0, 0)",
    "its name": "raw(157, 15, 0, 0, 0, 0)",
    "another filter": "raw(317, 1, 0, 0)",
    "sessions": "os.setsid()",
    "process groups": "os.setpgid(0, 0)",
    "waiting for others": "os.wait()",
    "copies of itself": "os.fork()",
    "copies by another name": "raw(58)",
    "copies with a new call": "raw(435, 0, 88)",
    "programs": "os.execv('/bin/sh', ['sh'])",
    "programs by descriptor": "raw(322, 3, b'', 0, 0, 0x1000)",
    "kernel modules": "raw(175, 0, 0, b'')",
    "another kernel": "raw(246, 0, 0, 0, 0)",
    "reboot": "raw(169, 0, 0, 0)",
    "the kernel's log": "raw(103, 3, 0, 0)",
    "the name of the machine": "__import__('socket').sethostname('x')",
    "ports": "raw(173, 0, 4096, 1)",
    "processor tables": "raw(154, 1, 0, 0)",
    "quotas": "raw(179, 0, 0, 0, 0)",
    "accounting": "raw(163, b'/acct')",
    "terminals": "__import__('fcntl').ioctl(0, 0x5412, b'x')",
    "barriers on other processors": "raw(324, 1, 0, 0)",
    "pipes without copies": "raw(276, 3, 4, 100, 0)",
    "copies in the kernel": "raw(326, 3, 0, 4, 0, 10, 0)",
}


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="these are the numbers of x86_64")
@pytest.mark.parametrize("channel", REFUSED)
def test_no_way_out_by(each_bench, channel):
    assert tried(each_bench, REFUSED[channel]) in NO


LEAVE_AND_FIND = {
    "flags of the null device": (
        "import fcntl, os; fcntl.fcntl(0, fcntl.F_SETFL, os.O_NONBLOCK | os.O_APPEND)",
        "import fcntl; return fcntl.fcntl(0, fcntl.F_GETFL) & 0o6000",
    ),
    "flags of the pipes": (
        "import fcntl, os; fcntl.fcntl(4, fcntl.F_SETFL, os.O_APPEND)",
        "import fcntl; return fcntl.fcntl(4, fcntl.F_GETFL) & 0o2000",
    ),
    "globals of the target": ("global RATE; RATE = 99", "return RATE != 3"),
    "modules": (
        "import sys, json; json.dumps = 1; sys.modules['left'] = 1",
        "import sys, json; return json.dumps == 1 or 'left' in sys.modules",
    ),
    "built-ins": (
        "import builtins; builtins.left = 1",
        "import builtins; return hasattr(builtins, 'left')",
    ),
    "the environment": (
        "import os; os.environ['LEFT'] = '1'; os.putenv('LEFT', '1')",
        "import os; return 'LEFT' in os.environ",
    ),
    "interned state": (
        "import sys; sys.setrecursionlimit(77); sys.setswitchinterval(9)",
        "import sys; return sys.getrecursionlimit() == 77 or sys.getswitchinterval() > 1",
    ),
    "the collector": ("import gc; gc.disable()", "import gc; return not gc.isenabled()"),
    "signal handlers": (
        "import signal; signal.signal(signal.SIGUSR1, signal.SIG_IGN)",
        "import signal; return signal.getsignal(signal.SIGUSR1) == signal.SIG_IGN",
    ),
    "blocked signals": (
        "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, {1, 2, 15})",
        "import signal; return bool(signal.pthread_sigmask(signal.SIG_BLOCK, ()))",
    ),
    "random numbers": ("import random; random.seed(1)", "return 0"),
    "hooks at the end": ("import atexit; atexit.register(print, 1)", "return 0"),
    "the time zone": (
        "import os, time; os.environ['TZ'] = 'Asia/Tokyo'; time.tzset()",
        "import time; return time.timezone == -9 * 3600",
    ),
    "the locale": (
        "import locale; locale.setlocale(locale.LC_ALL, 'C')",
        "import locale; return locale.setlocale(locale.LC_ALL) == 'C'",
    ),
    "decimal contexts": (
        "import decimal; decimal.getcontext().prec = 3",
        "import decimal; return decimal.getcontext().prec == 3",
    ),
    "audit hooks": (
        "import sys; sys.left = []; sys.addaudithook(lambda *_: sys.left.append(1))",
        "import sys; sys.audit('x'); return hasattr(sys, 'left')",
    ),
    "trace functions": (
        "import sys; sys.settrace(print); sys.setprofile(print)",
        "import sys; return bool(sys.gettrace() or sys.getprofile())",
    ),
    "memory": (
        "import ctypes; ctypes.memset(id(None) + 8, 1, 0)",
        "return 0",
    ),
}


@pytest.mark.parametrize("channel", LEAVE_AND_FIND)
def test_nothing_stays_for_the_next_candidate_in(each_bench, channel):
    leave, find = LEAVE_AND_FIND[channel]
    with each_bench.candidate(leave) as first:
        assert first.call(call()).kind == "returned"
        assert not each_bench.value(find), "while the first still lives"
    assert not each_bench.value(find)


def test_two_candidates_see_the_same_world_and_not_each_other(each_bench):
    body = "import os; return [os.getpid(), sorted(os.listdir('.')), os.getcwd()]"
    with each_bench.candidate(body) as one, each_bench.candidate(body) as other:
        seen = [wire.decode(c.call(call()).value) for c in (one, other)]
    assert seen[0][1:] == seen[1][1:]


def test_a_candidate_that_stops_itself_is_only_late(environment):
    from codegenesis.sandbox import Limits

    with Sandbox(environment, limits=Limits(wall_s=0.4)) as sandbox:
        outcome = Bench(sandbox).outcome("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)")
        assert outcome.kind == "raised"  # it is not even allowed to
        assert Bench(sandbox).alive()


def test_the_parent_keeps_its_own_state(each_bench):
    def state():
        return (
            Path.cwd(), os.umask(0o022), os.getpriority(0, 0), os.sched_getaffinity(0),
            resource.getrlimit(resource.RLIMIT_NOFILE), signal.getsignal(signal.SIGALRM),
            signal.getitimer(signal.ITIMER_REAL), dict(os.environ),
        )  # fmt: skip

    before = state()
    each_bench.outcome(
        "import os, resource\n"
        "for f in (lambda: os.umask(0), lambda: os.nice(19), lambda: os.chdir('/'),\n"
        "          lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3)),\n"
        "          lambda: os.environ.clear(), lambda: os.sched_setaffinity(0, {0})):\n"
        "    try: f()\n"
        "    except OSError: pass\n"
    )
    assert state() == before


def test_a_crash_leaves_no_core(each_bench, environment):
    outcome = each_bench.outcome("import ctypes; ctypes.string_at(0)")
    assert outcome.kind == "died"
    assert list(Path(environment.root).glob("core*")) == []
    assert list(Path.cwd().glob("core*")) == []


def test_reading_leaves_no_time_of_access(each_bench, environment):
    path = Path(environment.path)
    os.utime(path, (1, path.stat().st_mtime))  # older than its change: the next reading would show
    before = path.stat().st_atime_ns
    assert each_bench.value("return len(open(__file__).read())") > 0
    assert each_bench.sandbox.tier == "L2" or path.stat().st_atime_ns == before


def test_the_clock_of_a_candidate_cannot_be_turned_back(each_bench):
    body = """
    import resource, sys, time
    for name in ("process_time", "process_time_ns", "perf_counter", "monotonic", "clock_gettime"):
        setattr(time, name, lambda *_: 0)
    resource.getrusage = None
    until = x
    total = 0
    for number in range(600_000):
        total += number
    return total
    """
    with each_bench.candidate(body) as candidate:
        outcome = candidate.call(call(1))
        timing = candidate.time([call(1)])
    assert outcome.cpu_ns > 5_000_000
    assert timing.run_ns > 5_000_000


PUT_OFF = {
    "into the collector": """
        import gc
        gc.enable()
        gc.set_threshold(1, 1, 1)
        gc.callbacks.append(lambda *_: gc.callbacks.clear() or sum(range(600_000)))
        return [[] for _ in range(10)]
        """,
    "into the encoding": """
        import codegenesis.sandbox.serving as serving
        real = serving.answer
        def late(*args, **kwargs):
            sum(range(600_000))
            return real(*args, **kwargs)
        serving.answer = late
        return 1
        """,
    "into a hook of the system": """
        import sys
        def hook(*_):
            if not done:
                done.append(1)
                sum(range(600_000))
        done = []
        sys.addaudithook(hook)
        return 1
        """,
    "into the profiler": """
        import sys
        def profile(frame, event, arg):
            sys.setprofile(None)
            sum(range(600_000))
        sys.setprofile(profile)
        return 1
        """,
}


@pytest.mark.parametrize("trick", PUT_OFF)
def test_work_that_is_put_off_is_charged(each_bench, trick):
    with each_bench.candidate(PUT_OFF[trick]) as candidate:
        first = candidate.time([call()])
        second = candidate.time([call()])
    spent = sum(t.run_ns + t.overhead_ns for t in (first, second))
    assert spent > 5_000_000


def test_it_does_nothing_while_nobody_asks(each_bench):
    body = "import time; return [time.process_time_ns(), time.monotonic_ns()]"
    with each_bench.candidate(body) as candidate:
        first, before = wire.decode(candidate.call(call()).value)
        deadline = time.monotonic() + 0.05
        while time.monotonic() < deadline:
            pass
        second, after = wire.decode(candidate.call(call()).value)
    assert after - before > 50_000_000
    assert second - first < 40_000_000
