"""Eight threads call while everything that can happen to a function happens, all the time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from other_pythons import Python

HERE = Path(__file__).parent
CALLS = 1_000_000
CHANGES = 600


@pytest.mark.slow
def test_a_million_calls_under_constant_change_give_no_wrong_result(each_python: Python) -> None:
    script = HERE / "calls_under_change.py"
    called, changed = each_python.run(script, str(CALLS), str(CHANGES), seconds=300).split()
    assert int(called) >= CALLS
    assert int(changed) >= CHANGES


@pytest.mark.slow
def test_nobody_can_tell_from_a_dialogue_whether_a_call_is_watched(each_python: Python) -> None:
    assert each_python.run(HERE / "suspending_dialogues.py", "3000", seconds=300) == "3000\n"
