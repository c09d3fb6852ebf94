"""Where models are kept: `$XDG_CACHE_HOME/codegenesis/models`, one file each."""

from __future__ import annotations

import os
from pathlib import Path


def directory() -> Path:
    """The user's directory of models; it need not exist."""
    home = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(home) if home.startswith("/") else Path.home() / ".cache"
    return base / "codegenesis" / "models"
