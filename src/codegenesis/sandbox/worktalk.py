"""The trusted side of the workshop: feeds the starter, listens to everybody, believes nobody."""

from __future__ import annotations

import os
import select
import selectors
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import msgspec

from codegenesis.errors import SandboxError
from codegenesis.sandbox import work
from codegenesis.sandbox.kernel import MissingFeatureError
from codegenesis.sandbox.overseer import Overseer
from codegenesis.sandbox.work import HEADER, Work, WorkLimits

_PIECE = 1 << 18
_REPORT_BYTES = 1 << 16
_START_S = 60.0
_END_S = 30.0
_NAMES_BYTES = 16 << 20
_SAID_CHARS = 500

Answer = Callable[[bytes], bytes]
Halt = Callable[[str], None]


class Lines:
    """Our ends of the lines to one starter, which ends when they are closed.

    Args:
        spawn: starts it, given its ends of the control socket, the life line and the pipes.
        answering: whether the tool may ask.
    """

    def __init__(self, spawn: Callable[..., subprocess.Popen[bytes]], *, answering: bool) -> None:
        self.control, control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        life, self._lifeline = os.pipe()
        self.result, result = os.pipe()
        self.questions = self.answers = -1
        theirs = [life, result]
        if answering:
            self.questions, questions = os.pipe()
            answers, self.answers = os.pipe()
            theirs += [questions, answers]
        try:
            self.process = spawn(control, *theirs)
        except BaseException:
            self._hang_up()
            raise
        finally:
            control.close()
            for fd in theirs:
                os.close(fd)

    def close(self) -> None:
        """End the starter and wait for it."""
        self._hang_up()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            with suppress(OSError):
                if stream:
                    stream.close()
        self.process.wait()

    def _hang_up(self) -> None:
        self.control.close()
        for fd in (self._lifeline, self.result, self.questions, self.answers):
            if fd >= 0:
                os.close(fd)


