"""The zygote: jailed once, it imports the target's module and is cloned for each candidate.

Started by `codegenesis.sandbox.boot` with the target's interpreter. Until it is jailed it runs only
CodeGenesis and the standard library; the target's module is imported inside, and with that this
process is no more to be trusted than a candidate, except that it may clone itself. It dies with the
process that started it, its candidates die with it.
"""

from __future__ import annotations

import gc
import importlib
import os
import socket
import sys
import traceback
import types
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final, NoReturn

from codegenesis.errors import SandboxImportError
from codegenesis.sandbox import child, exposure, landlock, loading, messages, namespaces, serving
from codegenesis.sandbox.environment import Environment
from codegenesis.sandbox.executor import Limits, Tier
from codegenesis.sandbox.mounts import build
from codegenesis.sandbox.seccomp import Filter
from codegenesis.sandbox.syscalls import JailError, machine
from codegenesis.sandbox.widening import zygote_program

MOST_BYTES = 1 << 16
#: The namespaces of a candidate.
WORLDS: Final = {"L3": namespaces.CLONE_NEWUSER | namespaces.CLONE_NEWPID, "L2": 0}

#: What fragments import most; loaded once here instead of in each candidate.
PRELOADED = (
    "bisect",
    "collections",
    "contextlib",
    "copy",
    "dataclasses",
    "datetime",
    "functools",
    "heapq",
    "itertools",
    "json",
    "math",
    "operator",
    "random",
    "re",
    "string",
    "typing",
)
_EFFECTS = (
    "the jail has no network, no processes and no files beyond the project's; move such work out "
    "of the module's top level, give the jail the files to read, or name a hook in sandbox_setup "
    '("module:function") that replaces it before the import'
)


def run(
    parent: socket.socket, environment: Environment, *, tier: Tier, real_root: bool, keeper: int
) -> None:
    """Jail this process, import the target, serve until the parent closes the control socket.

    Args:
        real_root: at tier L3, whether the namespaces were made without a user namespace.
        keeper: the process that this one dies with.
    """
    try:
        zygote = Zygote(parent, tier)
        zygote.jail(environment, real_root=real_root)
        if os.getppid() not in (0, keeper):  # it has ended already; 0: it is in another namespace
            return
        zygote.load(environment)
    except JailError as error:
        parent.send(messages.encode(messages.Unavailable(error.step, error.reason)))
    except SandboxImportError as error:
        parent.send(messages.encode(messages.ImportFailed(str(error), error.remedy)))
    else:
        parent.send(messages.encode(messages.Ready()))
        zygote.serve()


