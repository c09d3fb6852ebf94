"""The line from the tests' host to the engine: one question at a time, whichever thread asks."""

from __future__ import annotations

import os
import struct
import threading

from codegenesis.hosted import messages

_HEADER = struct.Struct("<I")


class Line:
    """Frames over two descriptors; for the process that opened it, not for its children."""

    def __init__(self, *, out: int, back: int) -> None:
        self._out, self._back = out, back
        self._pid = os.getpid()
        self._lock = threading.Lock()

    @classmethod
    def of_environment(cls) -> Line:
        """The line that the workshop has laid; its descriptors are taken out of the environment."""
        return cls(
            out=int(os.environ.pop("CODEGENESIS_ANSWER_OUT")),
            back=int(os.environ.pop("CODEGENESIS_ANSWER_IN")),
        )

    @property
    def is_ours(self) -> bool:
        """False in a process that a test has forked."""
        return os.getpid() == self._pid

    def tell(self, message: messages.Said) -> messages.Heard:
        """Say something and hear the answer; EOFError when the engine has gone."""
        return messages.answer(self.exchange(messages.encode(message)))

    def exchange(self, body: bytes) -> bytes:
        """The same in the bytes of another language; EOFError when the engine has gone."""
        with self._lock:
            data = memoryview(_HEADER.pack(len(body)) + body)
            while data:
                data = data[os.write(self._out, data) :]
            (size,) = _HEADER.unpack(self._read(_HEADER.size))
            return self._read(size)

    def _read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            piece = os.read(self._back, size - len(data))
            if not piece:
                raise EOFError("the engine has gone")
            data += piece
        return bytes(data)