class Conversation:
    """One tool from start to end: everything that is said is taken as it comes, within limits."""

    def __init__(
        self,
        lines: Lines,
        limits: WorkLimits,
        answer: Answer | None,
        begun: Callable[[Halt], None] | None = None,
    ) -> None:
        self._lines, self._limits, self._answer = lines, limits, answer
        self._begun = begun
        self._ending = threading.Lock()
        self._selector = selectors.DefaultSelector()
        self._out, self._err = bytearray(), bytearray()
        self._result, self._question = bytearray(), bytearray()
        self._overseer: Overseer | None = None
        self._pidfd = -1
        self._gone: work.Gone | None = None
        self._verdict = ""
        self._began_ns = 0
        self._wall_ns = 0

    def hold(self, job: bytes) -> Work:
        """Hand the job over and wait for the end of it.

        Raises:
            SandboxUnavailableError: a step of building the jail failed.
            SandboxError: the starter failed.
        """
        lines, process = self._lines, self._lines.process
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._say(process.stdin.fileno(), job, then=process.stdin.close)
        self._hear(process.stdout.fileno(), lambda piece: self._printed(self._out, piece))
        self._hear(process.stderr.fileno(), lambda piece: self._printed(self._err, piece))
        self._hear(lines.result, self._told)
        if self._answer:
            self._hear(lines.questions, self._asked)
        self._selector.register(lines.control, selectors.EVENT_READ, self._reported)
        try:
            self._pump()
            return self._summary()
        finally:
            self._end()

    def _pump(self) -> None:
        while self._selector.get_map():
            # The overseer ends the tool long before; this is for a starter that hangs.
            patience_s = self._limits.wall_s + _END_S if self._began_ns else _START_S
            ready = self._selector.select(patience_s)
            if not ready:
                raise SandboxError("the workshop did not answer in time")
            for key, _ in ready:
                if key.fd in self._selector.get_map():  # not let go of meanwhile
                    key.data()

    def _end(self) -> None:
        """Whatever happened, the tool's world is gone afterwards."""
        self._selector.close()
        if self._overseer:
            self._overseer.stop()
        if self._pidfd >= 0:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            dead = select.poll()
            dead.register(self._pidfd, select.POLLIN)
            dead.poll()
            with self._ending:  # whoever wants to end it now finds nothing to end
                os.close(self._pidfd)
                self._pidfd = -1

    def _halt(self, verdict: str) -> None:
        """Like `_stop`, from another thread."""
        with self._ending:
            if self._pidfd >= 0:
                self._stop(verdict)

    def _stop(self, verdict: str) -> None:
        if self._overseer:
            self._overseer.end(verdict)

    # Lines in and out

    def _hear(self, fd: int, take: Callable[[bytes], None]) -> None:
        def read() -> None:
            piece = os.read(fd, _PIECE)
            if not piece:
                self._selector.unregister(fd)
            take(piece)

        os.set_blocking(fd, False)
        self._selector.register(fd, selectors.EVENT_READ, read)

    def _say(self, fd: int, data: bytes, *, then: Callable[[], None]) -> None:
        left = memoryview(data)

        def write() -> None:
            nonlocal left
            try:
                left = left[os.write(fd, left) :]
            except BrokenPipeError:  # it ended; the others will tell how
                left = left[:0]
            if not left:
                self._selector.unregister(fd)
                then()

        os.set_blocking(fd, False)
        self._selector.register(fd, selectors.EVENT_WRITE, write)

    # What comes

    def _printed(self, into: bytearray, piece: bytes) -> None:
        room = self._limits.output_bytes - len(self._out) - len(self._err)
        into += piece[:room]
        if len(piece) > room:
            self._stop(f"it printed more than {self._limits.output_bytes} bytes")

    def _told(self, piece: bytes) -> None:
        """The result is large when files are kept, and what comes too much is not kept."""
        self._result += piece
        if len(self._result) > self._limits.scratch_bytes + _NAMES_BYTES:
            self._result.clear()
            self._stop("its result is larger than allowed")

    def _asked(self, piece: bytes) -> None:
        self._question += piece
        self._consider(last=not piece)

    def _consider(self, *, last: bool = False) -> None:
        question, most = self._question, self._limits.output_bytes
        size = HEADER.unpack_from(question)[0] if len(question) >= HEADER.size else -1
        end = HEADER.size + size
        if size > most:
            self._be_deaf(self._lines.questions)
            self._stop(f"it asked in more than {most} bytes")
        elif size >= 0 and end <= len(question):
            body = bytes(question[HEADER.size : end])
            del question[:end]
            self._reply(body)
        elif last and question:
            self._verdict = self._verdict or "it ended in the middle of a question"

    def _reply(self, body: bytes) -> None:
        """The next question is heard when this answer is out."""
        assert self._answer
        self._be_deaf(self._lines.questions)
        said = self._answer(body)

        def listen_again() -> None:
            self._hear(self._lines.questions, self._asked)
            self._consider()

        self._say(self._lines.answers, HEADER.pack(len(said)) + said, then=listen_again)

    def _be_deaf(self, fd: int) -> None:
        if fd in self._selector.get_map():
            self._selector.unregister(fd)

    def _reported(self) -> None:
        """The starter is ours, and stays out of the tool's reach."""
        try:
            data, fds, _, _ = socket.recv_fds(
                self._lines.control, _REPORT_BYTES, 1, socket.MSG_CMSG_CLOEXEC
            )
        except ConnectionError:
            data = b""
        if not data:
            self._selector.unregister(self._lines.control)
            return
        match work.report(data):
            case work.Begun(pid):
                (self._pidfd,) = fds
                self._began_ns = time.monotonic_ns()
                self._overseer = Overseer(pid, self._pidfd, self._limits)
                self._overseer.start()
                if self._begun:
                    self._begun(self._halt)
            case work.Gone() as gone:
                self._gone = gone
                self._wall_ns = time.monotonic_ns() - self._began_ns
            case work.Refused(step, reason):
                raise MissingFeatureError(step, reason)

    def _summary(self) -> Work:
        gone, overseer = self._gone, self._overseer
        if gone is None or overseer is None:
            said = self._err.decode(errors="replace").strip()[-_SAID_CHARS:]
            raise SandboxError(f"the workshop has ended {said}".rstrip())
        ended = self._ended()
        if isinstance(ended, work.Refused):
            raise MissingFeatureError(ended.step, ended.reason)
        died = overseer.verdict or self._verdict or ended.error
        return Work(
            status=None if died else ended.status,
            stdout=bytes(self._out),
            stderr=bytes(self._err),
            files={} if died else ended.files,
            died=died,
            cpu_ns=max(overseer.cpu_ns, gone.cpu_ns),
            wall_ns=self._wall_ns,
            peak_bytes=max(overseer.peak_bytes, gone.peak_bytes),
        )

    def _ended(self) -> work.Ended | work.Refused:
        """What the tool's world says of itself, if that can be understood."""
        if not self._result:
            return work.Ended(0, {}, "it was killed, perhaps for want of memory")
        try:
            ended: work.Ended | work.Refused = work.result(bytes(self._result))
        except msgspec.DecodeError:
            return work.Ended(0, {}, "its result is malformed")
        if isinstance(ended, work.Ended):
            size = sum(map(len, ended.files.values()))
            if size > self._limits.scratch_bytes:
                return work.Ended(0, {}, "its files are larger than allowed")
        return ended