class Zygote:
    """A process that is jailed, then has the target's module in it, then is cloned."""

    def __init__(self, parent: socket.socket, tier: Tier) -> None:
        self._parent = parent
        self._tier = tier
        for name in PRELOADED:
            importlib.import_module(name)
        self._null = os.open(os.devnull, os.O_RDWR)
        self._statm = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
        self._filter = Filter()
        self._module = types.ModuleType("none yet")

    def jail(self, environment: Environment, *, real_root: bool) -> None:
        """Lock this process in, and see that candidates can be.

        Raises:
            JailError: this machine cannot isolate code.
            SandboxImportError: there is nothing to import from.
        """
        code = zygote_program(machine(), worlds=WORLDS[self._tier], network=self._tier == "L3")
        own = Filter(code)
        _jail(environment, tier=self._tier, real_root=real_root)
        child.keep_to_itself()
        child.die_with_parent()
        own.load()
        self._rehearse()

    def load(self, environment: Environment) -> None:
        """Import the target's module; raises SandboxImportError."""
        os.dup2(self._null, 2)  # what CodeGenesis had to say is said
        myself = os.pidfd_open(os.getpid())
        socket.send_fds(self._parent, [messages.encode(messages.Jailed())], [myself])
        os.close(myself)
        self._module = _imported(environment)
        gc.collect()
        gc.freeze()

    def serve(self) -> None:
        """Obey the parent until it hangs up."""
        while True:
            data, fds, _, _ = socket.recv_fds(self._parent, MOST_BYTES, 2, socket.MSG_CMSG_CLOEXEC)
            if not data:
                return
            match messages.order(data):
                case messages.Start(limits, dead) if len(fds) == 2:
                    for pid in dead:
                        os.waitpid(pid, 0)
                    self._start(limits, fds)
                case messages.Reap(pid):
                    _, status = os.waitpid(pid, 0)
                    self._parent.send(messages.encode(messages.Reaped(status)))
            for fd in fds:
                os.close(fd)

    def _start(self, limits: Limits, pipes: list[int]) -> None:
        try:
            pid = self._candidate(pipes, limits)
        except OSError as error:
            report = messages.Unavailable("namespaces", error.strerror or str(error))
            self._parent.send(messages.encode(report))
            return
        if pid == 0:
            _leave(lambda: child.serve(self._module, limits))
        pidfd = os.pidfd_open(pid)
        socket.send_fds(self._parent, [messages.encode(messages.Started(pid))], [pidfd])
        os.close(pidfd)

    def _rehearse(self) -> None:
        """Lock one empty candidate in, so that what is missing shows before it matters."""
        pipes = list(os.pipe())
        try:
            pid = self._candidate(pipes, Limits())
            if pid == 0:
                os._exit(0)
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            if code:
                raise OSError(code, os.strerror(code))
        except OSError as error:
            raise JailError("namespaces" if self._tier == "L3" else "seccomp", error) from error
        finally:
            for fd in pipes:
                os.close(fd)

    def _candidate(self, pipes: list[int], limits: Limits) -> int:
        """Clone; in the child (0), already locked in. Raises OSError when there is no clone."""
        vm = self._address_space()
        pid = namespaces.clone(WORLDS[self._tier])
        if pid == 0:
            try:
                child.lock_in(pipes, limits, seccomp=self._filter, vm=vm)
            except OSError as error:
                os._exit(error.errno or 1)
        return pid

    def _address_space(self) -> int:
        pages = os.pread(self._statm, 100, 0).split()[0]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _leave(serve: Callable[[], None]) -> NoReturn:
    """Whatever happens in a candidate, it never becomes a second zygote."""
    try:
        serve()
    finally:
        os._exit(70)


def _jail(environment: Environment, *, tier: Tier, real_root: bool) -> None:
    root = Path(environment.root)
    if not root.is_dir():
        raise SandboxImportError(
            f"expected a directory to import from, came {environment.root}",
            remedy="set the root to the directory that holds the code",
        )
    seen = exposure.view(environment)
    project = root.stat()
    if tier == "L3":
        build(*seen)
        grants = landlock.EVERYTHING_THERE
    else:
        grants = landlock.reading(*seen)
        real_root = os.geteuid() == 0 and _open_to_all(seen.visible)
    if real_root:
        namespaces.leave_root(project)
    namespaces.drop_capabilities()
    landlock.restrict(grants)
    if root.is_dir():  # not when it shows nothing
        os.chdir(root)


def _open_to_all(paths: Collection[str]) -> bool:
    """Whether somebody else can get as far as these paths; else root stays, without its powers."""
    parents = {parent for path in paths for parent in Path(path).parents}
    return all(parent.stat().st_mode & 0o001 for parent in parents)


def _imported(environment: Environment) -> types.ModuleType:
    sys.argv = [environment.path or environment.module]
    try:
        module = loading.load(environment)
    except SandboxImportError:
        raise
    except BaseException as error:  # boundary to the target's import
        raise SandboxImportError(_story(error, environment.root), remedy=_remedy(error)) from error
    if environment.module == "__main__":
        sys.modules["__main__"] = module
    return module


def _story(error: BaseException, root: str) -> str:
    """What was raised, and the last line of the project that led to it."""
    frames = reversed(traceback.extract_tb(error.__traceback__))
    place = next((frame for frame in frames if frame.filename.startswith(root)), None)
    where = f" ({place.filename[:300]}:{place.lineno})" if place else ""
    story = serving.describe(error) + where
    return story.encode("utf-8", "backslashreplace").decode()


def _remedy(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError):
        return f"install what provides {error.name}, or set the root so that it is found"
    if isinstance(error, SyntaxError):
        return "mend the module"
    return _EFFECTS
