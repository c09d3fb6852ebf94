"""The line from the evaluator's world to the engine: one question at a time, whoever asks.

Evaluators call programs from threads, from forked workers and from scripts that they start with
`subprocess`, interrupt calls with an alarm, and kill the process that waits for one. So a question
carries a number, an answer that nobody waits for any more is passed over, and who may ask is
settled by a lock in the process and one on a file between processes (`lockf`: it belongs to a
process, is not inherited and goes with it; an `flock` is shared with forked children).
"""

from __future__ import annotations

import fcntl
import itertools
import os
import signal
import struct
import subprocess
import threading
from multiprocessing import util
from typing import Any, Final

from codegenesis.hosted.evaluating import messages

OUT, BACK, LOCK = "CODEGENESIS_ANSWER_OUT", "CODEGENESIS_ANSWER_IN", "CODEGENESIS_LINE_LOCK"
_HEADER = struct.Struct("<I")
NAME_BYTES: Final = 12


class Line:
    """Frames over two descriptors.

    Args:
        lock: file to lock, in a directory that all of them may write.
    """

    def __init__(self, *, out: int, back: int, lock: str) -> None:
        self._out, self._back, self._path = out, back, lock
        self._anew()
        os.register_at_fork(after_in_child=self._anew)

    @classmethod
    def of_environment(cls) -> Line:
        """The line that the workshop has laid, in any process of the evaluator's world."""
        return cls(out=int(os.environ[OUT]), back=int(os.environ[BACK]), lock=os.environ[LOCK])

    def tell(self, message: messages.Said) -> messages.Heard:
        """Say something and hear the answer; EOFError when the engine has gone."""
        return messages.heard(self.exchange(messages.encode(message)))

    def exchange(self, body: bytes) -> bytes:
        """The same in bytes."""
        with self._mutex:
            fcntl.lockf(self._lock, fcntl.LOCK_EX)
            try:
                name = self._own + next(self._numbers).to_bytes(NAME_BYTES - 8, "little")
                self._write(_HEADER.pack(len(name) + len(body)) + name + body)
                while True:
                    answer = self._frame()
                    if answer.startswith(name):
                        return answer[NAME_BYTES:]
            finally:
                fcntl.lockf(self._lock, fcntl.LOCK_UN)

    def _anew(self) -> None:
        """In this process nothing was asked yet."""
        self._own = os.urandom(8)
        self._numbers = itertools.count()
        self._mutex = threading.Lock()
        self._lock = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._read = bytearray()

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        try:
            while left:
                left = left[os.write(self._out, left) :]
        except BaseException:  # an alarm: half a frame would be the end of the line
            while left:
                left = left[os.write(self._out, left) :]
            raise

    def _frame(self) -> bytes:
        """The next answer; what was read of it stays when an alarm interrupts."""
        while True:
            if len(self._read) >= _HEADER.size:
                end = _HEADER.size + _HEADER.unpack_from(self._read)[0]
                if len(self._read) >= end:
                    frame = bytes(self._read[_HEADER.size : end])
                    del self._read[:end]
                    return frame
                self._more(end - len(self._read))
            else:
                self._more(_HEADER.size - len(self._read))

    def _more(self, size: int) -> None:
        piece = os.read(self._back, size)
        if not piece:
            raise EOFError("the engine has gone")
        self._read += piece


def alarm_s() -> float:
    """Seconds until an alarm of the evaluator's interrupts this thread; 0 for none."""
    if threading.current_thread() is not threading.main_thread():
        return 0.0
    if not callable(signal.getsignal(signal.SIGALRM)):
        return 0.0
    return signal.getitimer(signal.ITIMER_REAL)[0]


def pass_on(line_fds: tuple[int, int]) -> None:
    """Hand the line to every process that is started from here on."""
    begin, spawn = subprocess.Popen.__init__, util.spawnv_passfds

    def started(self: Any, *args: Any, **kwargs: Any) -> None:
        if kwargs.get("close_fds", True):
            kwargs["pass_fds"] = (*kwargs.get("pass_fds", ()), *line_fds)
        if kwargs.get("env") is not None:
            own = {name: os.environ[name] for name in (OUT, BACK, LOCK)}
            kwargs["env"] = {**kwargs["env"], **own}
        begin(self, *args, **kwargs)

    def spawned(path: Any, args: Any, fds: Any) -> Any:
        return spawn(path, args, (*fds, *line_fds))

    subprocess.Popen.__init__ = started  # type: ignore[method-assign]
    util.spawnv_passfds = spawned  # type: ignore[assignment]
