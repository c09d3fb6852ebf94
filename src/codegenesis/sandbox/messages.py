"""What is said between the three processes: parent ↔ zygote, and parent ↔ candidate.

The zygote runs the user's own module, a candidate runs anybody's code, so every message is a record
that msgspec checks on arrival; what does not fit exactly is not understood.
"""

from __future__ import annotations

import struct

import msgspec

from codegenesis.sandbox.environment import Environment
from codegenesis.sandbox.executor import Limits, Tier
from codegenesis.sandbox.serving import Answer


class _Message(msgspec.Struct, frozen=True, tag=True, array_like=True, forbid_unknown_fields=True):
    pass


class Configure(_Message, frozen=True):
    """To the zygote, first: what to be."""

    environment: Environment
    tier: Tier


class Start(_Message, frozen=True):
    """To the zygote, with two descriptors (requests, answers): bury the dead, clone a candidate."""

    limits: Limits
    dead: list[int]


class Reap(_Message, frozen=True):
    """To the zygote: a candidate was killed or ended; bury it and say how it ended."""

    pid: int


class Jailed(_Message, frozen=True):
    """The zygote is jailed and about to import the module; comes with its own pidfd."""


class Ready(_Message, frozen=True):
    """The zygote has imported the module and takes orders."""


class Unavailable(_Message, frozen=True):
    """The zygote could not be jailed: which step, and what the kernel said."""

    step: str
    reason: str


class ImportFailed(_Message, frozen=True):
    """The module could not be imported in the jail."""

    reason: str
    remedy: str


class Started(_Message, frozen=True):
    """A candidate runs; comes with its pidfd."""

    pid: int


class Reaped(_Message, frozen=True):
    """Wait status of a candidate that has ended."""

    status: int


class Setup(_Message, frozen=True):
    """To a candidate, first: which function, and the fragment to install (None: the original)."""

    qualname: str
    source: str | None


class Converse(_Message, frozen=True):
    """To a candidate, first: which function takes this and every frame after it, and answers."""

    qualname: str
    first: bytes


class Load(_Message, frozen=True):
    """Phase one: decode these calls."""

    calls: list[bytes]


class Run(_Message, frozen=True):
    """Phase two: call the function on what was loaded."""


class Collect(_Message, frozen=True):
    """Phase three: answer how the calls ended."""


class Call(_Message, frozen=True):
    """All three phases for one call."""

    call: bytes


class Done(_Message, frozen=True):
    """A candidate did what it was told; `error` says why not."""

    error: str = ""


class Answers(_Message, frozen=True):
    """A candidate's answers, in the order of the calls."""

    answers: list[Answer]


Request = Setup | Converse | Load | Run | Collect | Call
Order = Configure | Start | Reap
Report = Jailed | Ready | Unavailable | ImportFailed | Started | Reaped

#: Size of the frame that follows, on the pipes of a candidate.
HEADER = struct.Struct("<I")

encode = msgspec.msgpack.Encoder().encode
request = msgspec.msgpack.Decoder(Request).decode
order = msgspec.msgpack.Decoder(Order).decode
report = msgspec.msgpack.Decoder(Report).decode
done = msgspec.msgpack.Decoder(Done).decode
answers = msgspec.msgpack.Decoder(Answers).decode
