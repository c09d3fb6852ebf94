"""The workshop: a jail for tools (compilers, test runners, solvers) that work on untrusted code.

Unlike a candidate a tool may start programs and threads and write, in one scratch directory that
lives in memory and goes with it. It gets namespaces of its own (no network, no other processes), a
file tree of system libraries, compiler, interpreter and what was named, read-only; no capabilities;
Landlock and a seccomp filter on top; and a time after which all of it is gone. What it prints,
leaves and asks is data. bubblewrap does the mounts and namespaces as well, but is not everywhere,
watches no limits, and would be the only step without a second one behind it.
"""

from __future__ import annotations

import functools
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from codegenesis.errors import SandboxError
from codegenesis.sandbox import toolbench, work
from codegenesis.sandbox.exposure import View, view_of
from codegenesis.sandbox.kernel import require_platform
from codegenesis.sandbox.work import Work, WorkLimits
from codegenesis.sandbox.worktalk import Conversation, Halt, Lines

#: What a compiler needs beyond shared libraries; where it is, as far as it is.
_TOOLS = (
    "/bin",
    "/usr/bin",
    "/usr/include",
    "/usr/libexec",
    "/usr/local/bin",
    "/usr/local/include",
    "/etc/alternatives",
)
_BOOT = (
    "import sys; sys.path.append(sys.argv.pop(1)); "
    "from codegenesis.sandbox.toolbench import main; main(*map(int, sys.argv[1:]))"
)
_PATHS = (
    "import json, sys, sysconfig; p = sysconfig.get_paths(); "
    "print(json.dumps([sys.prefix, sys.base_prefix, [*p.values()], sys.path]))"
)
_ASK_S = 30
_ANSWERS = {
    "CODEGENESIS_ANSWER_OUT": str(toolbench.ANSWER_OUT),
    "CODEGENESIS_ANSWER_IN": str(toolbench.ANSWER_IN),
}


class Workshop:
    """Runs tools on untrusted code, each in a world of its own that ends with it.

    Args:
        visible: files and directories that tools may read, at their own paths; without what looks
            like a secret (`codegenesis.sandbox.exposure`). Interpreter, its libraries, the system's
            libraries and the C compiler are always visible.
        python: interpreter whose installed packages are visible.

    Example:
        >>> shop = Workshop()
        >>> source = b"int twice(int x) { return x + x; }"
        >>> done = shop.run(
        ...     ["cc", "-shared", "-fPIC", "twice.c", "-o", "twice.so"],
        ...     files={"twice.c": source},
        ...     keep=["*.so"],
        ... )
        >>> done.status, list(done.files)
        (0, ['twice.so'])
    """

    def __init__(self, *, visible: Sequence[str] = (), python: str = sys.executable) -> None:
        self._visible = [Path(path) for path in visible]
        self._python = python

    def run(
        self,
        argv: Sequence[str],
        *,
        files: Mapping[str, bytes] | None = None,
        keep: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        limits: WorkLimits | None = None,
        answer: Callable[[bytes], bytes] | None = None,
        begun: Callable[[Halt], None] | None = None,
    ) -> Work:
        """Run one tool to its end. May be called from several threads.

        Args:
            argv: the command; found on a PATH of the interpreter's and the system's programs.
            files: written to the scratch directory first, by relative path. It is the working
                directory and the tool's home, and writable, as is what `TMPDIR` names, and `/tmp`
                where nothing below it is visible; nothing else is.
            keep: patterns of files to bring back: `*` within a directory, `**` across directories.
                Regular files only; links are not followed.
            env: further environment variables.
            limits: what the tool may use.
            answer: answers the tool's questions: it writes a frame (four bytes of length, little
                endian, and the body) to the descriptor that `CODEGENESIS_ANSWER_OUT` names, and
                reads the answer, framed alike, from `CODEGENESIS_ANSWER_IN`. What it raises ends
                the tool and is passed on.
            begun: is handed, when the tool's world exists, what ends it from any thread at any
                time, with a word why; the word is then in `died`.

        Raises:
            SandboxUnavailableError: this machine cannot isolate code; says what is missing.
            SandboxError: the tool could not be started.
            ValueError: a path of `files` leads out of the scratch directory.
        """
        require_platform()
        wanted = limits or WorkLimits()
        seen = self._view()
        job = work.Job(
            argv=list(argv),
            files=_inside(files or {}),
            keep=list(keep),
            env=_environ(self._python) | (_ANSWERS if answer else {}) | dict(env or {}),
            visible=list(seen.visible),
            hidden=list(seen.hidden),
            limits=wanted,
        )
        lines = Lines(_spawn, answering=answer is not None)
        try:
            return Conversation(lines, wanted, answer, begun).hold(work.encode(job))
        finally:
            lines.close()

    def _view(self) -> View:
        libraries = (*map(Path, _TOOLS), *map(Path, _installed(self._python)))
        return view_of(self._visible, libraries)


def _inside(files: Mapping[str, bytes]) -> dict[str, bytes]:
    for name in files:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.parts:
            raise ValueError(f"expected a path below the scratch directory, got {name!r}")
    return dict(files)


@functools.cache
def _installed(python: str) -> tuple[str, ...]:
    """Where an interpreter has its programs, headers and packages."""
    try:
        asked = subprocess.run(
            [python, "-P", "-c", _PATHS],
            capture_output=True, check=True, cwd="/", env={}, timeout=_ASK_S,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        raise SandboxError(f"cannot start {python}: {error}") from error
    prefix, base, paths, search = json.loads(asked.stdout)
    packages = [path for path in search if path.endswith(("site-packages", "dist-packages"))]
    own = [f"{prefix}/bin", f"{prefix}/pyvenv.cfg", f"{base}/bin", f"{base}/lib", f"{base}/include"]
    ours = [path for path in paths if path not in (prefix, base)]
    return tuple(dict.fromkeys([*own, *ours, *packages]))


def _environ(python: str) -> dict[str, str]:
    environ = {
        **_plain_environ(),
        "HOME": toolbench.SCRATCH,
        "PATH": f"{Path(python).parent}:/usr/local/bin:/usr/bin:/bin",
        "TMPDIR": toolbench.TEMPORARY,
    }
    if "TZ" in os.environ:
        environ["TZ"] = os.environ["TZ"]
    return environ


def _plain_environ() -> dict[str, str]:
    """The same words and hashes in every run."""
    return {
        "CODEGENESIS_DISABLED": "1",
        "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
    }


def _spawn(control: socket.socket, lifeline: int, *pipes: int) -> subprocess.Popen[bytes]:
    """The starter: always our own interpreter, whichever the tool's is."""
    fds = (control.fileno(), lifeline, *pipes)
    home = str(Path(__file__).parents[2])
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-B", "-c", _BOOT, home, *map(str, fds)],
            pass_fds=fds,
            env=_plain_environ(),
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise SandboxError(f"cannot start {sys.executable}: {error}") from error
