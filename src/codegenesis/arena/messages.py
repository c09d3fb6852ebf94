"""What the arena and the engine say to each other: plain data, and nothing is taken on trust.

A score that comes out of the arena was made in the process that the candidate ran in. It steers a
search; it never decides. What looks good there is judged again from outside.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from codegenesis.model import Record

#: What became of a case: it met its expectation; returned or raised something else; took more
#: steps than allowed; took its process down or did not end.
Ending = Literal["passed", "returned", "raised", "steps", "died"]


class Example(Record, frozen=True, kw_only=True):
    """One call and what is expected of it.

    Attributes:
        call: encoded arguments (`wire.encode_call`).
        result: encoded expected result (`wire.encode`); None when another field says it.
        raises: name of the exception expected (bare or dotted; a base class will do).
        alive: nothing but an end without exception is expected.
        lenient: JSON's view of values: a list stands for a tuple, a set or what a generator gives.
    """

    call: bytes
    result: bytes | None = None
    raises: str = ""
    alive: bool = False
    lenient: bool = False


class Score(Record, frozen=True, kw_only=True):
    """How one version did, case by case.

    Attributes:
        endings: of each case, in order; shorter when it was stopped at the first failure.
        distance: from what was expected, 0 (met) to 1 (nothing like it), per case.
        outcomes: digest of what came of each case: two versions with the same outcomes cannot be
            told apart by these cases.
        steps: loop rounds and calls, over all cases: a cost that does not depend on the machine.
        error: why it could not be tried at all, in words.
    """

    endings: tuple[Ending, ...] = ()
    distance: tuple[float, ...] = ()
    outcomes: tuple[int, ...] = ()
    steps: int = 0
    error: str = ""

    @property
    def passed(self) -> int:
        """How many cases met their expectation."""
        return self.endings.count("passed")

    @property
    def fitness(self) -> float:
        """Partial credit, 0..1; 1 when every case passed."""
        if not self.distance:
            return 0.0
        return 1.0 - sum(self.distance) / len(self.distance)


class Traced(Record, frozen=True, kw_only=True):
    """What one case went through.

    Attributes:
        lines: lines of the version's source that ran, from 1.
        types: type names that each local variable was seen with.
    """

    ending: Ending
    lines: tuple[int, ...] = ()
    types: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
