"""The freeze switch: one file beside the keys, so that it works when everything else is dead.

`touch .codegenesis/FREEZE` is as good as the command, on the host where it is. Hosts that share a
store share a second switch in it: a row that every host sees, which the command pulls. A switch
that cannot be read counts as pulled.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

NAME = "FREEZE"
#: Name of the lease that is the shared switch (`store.leases`); no gene is called so.
SHARED = "*frozen*"
#: The shared switch is read anew after this time, even if nothing was heard of it.
TRUSTED_S = 1.0


def read(directory: Path) -> str | None:
    """Why evolution is frozen, None when it is not."""
    try:
        reason = (directory / NAME).read_text(errors="replace").strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"{NAME} cannot be read ({error})"
    return reason or "frozen by hand"


def write(directory: Path, reason: str) -> None:
    """Freeze; whole or not at all."""
    beside = directory / f".{NAME}.{os.getpid()}"
    beside.write_text(reason + "\n")
    beside.replace(directory / NAME)


def remove(directory: Path) -> None:
    """Thaw; nothing happens when it was not frozen."""
    (directory / NAME).unlink(missing_ok=True)


class SharedSwitch:
    """The switch in a store that several hosts share, as one process sees it.

    Args:
        listen: how often anything was heard of up to now.
        ask: reads the switch.
    """

    def __init__(self, listen: Callable[[], int], ask: Callable[[], str | None]) -> None:
        self._listen = listen
        self._ask = ask
        self._reason: str | None = None
        self._heard = -1
        self._trusted_until = 0.0

    def read(self) -> str | None:
        """Why evolution is frozen; asks the server only when there was news, or once a second."""
        heard, now = self._listen(), time.monotonic()
        if heard != self._heard or now >= self._trusted_until:
            self._reason = self._ask()
            self._heard, self._trusted_until = heard, now + TRUSTED_S
        return self._reason
