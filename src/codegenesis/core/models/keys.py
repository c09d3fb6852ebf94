"""Keys of endpoints: where they come from, and how they are kept out of everything that is shown.

A key comes from an environment variable or from the output of a command, lives in memory as a
`Secret`, and is put on the wire by the transport alone, below everything that logs or raises.
Whatever an endpoint says is searched for it, because some repeat the key in what they say is wrong.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator, Mapping
from typing import NoReturn

from codegenesis.core.models.failing import Failure

#: What stands where a key stood.
HIDDEN = "[key]"

#: Names under which keys are looked for unless a table says otherwise; no key command sees them.
USUAL_KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OPENROUTER_API_KEY")

_COMMAND_S = 30.0
_LONGEST = 4096

#: Shorter ones are placeholders, like `x` for a local server; to search for them would eat text.
_SHORTEST = 8


class Secret:
    """A text that shows itself only to who asks by name; it cannot be pickled or printed."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    @property
    def is_key(self) -> bool:
        """Whether it can go into a header: one line of plain text, and not without end."""
        text = self._text
        return len(text) <= _LONGEST and text.isascii() and text.isprintable()

    def hide_in(self, text: str) -> str:
        """Another text, without this one in it."""
        return text.replace(self._text, HIDDEN) if len(self._text) >= _SHORTEST else text

    def __repr__(self) -> str:
        return f"Secret({HIDDEN})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("expected nobody to pickle a key")


class Veil:
    """Passes on text as it comes, without a secret in it, also where it comes in pieces."""

    def __init__(self, secret: Secret) -> None:
        self._secret = secret
        self._held = ""

    def passed(self, piece: str) -> str:
        """What may be shown by now."""
        text = self._secret.hide_in(self._held + piece)
        begun = next(self._beginnings(text), 0)
        self._held = text[len(text) - begun :]
        return text[: len(text) - begun]

    def rest(self) -> str:
        """What was held back in case that it became the secret."""
        held, self._held = self._held, ""
        return held

    def _beginnings(self, text: str) -> Iterator[int]:
        """Lengths of ends of the text with which the secret begins, the longest first."""
        whole = self._secret.reveal()
        if len(whole) >= _SHORTEST:
            longest = min(len(whole) - 1, len(text))
            yield from (n for n in range(longest, 0, -1) if text.endswith(whole[:n]))


class Key:
    """Where the key of an endpoint comes from; got when it is needed, once.

    Args:
        env: name of the environment variable; empty for none.
        command: program and arguments that print it; empty for none.
        environ: the environment.
    """

    def __init__(
        self, *, env: str = "", command: tuple[str, ...] = (), environ: Mapping[str, str]
    ) -> None:
        self._env = env
        self._command = command
        self._environ = environ
        self._lock = threading.Lock()
        self._got: Secret | None = None

    @property
    def where(self) -> str:
        """Its source in words, without the key; empty where none is needed."""
        if self._command:
            return f"command {self._command[0]}"
        return f"environment {self._env}" if self._env else ""

    @property
    def missing(self) -> bool:
        """Whether the environment lacks it; a command is not run to know."""
        return bool(self._env) and not self._environ.get(self._env, "").strip()

    def get(self) -> Secret:
        """The key; an empty one where none is needed.

        Raises:
            Failure: it is not there, or is no key.
        """
        with self._lock:
            if self._got is None:
                self._got = self._checked(self._printed() if self._command else self._found())
            return self._got

    def _found(self) -> Secret:
        return Secret(self._environ.get(self._env, "").strip() if self._env else "")

    def _checked(self, secret: Secret) -> Secret:
        if self.where and not secret.reveal():
            raise _no_key(f"there is no key: {self.where} gives none", "Set it")
        if not secret.is_key:
            raise _no_key(f"expected one line of text as the key from {self.where}", "Correct it")
        return secret

    def _printed(self) -> Secret:
        code, secret = self._run()
        if code:
            raise _no_key(f"{self.where} ended with code {code}", "Run it by hand")
        return secret

    def _run(self) -> tuple[int, Secret]:
        hidden = {*USUAL_KEYS, self._env}
        environ = {name: value for name, value in self._environ.items() if name not in hidden}
        try:
            done = subprocess.run(
                self._command,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=_COMMAND_S,
                check=False,
            )
        except (OSError, subprocess.SubprocessError) as error:
            # The error's own text may hold what the command printed.
            raise _no_key(f"{self.where}: {type(error).__name__}", "Run it by hand") from None
        return done.returncode, Secret(done.stdout.decode("utf-8", errors="replace").strip())


def _no_key(words: str, remedy: str) -> Failure:
    return Failure(
        words, kind="denied", remedy=f"{remedy}; `codegenesis models` shows sources.", free=True
    )
