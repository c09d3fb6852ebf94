"""What the arena and the engine say to each other: plain data, and nothing is taken on trust.

A score that comes out of the arena was made in the process that the candidate ran in. It steers a
search; it never decides. What looks good there is judged again from outside.
"""

from __future__ import annotations

from collections.abc import Callable
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
        keeps: what the owner promises of the function (`@invariant`) must hold.
        lenient: JSON's view of values: a list stands for a tuple, a set or what a generator gives.
    """

    call: bytes
    result: bytes | None = None
    raises: str = ""
    alive: bool = False
    keeps: bool = False
    lenient: bool = False


class Score(Record, frozen=True, kw_only=True):
    """How one version did, case by case.

    Attributes:
        endings: of each case, in order; shorter when it was stopped at the first failure.
        distance: from what was expected, 0 (met) to 1 (nothing like it), per case.
        outcomes: digest of what came of each case: two versions with the same outcomes cannot be
            told apart by these cases.
        used: steps (rounds of loops and calls) of each case: a cost that no machine changes.
        error: why it could not be tried at all, in words.
    """

    endings: tuple[Ending, ...] = ()
    distance: tuple[float, ...] = ()
    outcomes: tuple[int, ...] = ()
    used: tuple[int, ...] = ()
    error: str = ""

    @property
    def steps(self) -> int:
        """Over all cases."""
        return sum(self.used)

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


class Plan(Record, frozen=True, kw_only=True):
    """What the arena is to do; its only argument.

    Attributes:
        module, path, qualname, root: of the function; `setup` as for the sandbox.
        project: directory that tests are run in.
        examples: the cases; or else
        tests: files and directories for pytest.
        case_s: CPU seconds allowed for one case, for what steps cannot see.
        memory_bytes: that a version may map beyond what was mapped before.
    """

    module: str
    path: str
    qualname: str
    root: str
    setup: str = ""
    project: str = ""
    examples: tuple[Example, ...] = ()
    tests: tuple[str, ...] = ()
    case_s: float = 2.0
    memory_bytes: int = 1 << 30


class _Message(msgspec.Struct, frozen=True, tag=True, array_like=True, forbid_unknown_fields=True):
    pass


class Ready(_Message, frozen=True):
    """The arena is open. `trouble`: why no version can be tried, in words."""

    cases: list[str]
    trouble: str = ""


class Scored(_Message, frozen=True):
    """Scores of the versions asked for, in order."""

    scores: list[Score]


class Went(_Message, frozen=True):
    """What each case went through."""

    traced: list[Traced]


class Try(_Message, frozen=True):
    """Try these versions.

    Attributes:
        steps: allowed for one case; 0 to count none, and try the version as it is.
        alone: each in a process of its own.
    """

    sources: list[str]
    steps: int
    first_failure: bool = False
    alone: bool = False


class Trace(_Message, frozen=True):
    """Follow one version through each case."""

    source: str
    steps: int


class Close(_Message, frozen=True):
    """Nothing more is wanted."""


Said = Ready | Scored | Went
Heard = Try | Trace | Close

encode = msgspec.msgpack.Encoder().encode
said: Callable[[bytes], Said] = msgspec.msgpack.Decoder(Said).decode
heard: Callable[[bytes], Heard] = msgspec.msgpack.Decoder(Heard).decode
plan: Callable[[bytes], Plan] = msgspec.msgpack.Decoder(Plan).decode
score: Callable[[bytes], Score] = msgspec.msgpack.Decoder(Score).decode
