"""The zygote from outside: starts it, watches its import, asks it for candidates, ends it."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import msgspec

from codegenesis.errors import SandboxError, SandboxImportError
from codegenesis.sandbox import messages
from codegenesis.sandbox.channel import Channel
from codegenesis.sandbox.environment import Environment
from codegenesis.sandbox.executor import Limits, Tier
from codegenesis.sandbox.kernel import MissingFeatureError
from codegenesis.sandbox.watch import Budget, Exceeded, Gone, Watch

_MOST_BYTES = 1 << 16
_START_S = 30.0
_REPLY_S = 30.0
_LAST_MOMENT_S = 1.0
_STDERR_BYTES = 2000

#: Threads of numeric libraries would be gone in the clones, which then wait for them for ever.
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

#: `-c` and not `-m`: the package may be importable for us only (`PYTHONPATH`), and goes last. What
#: this package shows to other rooms is not loaded there: `threading` makes a clone 0.3 ms dearer.
_BOOT = """
import sys, types
sys.path.extend(sys.argv[3:])
import codegenesis
front = codegenesis.sandbox = types.ModuleType("codegenesis.sandbox")
sys.modules[front.__name__] = front
front.__path__ = [codegenesis.__path__[0] + "/sandbox"]
from codegenesis.sandbox import boot
front.__getattr__ = boot.front
boot.main(int(sys.argv[1]), int(sys.argv[2]))
"""


class Warden:
    """The processes that `codegenesis.sandbox.boot` and `.zygote` describe, from outside.

    Raises:
        MissingFeatureError: this machine cannot isolate code at this tier.
        SandboxImportError: the target's module cannot be imported in the jail.
    """

    def __init__(self, environment: Environment, limits: Limits, tier: Tier) -> None:
        self._lock = threading.Lock()
        self._said = ""
        self._pid = 0
        self._dead: list[int] = []
        self._zygote: _Zygote | None = None
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        their_end, self._lifeline = os.pipe()
        try:
            self._process = _spawn(environment.python, theirs.fileno(), their_end)
        except OSError as error:
            self._hang_up()
            raise SandboxError(f"cannot start {environment.python}: {error}") from error
        finally:
            theirs.close()
            os.close(their_end)
        try:
            self._begin(messages.Configure(environment, tier), limits)
        except BaseException:
            self.close()
            raise

    def start(self, limits: Limits) -> tuple[Channel, int]:
        """A line to a new candidate that locks itself in, and its name for `reap` or `forget`."""
        with ExitStack() as on_failure, self._lock:
            requests, our_requests = os.pipe()
            our_answers, answers = os.pipe()
            on_failure.callback(os.close, our_requests)
            on_failure.callback(os.close, our_answers)
            try:
                dead, self._dead = self._dead, []
                report, fds = self._ask(messages.Start(limits, dead), requests, answers)
            finally:
                os.close(requests)
                os.close(answers)
            if not isinstance(report, messages.Started) or len(fds) != 1:
                raise _failure(report)
            on_failure.callback(os.close, fds[0])
            watch = Watch(fds[0], parent=self._pid)
            on_failure.pop_all()
        channel = Channel(requests=our_requests, answers=our_answers, pidfd=fds[0], watch=watch)
        return channel, report.pid

    def reap(self, pid: int) -> int:
        """Bury a dead candidate and return its wait status."""
        with self._lock:
            report, _ = self._ask(messages.Reap(pid))
        if not isinstance(report, messages.Reaped):
            raise _failure(report)
        return report.status

    def forget(self, pid: int) -> None:
        """Bury a dead candidate with the next order: nobody asks how it ended."""
        with self._lock:
            self._dead.append(pid)

    def close(self) -> None:
        """Let the kernel end it: its life line breaks."""
        self._hang_up()
        try:
            self._process.wait(_REPLY_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._listen_to_stderr()
        if self._zygote:
            self._zygote.close()
            self._zygote = None

    def _hang_up(self) -> None:
        self._control.close()
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1

    def _begin(self, first: messages.Configure, limits: Limits) -> None:
        self._control.settimeout(_START_S)
        report, fds = self._ask(first)
        if isinstance(report, messages.Jailed) and len(fds) == 1:
            report = self._imports(fds[0], limits)
        if not isinstance(report, messages.Ready):
            raise _failure(report)
        self._control.settimeout(_REPLY_S)
        self._listen_to_stderr()

    def _imports(self, pidfd: int, limits: Limits) -> messages.Report:
        try:
            self._zygote = _Zygote(pidfd, limits, parent=self._process.pid)
            self._pid = self._zygote.pid
            self._zygote.watch_import(self._control)
            self._zygote.rest()
        except Exceeded as error:
            raise _too_much(error, limits) from None
        except Gone:
            pass  # how it ended comes next
        return self._listen(importing=True)[0]

    def _ask(self, order: messages.Order, *fds: int) -> tuple[messages.Report, list[int]]:
        if self._zygote:
            self._zygote.wake()
        try:
            socket.send_fds(self._control, [messages.encode(order)], fds)
        except OSError:
            raise self._ended(importing=False) from None
        told = self._listen()
        if self._zygote:
            try:
                self._zygote.rest()
            except Exceeded as error:
                self.close()
                raise SandboxError(f"the module's own process was ended: {error}") from None
        return told

    def _listen(self, *, importing: bool = False) -> tuple[messages.Report, list[int]]:
        try:
            data, fds, _, _ = socket.recv_fds(
                self._control, _MOST_BYTES, 1, socket.MSG_CMSG_CLOEXEC
            )
        except TimeoutError:
            seconds = self._control.gettimeout()
            self.close()  # whatever it says later would answer another question
            raise SandboxError(f"the sandbox did not answer within {seconds:g} s") from None
        except OSError:
            raise self._ended(importing=importing) from None
        if not data:
            raise self._ended(importing=importing)
        try:
            return messages.report(data), fds
        except msgspec.DecodeError:
            raise SandboxError("the sandbox answered what is not understood") from None

    def _ended(self, *, importing: bool) -> SandboxError:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_LAST_MOMENT_S)
        self.close()
        status = self._process.returncode
        if importing:
            return SandboxImportError(
                f"the interpreter ended while it imported the module (status {status})",
                remedy="see that the import neither ends the process nor needs more than the jail "
                "has: no network, no processes, no files beyond the project's",
            )
        return SandboxError(f"the sandbox has ended (status {status}) {self._said}".rstrip())

    def _listen_to_stderr(self) -> None:
        """Keep the last line that came before the zygote was up, and close."""
        stderr = self._process.stderr
        if stderr and not stderr.closed:
            with stderr:
                os.set_blocking(stderr.fileno(), False)
                said = (stderr.read(_STDERR_BYTES) or b"").decode(errors="replace")
                self._said = (said.splitlines() or [""])[-1]


class _Zygote:
    """The process itself: it rests while nobody asks, so what an import left running costs nobody.

    Args:
        pidfd: owned from here on.
        parent: see `Watch`.
    """

    def __init__(self, pidfd: int, limits: Limits, *, parent: int) -> None:
        self._pidfd = pidfd
        try:
            self._watch = Watch(pidfd, parent=parent)
        except BaseException:
            os.close(pidfd)
            raise
        self._budget = Budget(
            self._watch,
            cpu_ns=self._watch.cpu_ns() + int(limits.import_cpu_s * 1e9),
            wall_ns=time.monotonic_ns() + int(limits.import_s * 1e9),
            real_bytes=limits.import_bytes,
        )

    @property
    def pid(self) -> int:
        """As this process numbers it."""
        return self._watch.pid

    def watch_import(self, control: socket.socket) -> None:
        """Wait until it has something to say; raises Exceeded and Gone."""
        self._budget.wait(control.fileno(), select.POLLIN)
        self._budget.settle()

    def wake(self) -> None:
        """Let it run."""
        self._signal(signal.SIGCONT)

    def rest(self) -> None:
        """Let it run no more; raises Exceeded when its memory has grown too much."""
        self._signal(signal.SIGSTOP)
        with suppress(Gone):
            self._budget.settle()

    def close(self) -> None:
        """Give the descriptors back."""
        self._watch.close()
        os.close(self._pidfd)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, number)


def _spawn(python: str, control: int, lifeline: int) -> subprocess.Popen[bytes]:
    home = [str(Path(__file__).parents[2])] if python == sys.executable else []
    return subprocess.Popen(
        [python, "-P", "-B", "-c", _BOOT, str(control), str(lifeline), *home],
        pass_fds=(control, lifeline),
        env=_environ(),
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def _environ() -> dict[str, str]:
    """Nothing of ours but the time zone; the same hashes in every run."""
    environ = {
        "CODEGENESIS_DISABLED": "1",
        "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        **dict.fromkeys(_ONE_THREAD, "1"),
    }
    if "TZ" in os.environ:
        environ["TZ"] = os.environ["TZ"]
    return environ


def _failure(report: messages.Report) -> SandboxError:
    match report:
        case messages.Unavailable(step, reason):
            return MissingFeatureError(step, reason)
        case messages.ImportFailed(reason, remedy):
            return SandboxImportError(
                f"the module cannot be imported in the sandbox: {reason}", remedy=remedy
            )
    return SandboxError(f"the sandbox answered out of turn: {type(report).__name__}")


def _too_much(error: Exceeded, limits: Limits) -> SandboxImportError:
    said = {
        "CPU": f"used more than {limits.import_cpu_s:g} s of CPU",
        "time": f"took longer than {limits.import_s:g} s",
        "memory": f"used more than {limits.import_bytes >> 20} MiB of memory",
    }[error.what]
    return SandboxImportError(
        f"the import of the module {said}",
        remedy="move such work out of the module's top level, or raise the limit",
    )
