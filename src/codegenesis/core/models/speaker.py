"""Who says it: the name before the words of a failure, and the key that must not be in them."""

from __future__ import annotations

from codegenesis.core.models.failing import Failure, Kind
from codegenesis.core.models.keys import Secret

_LONGEST = 300


class Speaker:
    """An endpoint, as far as its words are told.

    Args:
        name: of the model.
        secret: its key, which some repeat in what they say is wrong.
    """

    def __init__(self, name: str, secret: Secret) -> None:
        self.name = name
        self.secret = secret

    def shown(self, text: str) -> str:
        """Its words: without the key, short, on one line, without what would steer a terminal."""
        plain = self.secret.hide_in(text)
        line = " ".join("".join(c if c.isprintable() else " " for c in plain).split())
        return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"

    def failure(
        self, words: str, kind: Kind, *, remedy: str = "", free: bool = False, wait_s: float = 0.0
    ) -> Failure:
        """What went wrong there; the words are ours, or went through `shown`."""
        return Failure(f"{self.name}: {words}", kind=kind, remedy=remedy, free=free, wait_s=wait_s)
