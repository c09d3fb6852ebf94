"""What is said between evaluator, engine and program: plain data, nothing taken on trust.

The engine passes what evaluator and program tell each other on without opening the values in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec

#: What a thing is that stays in the program's jail: it is asked for, and never sent.
Sort = Literal["function", "coroutine", "class", "iterator", "object"]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the evaluator's host is to do; its only argument, as JSON.

    Attributes:
        kind: as in a problem: how the evaluator is called.
        evaluator: its file.
        roots: directories to import from.
        thresholds: of a cascade; empty for none.
        run, evolve: names of the functions with these marks.
        inputs: of the `@run` function: as in a problem.
    """

    kind: str
    evaluator: str
    roots: tuple[str, ...] = ()
    thresholds: tuple[float, ...] = ()
    run: str = ""
    evolve: str = ""
    inputs: str = ""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the evaluator made of a program.

    Attributes:
        metrics: finite numbers by name.
        score: what it gave as *the* score, where it gave one by itself.
        text: artifacts and messages, by name.
        refused: what should have been a number and was none, in words.
        error: why there is no result at all.
        stage: of a cascade.
    """

    metrics: dict[str, float] = {}
    score: float | None = None
    text: dict[str, str] = {}
    refused: tuple[str, ...] = ()
    error: str = ""
    stage: int = 1


class _Message(msgspec.Struct, frozen=True, tag=True, array_like=True, forbid_unknown_fields=True):
    pass


# --- the evaluator's host says --------------------------------------------------------------------


class Ready(_Message, frozen=True):
    """The evaluator is loaded. `trouble`: why nothing can be scored; `seed`: a program it has."""

    trouble: str = ""
    seed: str = ""
    goal: str = ""


class Staged(_Message, frozen=True):
    """A stage of the cascade was passed; the next has all the time again."""

    token: int
    verdict: Verdict


class Done(_Message, frozen=True):
    """A program was evaluated; the next one, please. `printed`: by the evaluator."""

    token: int
    verdict: Verdict
    printed: str


class Open(_Message, frozen=True):
    """Load the program anew, as a module of this name; `given`: what is in its namespace before."""

    token: int
    name: str
    given: bytes


class Ask(_Message, frozen=True):
    """Say this to a program that was loaded; `within_s`: the evaluator's own alarm, 0 for none."""

    token: int
    instance: int
    within_s: float
    body: bytes


# --- and hears ------------------------------------------------------------------------------------


class Evaluate(_Message, frozen=True):
    """A program to evaluate: what is to be found at `program_path`."""

    token: int
    text: str


class Noted(_Message, frozen=True):
    """The engine has heard."""


class Close(_Message, frozen=True):
    """Nothing more is wanted."""


class Answered(_Message, frozen=True):
    """What the program said."""

    instance: int
    body: bytes


class Gone(_Message, frozen=True):
    """The program has no answer and never will: it died, broke a limit, or its time is over."""

    words: str


# --- the program hears ----------------------------------------------------------------------------


class Load(_Message, frozen=True):
    """First: the program's text and the name of the module that it is to be.

    Attributes:
        shared: modules that both sides import.
        given: what is in its namespace before, a packed dict; empty for nothing.
    """

    source: str
    name: str
    shared: list[str]
    given: bytes = b""


class Call(_Message, frozen=True):
    """Call one of its names, or a thing that it keeps."""

    target: str | int
    call: bytes


class Rate(_Message, frozen=True):
    """Call one of its names, and tell the finite number that comes, or None."""

    target: str
    call: bytes


class Get(_Message, frozen=True):
    """An attribute of a thing that it keeps, or one of its names."""

    target: int | None
    name: str


class Take(_Message, frozen=True):
    """The next items of an iterator that it keeps."""

    target: int


class Resume(_Message, frozen=True):
    """What came of calling a function of the evaluator's."""

    raised: bool
    value: bytes


# --- and says -------------------------------------------------------------------------------------


class Name(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One name of the module: something that is kept, or a plain value.

    Attributes:
        parameters: of a function: name, kind (`inspect.Parameter`'s number), has a default.
    """

    name: str
    sort: Sort | None
    value: bytes = b""
    parameters: list[tuple[str, int, bool]] | None = None
    doc: str = ""


class Loaded(_Message, frozen=True):
    """The module is there, with these names."""

    names: list[Name]
    printed: str


class Returned(_Message, frozen=True):
    """A value; of an iterator, a list of items, shorter than asked for at its end."""

    value: bytes
    printed: str


class Raised(_Message, frozen=True):
    """An exception; `story` is the traceback through the program."""

    value: bytes
    text: str
    story: str
    printed: str


class Back(_Message, frozen=True):
    """The program calls a function that the evaluator has handed it; a Resume is to come."""

    number: int
    call: bytes


Said = Ready | Staged | Done | Open | Ask
Heard = Evaluate | Noted | Close | Answered | Gone
ToProgram = Load | Call | Rate | Get | Take | Resume
OfProgram = Loaded | Returned | Raised | Back

encode: Callable[[Any], bytes] = msgspec.msgpack.Encoder().encode
said: Callable[[bytes], Said] = msgspec.msgpack.Decoder(Said).decode
heard: Callable[[bytes], Heard] = msgspec.msgpack.Decoder(Heard).decode
to_program: Callable[[bytes], ToProgram] = msgspec.msgpack.Decoder(ToProgram).decode
of_program: Callable[[bytes], OfProgram] = msgspec.msgpack.Decoder(OfProgram).decode
plan: Callable[[bytes], Plan] = msgspec.json.Decoder(Plan).decode
planned: Callable[[Plan], bytes] = msgspec.json.Encoder().encode
