"""Inside the workshop: the starter, the first process of the tool's world, and the tool.

The starter makes the namespaces and stays outside the PID namespace, where it waits and keeps the
books. Its child is process 1 of the new world: it builds the file tree, gives up every right, and
starts the tool; when that ends it kills whatever the tool left, alone again collects the files to
keep, and leaves, upon which the kernel ends the rest. Nothing here is undone: the world goes whole.
"""

from __future__ import annotations

import fcntl
import os
import resource
import signal
import socket
import stat
import sys
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from codegenesis.sandbox import landlock, namespaces, toolfilter, work
from codegenesis.sandbox.gather import gather
from codegenesis.sandbox.lifeline import die_with
from codegenesis.sandbox.mounts import build
from codegenesis.sandbox.seccomp import Filter
from codegenesis.sandbox.syscalls import JailError, machine, syscall

PLACE = "/workshop"
SCRATCH = f"{PLACE}/scratch"
TEMPORARY = f"{PLACE}/temporary"
#: The tool's descriptors for frames out and answers in.
ANSWER_OUT, ANSWER_IN = 3, 4

_DEVICES = ("zero", "urandom", "random")
#: What compilers and their helpers (psutil, OpenMP) ask.
_SHOWN_OF_PROC = ("cpuinfo", "filesystems", "loadavg", "meminfo", "stat", "uptime", "version")
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_BIND = 2, 4, 8, 4096
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4
_LAST_FD = (1 << 32) - 1
_NOT_FOUND = 127


def main(control: int, lifeline: int, result: int, *answers: int) -> None:
    """Do the job that stands on standard input, and say how it went.

    Args:
        control: socket for what the starter says.
        lifeline: pipe whose other end the parent holds.
        result: pipe for what the world itself says.
        answers: where the tool writes frames, and reads answers; none for a tool that is not asked.
    """
    die_with(lifeline)
    parent = socket.socket(fileno=control)
    for fd in (control, lifeline, result, *answers):
        os.set_inheritable(fd, False)
    job = work.job(sys.stdin.buffer.read())
    try:
        world = _World(job, result, answers)
        pid = world.begin()
    except JailError as error:
        parent.send(work.encode(work.Refused(error.step, error.reason)))
        return
    pidfd = os.pidfd_open(pid)
    socket.send_fds(parent, [work.encode(work.Begun(pid))], [pidfd])
    world.go()
    _, status, usage = os.wait4(pid, 0)
    cpu_ns = int((usage.ru_utime + usage.ru_stime) * 1e9)
    parent.send(work.encode(work.Gone(status, cpu_ns, usage.ru_maxrss * 1024)))


