"""Every trap of `__code__` (DESIGN §4) on every version of Python that is here."""

from __future__ import annotations

import json
from pathlib import Path

import live_traps
import pytest
from other_pythons import Python


@pytest.fixture(scope="session")
def trapped(each_python: Python) -> dict[str, str]:
    """Runs the script once for each version: the name of each trap, and what failed."""
    outcomes: dict[str, str] = json.loads(each_python.run(Path(live_traps.__file__)))
    return outcomes


@pytest.mark.parametrize("trap", [each.__name__ for each in live_traps.TRAPS])
def test_the_trap_is_avoided(trapped: dict[str, str], trap: str) -> None:
    assert trapped[trap] == "", trapped[trap]
