"""One server process of ours: started, waited for, asked whether it lives, ended.

A process and not a thread: a model that runs out of memory or crashes in native code must not take
the engine along, and its memory goes back when it ends. It is bound to 127.0.0.1 on a port that the
kernel picks, and answers only to a key that is made for it and known to us alone, so that
other users of the machine cannot use or watch it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import secrets
import select
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO

from codegenesis.core.models.embedded import resources
from codegenesis.errors import ModelError

#: Tokens of prompt and answer together. Each 1000 take 29 MB of the default model.
CONTEXT = 8192

#: Seconds that loading may take: the first time the file is read from a slow disk.
_READY_S = 180.0
_LOOK_S = 0.1
_SAID_BYTES = 600

_ANEW = "Fetch the file anew: `codegenesis models install --list` names what there is."

_SCRIPT = Path(__file__).with_name("serving.py")
_HOME = str(Path(__file__).parents[4])

#: What the child gets of the environment; keys of other services are none of its business.
_PASSED = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "PYTHONPATH",
    "PYTHONHOME",
)


class ServerProcess:
    """llama.cpp's server over one file, in a process of its own. Close it.

    Args:
        path: a .gguf file.
        name: what the model is called.
        key: that requests must carry; "" for none (tests).
        threads: None for as many as the machine has to spare now.
        context: tokens of prompt and answer together.

    Raises:
        ModelError: `xllamacpp` is not installed, memory is short, the file is no model, loading
            takes too long, or it was cancelled.
    """

    def __init__(
        self,
        path: Path,
        *,
        name: str = "embedded",
        key: str | None = None,
        threads: int | None = None,
        context: int = CONTEXT,
        cancelled: threading.Event | None = None,
    ) -> None:
        require_extra("xllamacpp")
        if not path.is_file():
            raise ModelError(f"there is no model at {path}", remedy=_ANEW)
        resources.require_memory(name, path.stat().st_size)
        self.name, self.path = name, path
        self.key = secrets.token_urlsafe(24) if key is None else key
        self.threads = threads or resources.threads()
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as the process)
        self._process = self._spawn()
        try:
            self._tell(context)
            self.url = self._wait(cancelled)
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def ended(self, *, within_s: float = 0.0) -> bool:
        """Whether it is gone, or goes within so many seconds."""
        try:
            self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def said(self) -> str:
        """The end of what the process printed: why it died, if it did."""
        size = self._said.seek(0, os.SEEK_END)
        self._said.seek(max(0, size - _SAID_BYTES))
        return self._said.read().decode(errors="replace").strip()

    def close(self) -> None:
        """End it and wait until it is gone; may be called again."""
        for pipe in (self._process.stdin, self._process.stdout):
            # What was not read any more cannot be flushed either.
            with contextlib.suppress(BrokenPipeError):
                if pipe:
                    pipe.close()
        # The lifeline has ended it by now, unless it never came to hold it.
        self._process.kill()
        self._process.wait()
        self._said.close()

    def _tell(self, context: int) -> None:
        settings = {
            "path": str(self.path),
            "name": self.name,
            "key": self.key,
            "threads": self.threads,
            "context": context,
            "home": _HOME,
            "parent": os.getpid(),
        }
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps(settings).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise self._failed("cannot be loaded: its process died") from error

    def _spawn(self) -> subprocess.Popen[bytes]:
        environ = {name: os.environ[name] for name in _PASSED if name in os.environ}
        return subprocess.Popen(
            [sys.executable, "-P", str(_SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env=environ | {"CODEGENESIS_DISABLED": "1"},
            # Ctrl-C of the terminal is the parent's to handle: it may want one last answer.
            start_new_session=True,
        )

    def _wait(self, cancelled: threading.Event | None) -> str:
        """The URL, once the server is ready: it says so when the model is loaded."""
        until = time.monotonic() + _READY_S
        assert self._process.stdout
        while not _readable(self._process.stdout):
            if cancelled and cancelled.is_set():
                raise ModelError(f"cancelled while {self.name} was being loaded")
            if time.monotonic() > until:
                raise self._failed(f"was not ready after {_READY_S:.0f} s")
        answer = json.loads(self._process.stdout.readline() or "{}")
        if "url" not in answer:
            self._process.wait()
            raise self._failed(f"cannot be loaded: {answer.get('error', 'its process died')}")
        return str(answer["url"])

    def _failed(self, words: str) -> ModelError:
        return ModelError(
            f"{self.name} ({self.path}) {words}; {self.said()}".rstrip("; "),
            remedy=_ANEW,
        )


def require_extra(module: str) -> None:
    """See that a library of the extra `local-llm` is there.

    Raises:
        ModelError: it is not; it says how to get it.
    """
    if importlib.util.find_spec(module) is None:
        raise ModelError(
            f"the embedded model needs {module}, which is not installed",
            remedy="pip install 'codegenesis[local-llm]'",
        )


def _readable(pipe: IO[bytes]) -> bool:
    return bool(select.select([pipe], [], [], _LOOK_S)[0])
