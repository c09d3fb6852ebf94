"""What the search and the engine say to each other: plain data."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from codegenesis.arena.messages import Example


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be filled.

    Attributes:
        module, path, qualname, root: of the function.
        setup: the owner's hook, to be called before its module is imported.
        source: of its `def`.
        trials: after so many expressions it ends by itself.
        enough: solutions to look for.
        broken: names of helpers that took the process down; they are left alone.
    """

    module: str
    path: str
    qualname: str
    root: str
    setup: str = ""
    source: str
    examples: tuple[Example, ...]
    seed: int = 0
    trials: int = 1 << 40
    enough: int = 5
    broken: tuple[str, ...] = ()


class _Message(msgspec.Struct, frozen=True, tag=True, array_like=True, forbid_unknown_fields=True):
    pass


class Beat(_Message, frozen=True):
    """The search is alive."""

    trials: int


class Found(_Message, frozen=True):
    """A body that does what the examples say, as far as its own process can tell.

    Attributes:
        body: statements.
        imports: statements that the body needs before the `def`.
        outcomes: digest of what it makes of each probe; 0 where it raises.
    """

    body: str
    imports: list[str]
    cost: float
    method: str
    trials: int
    outcomes: list[int]


class Ended(_Message, frozen=True):
    """The search is over; why, in words."""

    reason: str
    trials: int


class GoOn(_Message, frozen=True):
    """Heard."""


class Stop(_Message, frozen=True):
    """Heard, and enough."""


Said = Beat | Found | Ended
Heard = GoOn | Stop

encode = msgspec.msgpack.Encoder().encode
said = msgspec.msgpack.Decoder(Said).decode
heard: Callable[[bytes], Heard] = msgspec.msgpack.Decoder(Heard).decode
plan = msgspec.msgpack.Decoder(Plan).decode