class _World:
    """Namespaces around one process 1, made from outside."""

    def __init__(self, job: work.Job, result: int, answers: tuple[int, ...]) -> None:
        self._job, self._result, self._answers = job, result, answers
        self._filter = Filter(toolfilter.program(machine()))
        self._procfs = os.open("/proc", os.O_PATH | os.O_DIRECTORY)
        self._real_root = namespaces.enter()
        self._wait_for_go, self._go = os.pipe()

    def begin(self) -> int:
        """The process id of process 1; it waits for `go`."""
        try:
            pid = namespaces.clone(namespaces.CLONE_NEWPID)
        except OSError as error:
            raise JailError("namespaces", error) from error
        if pid == 0:
            try:
                self._run()
            finally:
                os._exit(70)
        os.close(self._wait_for_go)
        return pid

    def go(self) -> None:
        """Let it start the tool, if it is still there."""
        with suppress(BrokenPipeError):
            os.write(self._go, b"!")

    def _run(self) -> None:
        os.close(self._go)
        try:
            self._furnish()
            self._lock_in()
        except JailError as error:
            self._say(work.Refused(error.step, error.reason))
            return
        if os.read(self._wait_for_go, 1):  # else the starter died before its death could be felt
            self._say(_do(self._job, self._answers))

    def _say(self, message: work.Ended | work.Refused) -> None:
        data = memoryview(work.encode(message))
        while data:
            data = data[os.write(self._result, data) :]

    def _furnish(self) -> None:
        job = self._job
        owner = _private_owner(job.visible)
        Path("/proc/self/oom_score_adj").write_text("1000")
        build(job.visible, job.hidden, furnish=_furniture)
        size = job.limits.scratch_bytes
        options = f"size={size},nr_inodes={max(1024, min(size >> 12, 1 << 16))},mode=1777"
        try:
            _mount("tmpfs", PLACE, "tmpfs", _MS_NOSUID | _MS_NODEV, options)
            if self._real_root:
                namespaces.leave_root(owner)
                self._own_users()
            for directory in (SCRATCH, TEMPORARY):
                Path(directory).mkdir(mode=0o700)
        except OSError as error:
            raise JailError("mounts", error) from error

    def _own_users(self) -> None:
        """A user namespace after all: the number of processes is counted by it."""
        uid, gid = os.getuid(), os.getgid()
        syscall("prctl", _PR_SET_DUMPABLE, 1, 0, 0, 0)  # what is not has no maps of its own
        syscall("unshare", namespaces.CLONE_NEWUSER)
        for name, line in (
            ("setgroups", "deny"),
            ("uid_map", f"{uid} {uid} 1"),
            ("gid_map", f"{gid} {gid} 1"),
        ):
            place = os.open(f"self/{name}", os.O_WRONLY, dir_fd=self._procfs)
            os.write(place, line.encode())
            os.close(place)

    def _lock_in(self) -> None:
        try:
            os.close(self._procfs)
            os.umask(0o022)
            namespaces.drop_bounding_set()
            namespaces.drop_capabilities()
            syscall("prctl", _PR_SET_DUMPABLE, 0, 0, 0, 0)
            syscall("prctl", _PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        except OSError as error:
            raise JailError("namespaces", error) from error
        devices = [f"/dev/{name}" for name in ("null", *_DEVICES) if Path("/dev", name).exists()]
        landlock.restrict(
            {
                "/": landlock.READ | landlock.EXECUTE,
                PLACE: landlock.ANYTHING,
                **dict.fromkeys(devices, landlock.READ_WRITE_FILE),
            }
        )
        try:
            self._filter.load()
        except OSError as error:
            raise JailError("seccomp", error) from error


def _private_owner(visible: list[str]) -> os.stat_result:
    """What not everybody may read, if there is such a thing: its owner is to be taken."""
    private = (status for path in visible if not _is_public(status := Path(path).stat()))
    return next(private, Path("/").stat())


def _is_public(status: os.stat_result) -> bool:
    needed = 0o005 if stat.S_ISDIR(status.st_mode) else 0o004
    return status.st_mode & needed == needed


def _furniture(root: Path) -> None:
    """Devices, `/proc` of the new world where the kernel allows it, and the way to scratch."""
    for name in _DEVICES:
        place = root / "dev" / name
        place.touch()
        _mount(f"/dev/{name}", str(place), "", _MS_BIND)
    Path(f"{root}{PLACE}").mkdir(parents=True)
    if not os.path.lexists(root / "tmp"):
        (root / "tmp").symlink_to(TEMPORARY)
    (root / "dev/shm").symlink_to(TEMPORARY)
    (root / "proc").mkdir(exist_ok=True)
    try:
        _mount("proc", str(root / "proc"), "proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)
    except OSError:  # masked by a container, and then the kernel gives no other
        return
    _mask_but(root, _SHOWN_OF_PROC)
    (root / "dev/fd").symlink_to("/proc/self/fd")


def _mask_but(root: Path, shown: Collection[str]) -> None:
    """Of `/proc` leave processes and a few figures; `subset=pid` would take those as well."""
    nothing, void = root / ".nothing", root / ".void"
    nothing.touch(mode=0)
    void.mkdir()
    with os.scandir(root / "proc") as entries:
        for entry in entries:
            if not (entry.name.isdigit() or entry.name in shown or entry.is_symlink()):
                _mount(str(void if entry.is_dir() else nothing), entry.path, "", _MS_BIND)


def _mount(source: str, place: str, kind: str, flags: int, options: str = "") -> None:
    words = [os.fsencode(word) for word in (source, place, kind)]
    syscall("mount", *words, flags, options.encode())


def _do(job: work.Job, answers: tuple[int, ...]) -> work.Ended:
    try:
        _lay_out(job.files)
    except OSError as error:
        return work.Ended(0, {}, f"its files do not fit: {error.strerror}")
    tool = os.fork()
    if tool == 0:
        _become(job, answers)
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == tool:
            break
    _end_the_rest()
    files, too_large = gather(Path(SCRATCH), job.keep, most_bytes=job.limits.scratch_bytes)
    return work.Ended(os.waitstatus_to_exitcode(status), files, too_large)


def _lay_out(files: dict[str, bytes]) -> None:
    for name, content in files.items():
        place = Path(SCRATCH, name)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


def _end_the_rest() -> None:
    """Process 1 may kill all others at once; none of them can fork on the way."""
    with suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    with suppress(ChildProcessError):
        while True:
            os.wait()


def _become(job: work.Job, answers: tuple[int, ...]) -> NoReturn:
    try:
        _hold_only(answers)
        os.setsid()
        os.chdir(SCRATCH)
        _limit(job.limits)
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        os.execvpe(job.argv[0], job.argv, job.env)  # noqa: S606 (a shell is what it must not need)
    except OSError as error:
        os.write(2, f"cannot run {job.argv[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(_NOT_FOUND)


def _hold_only(answers: tuple[int, ...]) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    copies = [fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in answers]
    for fd, target in zip(copies, (ANSWER_OUT, ANSWER_IN), strict=False):
        os.dup2(fd, target)
    syscall("close_range", ANSWER_OUT + len(answers), _LAST_FD, 0)


def _limit(limits: work.WorkLimits) -> None:
    cpu_s = int(limits.cpu_s) + 1
    for what, most in (
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_DATA, limits.memory_bytes),
        (resource.RLIMIT_NPROC, limits.processes + 1),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_SIGPENDING, 1024),
    ):
        hard = resource.getrlimit(what)[1]
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (limit, limit))
