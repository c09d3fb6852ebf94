"""The freeze switch: one file beside the database, so that it works when everything else is dead.

`touch .codegenesis/FREEZE` is as good as the command. A switch that cannot be read counts as
pulled.
"""

from __future__ import annotations

import os
from pathlib import Path

NAME = "FREEZE"


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
