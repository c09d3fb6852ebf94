"""What starts a zygote and outlives it: the one process of the jail that runs none of its code.

It makes the zygote in a new PID namespace (at tier L2: in a process group that cannot be left) and
then only waits. When the parent goes away in whatever manner, the kernel closes its end of the life
line; when the zygote ends, its pidfd says so. Either way nothing that the zygote started is left:
a PID namespace dies with its first process, a process group is killed whole. Neither the module nor
a candidate can reach this process or close its life line.

(`PR_SET_PDEATHSIG` alone was rejected: it fires when the *thread* that started the zygote ends. So
was a life line with an owner and a signal, because the module could close its own end of it.)
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from codegenesis.sandbox import messages, namespaces
from codegenesis.sandbox.executor import Tier
from codegenesis.sandbox.lifeline import die_with, release
from codegenesis.sandbox.syscalls import JailError
from codegenesis.sandbox.zygote import MOST_BYTES, run


def main(control: int, lifeline: int) -> None:
    """Start a zygote as the first message says, and end with it."""
    parent = socket.socket(fileno=control)
    first = messages.order(parent.recv(MOST_BYTES))
    if not isinstance(first, messages.Configure):
        return
    mine = os.getpid()
    try:
        die_with(lifeline)  # at once, even when the kernel is slow to make namespaces
        real_root = first.tier == "L3" and namespaces.enter()
        release(lifeline)
        pid = _clone(first.tier)
    except JailError as error:
        parent.send(messages.encode(messages.Unavailable(error.step, error.reason)))
        return
    if pid == 0:
        os.close(lifeline)
        run(parent, first.environment, tier=first.tier, real_root=real_root, keeper=mine)
        os._exit(0)
    parent.close()
    _keep(pid, lifeline, group=first.tier == "L2")


def _clone(tier: Tier) -> int:
    try:
        pid = namespaces.clone(namespaces.CLONE_NEWPID if tier == "L3" else 0)
        if tier == "L2":
            with suppress(ProcessLookupError):  # both do it, because either may be first
                os.setpgid(pid, pid)
    except OSError as error:
        raise JailError("namespaces", error) from error
    return pid


def _keep(pid: int, lifeline: int, *, group: bool) -> NoReturn:
    """Wait for the end of the parent or of the zygote, and see that it is the end of all."""
    pidfd = os.pidfd_open(pid)
    poll = select.poll()
    poll.register(lifeline, select.POLLIN)
    poll.register(pidfd, select.POLLIN)
    poll.poll()
    with suppress(ProcessLookupError):
        if group:
            os.killpg(pid, signal.SIGKILL)
        else:
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os._exit(code if code >= 0 else 128 - code)


def front(name: str) -> object:
    """What the package shows to other rooms, for who asks for it in the jail after all."""
    package = sys.modules["codegenesis.sandbox"]
    vars(package).pop("__getattr__", None)
    source = Path(__file__).with_name("__init__.py")
    code = compile(source.read_bytes(), str(source), "exec", dont_inherit=True)
    exec(code, vars(package))  # noqa: S102 (our own package, a second later than usual)
    return getattr(package, name)
