"""Where the evaluator's world prints to: the first of it is kept, the rest goes nowhere."""

from __future__ import annotations

import io

_MOST = 4000


class Printed(io.TextIOBase):
    """Standard output and error of one process, emptied after each evaluation."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._room = _MOST

    def write(self, text: str) -> int:
        if self._room > 0:
            self._parts.append(text[: self._room])
            self._room -= len(text)
        return len(text)

    def fileno(self) -> int:
        """For who hands it to another process: that prints to nowhere."""
        return 1

    def writable(self) -> bool:
        return True

    def taken(self) -> str:
        """What was printed since it was asked last."""
        said, self._parts, self._room = "".join(self._parts), [], _MOST
        return said.encode("utf-8", "backslashreplace").decode()
