"""The candidate: a clone of the zygote that locks itself in, then answers until it is killed.

Everything in this process may be turned against it by the code that it runs; that changes its own
answers and nothing else. The order below matters: descriptors first (nothing of the zygote's stays
open), identity and limits while calls are still allowed, the death signal after the capabilities
(dropping them clears it), seccomp last.
"""

from __future__ import annotations

import fcntl
import os
import resource
import types
from collections.abc import Callable
from typing import NoReturn

from codegenesis.errors import FragmentError
from codegenesis.sandbox import messages, serving
from codegenesis.sandbox.executor import Limits
from codegenesis.sandbox.namespaces import drop_capabilities
from codegenesis.sandbox.seccomp import Filter
from codegenesis.sandbox.syscalls import syscall

_REQUESTS, _ANSWERS = 3, 4
_LAST_FD = (1 << 32) - 1
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4
_SIGKILL = 9


def lock_in(pipes: list[int], limits: Limits, *, seccomp: Filter, vm: int) -> None:
    """Give up, for good, everything but the two pipes.

    Args:
        pipes: where requests come from, and where answers go.
        vm: bytes of address space that the zygote had.

    Raises:
        OSError: the kernel refused one of the steps.
    """
    _keep_only(pipes)
    os.umask(0o077)
    keep_to_itself()
    drop_capabilities()
    die_with_parent()
    _limit(limits, vm)
    seccomp.load()


def keep_to_itself() -> None:
    """Let no process of the same user look into this one, and leave no core; raises OSError."""
    syscall("prctl", _PR_SET_DUMPABLE, 0, 0, 0, 0)


def die_with_parent() -> None:
    """Be killed when the process that started this one ends; raises OSError."""
    syscall("prctl", _PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)


def _keep_only(pipes: list[int]) -> None:
    """Two pipes, and a null device of its own: flags of a descriptor are shared with its copies."""
    null = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(null, standard)
    for source, target in zip(pipes, (_REQUESTS, _ANSWERS), strict=True):
        os.dup2(fcntl.fcntl(source, fcntl.F_DUPFD, 10), target)
    syscall("close_range", _ANSWERS + 1, _LAST_FD, 0)


def _limit(limits: Limits, vm: int) -> None:
    """No RLIMIT_CPU: with it the kernel samples CPU clocks at ticks, and 4 ms could be hidden."""
    space = max(limits.memory_bytes, vm + limits.memory_bytes // 2)
    for what, most in (
        (resource.RLIMIT_AS, space),
        (resource.RLIMIT_STACK, 8 << 20),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (limit, limit))


def serve(module: types.ModuleType, limits: Limits) -> None:
    """Say that it is locked in, install what is asked for, then obey; left when that fails."""
    _send(messages.Done())
    setup = messages.request(_receive())
    if isinstance(setup, messages.Converse):
        _converse(serving.find(module, setup.qualname).function, setup.first)
    if not isinstance(setup, messages.Setup):
        return
    try:
        target = serving.find(module, setup.qualname)
        if setup.source is not None:
            serving.install(target, setup.source)
    except FragmentError as error:
        _refuse(str(error))
    except BaseException as error:  # noqa: BLE001 (boundary to the candidate's code)
        _refuse(f"the fragment raises {serving.describe(error)}")
    batch = serving.Batch(
        target.function, serving.resolver(module), max_bytes=limits.output_bytes - 1024
    )
    _send(messages.Done())
    while True:
        _send(_obey(batch, messages.request(_receive())))


def _converse(function: Callable[..., object], first: bytes) -> None:
    """Leave what is said to a function: it hears frames and says frames, one for one."""
    heard = [first]
    function(lambda: heard.pop() if heard else _receive(), _say)


def _refuse(reason: str) -> NoReturn:
    """Say why, and wait to be killed: a process that ends cannot be measured any more."""
    _send(messages.Done(reason))
    _receive()
    os._exit(0)


def _obey(batch: serving.Batch, request: messages.Request) -> messages.Done | messages.Answers:
    match request:
        case messages.Load(calls):
            batch.load(calls)
        case messages.Run():
            batch.run()
        case messages.Collect():
            return messages.Answers(batch.collect())
        case messages.Call(call):
            batch.load([call])
            batch.run(watch=True)
            return messages.Answers(batch.collect())
    return messages.Done()


def _receive() -> bytes:
    (size,) = messages.HEADER.unpack(_read(messages.HEADER.size))
    return _read(size)


def _read(size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        piece = os.read(_REQUESTS, size - len(data))
        if not piece:  # the parent is gone
            os._exit(0)
        data += piece
    return bytes(data)


def _send(message: messages.Done | messages.Answers) -> None:
    _say(messages.encode(message))


def _say(body: bytes) -> None:
    data = memoryview(messages.HEADER.pack(len(body)) + body)
    while data:
        data = data[os.write(_ANSWERS, data) :]
