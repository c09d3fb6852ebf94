"""Dying with the parent, in whatever manner it ends.

The parent holds one end of a pipe, a process of the jail the other. When the parent goes away the
kernel closes its end and, by the owner and signal set on ours, kills the process, even one that is
busy or hangs. (`PR_SET_PDEATHSIG` was rejected where the parent may have threads: it fires when the
*thread* that started the process ends.)
"""

from __future__ import annotations

import fcntl
import os
import signal

_F_SETSIG = 10


def die_with(lifeline: int) -> None:
    """Have the kernel kill this process when the other end of the pipe `lifeline` is closed."""
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, _F_SETSIG, signal.SIGKILL)
    flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
    fcntl.fcntl(lifeline, fcntl.F_SETFL, flags | os.O_ASYNC)


def release(lifeline: int) -> None:
    """Undo `die_with`: from here on somebody waits for the end of the pipe."""
    flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
    fcntl.fcntl(lifeline, fcntl.F_SETFL, flags & ~os.O_ASYNC)
