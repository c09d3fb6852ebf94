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


GENERIC = """
def outer[T](a: T):
    def inner[U](b: U) -> tuple[T, U]:
        return a, b
    return inner

class Box[T]:
    def get[U](self, u: U) -> U:
        return u, T.__name__
"""

USE = """
import generic
from live_traps import FORMS, gene_of, swap, watched

made = generic.outer(1)
inner, get = gene_of(generic.outer, "inner"), gene_of(generic.Box.get)
for prelude in FORMS:
    swap(inner, prelude + "def inner(b):\\n    return b, a")
    swap(get, prelude + "def get(self, u):\\n    return T.__name__, u")
    assert (made(2), generic.outer(3)(4), generic.Box().get(5)) == ((2, 1), (4, 3), ("T", 5))
    rings = [watched(each, 2) for each in (inner, get)]
    assert (made(2), generic.Box().get(5)) == ((2, 1), ("T", 5))
    assert [len(ring.waiting) for ring in rings] == [1, 1]
"""


def test_functions_with_type_parameters_are_swapped(each_python: Python, tmp_path: Path) -> None:
    if each_python.version == "3.11":
        pytest.skip("type parameters came with Python 3.12")
    (tmp_path / "generic.py").write_text(GENERIC)
    (tmp_path / "live_traps.py").write_text(Path(live_traps.__file__).read_text())
    (tmp_path / "use.py").write_text(USE)
    assert each_python.run(tmp_path / "use.py") == ""
