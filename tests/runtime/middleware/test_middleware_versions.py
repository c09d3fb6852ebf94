"""Uses are what they are on every version of Python that is here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from other_pythons import Python


def test_uses_hold_where_they_should(each_python: Python) -> None:
    script = Path(__file__).with_name("uses_everywhere.py")
    assert each_python.run(script) == "as it should be\n"
