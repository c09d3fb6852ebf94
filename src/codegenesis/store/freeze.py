"""The freeze switch: one file beside the keys, so that it works when everything else is dead.

`touch .codegenesis/FREEZE` is as good as the command, on the host where it is. Hosts that share a
store share a second switch in it: a row that every host sees, which the command pulls. A switch
that cannot be read counts as pulled.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codegenesis.store.database import Database
    from codegenesis.store.leases import Leases

NAME = "FREEZE"
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
    """The switch in a store that several hosts share."""

    def __init__(self, database: Database, leases: Leases) -> None:
        self._database = database
        self._leases = leases
        self._reason: str | None = None
        self._heard = -1
        self._trusted_until = 0.0

    def read(self) -> str | None:
        """Why evolution is frozen; asks the server only when there was news, or once a second."""
        heard, now = self._database.listen(), time.monotonic()
        if heard != self._heard or now >= self._trusted_until:
            self._reason = self._leases.frozen()
            self._heard, self._trusted_until = heard, now + TRUSTED_S
        return self._reason

    def write(self, reason: str) -> None:
        """Freeze all hosts."""
        self._leases.freeze(reason)

    def remove(self) -> None:
        """Thaw all hosts."""
        self._leases.thaw()
