"""The ways in which an endpoint gives no answer, and what each of them means for the next call."""

from __future__ import annotations

from typing import Literal

from codegenesis.errors import ModelError

#: - `dead`: nothing answers there.
#: - `slow`: it took too long.
#: - `busy`: it says that it has too much to do.
#: - `denied`: it does not take the key.
#: - `missing`: there is no such model or address.
#: - `refused`: it does not take this very request.
#: - `failing`: an error of its own.
#: - `broken`: the answer ended before its end.
#: - `nonsense`: what came is no answer, or cannot be true.
#: - `cancelled`: whoever asked does not want to know any more.
Kind = Literal[
    "dead", "slow", "busy", "denied", "missing", "refused", "failing", "broken", "nonsense",
    "cancelled",
]  # fmt: skip


class Failure(ModelError):
    """No answer, and why.

    Attributes:
        kind: what went wrong.
        free: nothing was answered that the server may have counted.
        wait_s: seconds that the endpoint asks to be left alone.
    """

    def __init__(
        self, message: str, *, kind: Kind, remedy: str = "", free: bool = False, wait_s: float = 0.0
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.kind: Kind = kind
        self.free = free
        self.wait_s = wait_s
