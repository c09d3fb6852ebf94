"""The records around a piece of work in the workshop, and what is said between its processes.

The tool's own world answers over one pipe (`Ended`), the starter, which stays outside of it, over
another (`Begun`, `Gone`): so a tool that takes its world over can lie about its own results only.
"""

from __future__ import annotations

import struct

import msgspec

from codegenesis.model import Record


class WorkLimits(Record, frozen=True, kw_only=True):
    """What a tool and all that it starts may use together; exceeding any of them ends them all.

    Attributes:
        cpu_s: CPU seconds.
        wall_s: seconds on the wall clock.
        memory_bytes: real memory, looked at from outside every 20 ms; also the writable memory
            that one process may map. The scratch directory counts on its own.
        output_bytes: standard output and error together; also the size of one frame to answer.
        scratch_bytes: size of the scratch directory (a full one is the tool's ENOSPC), and of the
            kept files together.
        processes: processes and threads at a time; more are the tool's EAGAIN, or its end where
            the kernel does not count them (for root).
    """

    cpu_s: float = 60
    wall_s: float = 120
    memory_bytes: int = 2 << 30
    output_bytes: int = 16 << 20
    scratch_bytes: int = 256 << 20
    processes: int = 64


class Work(Record, frozen=True, kw_only=True):
    """What a tool came to. Everything but `died` and the costs was said by the tool: it is data.

    Attributes:
        status: exit status, negative for a signal, 127 when there is no such program; None when the
            tool was ended.
        stdout, stderr: what it printed, cut at the limit.
        files: what was to be kept, by path relative to the scratch directory; empty when it died.
        died: why it was ended; empty when it came to its own end.
        cpu_ns: of all its processes together.
        wall_ns: from the moment that its world existed.
        peak_bytes: most real memory seen at a time, at least that of the interpreter which starts
            tools (about 20 MB).
    """

    status: int | None
    stdout: bytes = b""
    stderr: bytes = b""
    files: dict[str, bytes] = {}
    died: str = ""
    cpu_ns: int = 0
    wall_ns: int = 0
    peak_bytes: int = 0


class _Message(msgspec.Struct, frozen=True, tag=True, array_like=True, forbid_unknown_fields=True):
    pass


class Job(_Message, frozen=True):
    """To the starter, on its standard input: what to do and what may be seen meanwhile."""

    argv: list[str]
    files: dict[str, bytes]
    keep: list[str]
    env: dict[str, str]
    visible: list[str]
    hidden: list[str]
    limits: WorkLimits


class Begun(_Message, frozen=True):
    """From the starter, with a pidfd: the first process of the tool's world."""

    pid: int


class Refused(_Message, frozen=True):
    """From either: the world could not be built; which step, and what the kernel said."""

    step: str
    reason: str


class Gone(_Message, frozen=True):
    """From the starter: the tool's world has ended; the wait status of its first process."""

    status: int
    cpu_ns: int
    peak_bytes: int


class Ended(_Message, frozen=True):
    """From inside: the tool's exit code and the kept files, or why there are none."""

    status: int
    files: dict[str, bytes]
    error: str = ""


#: Size of the frame that follows, to and from a tool that is answered.
HEADER = struct.Struct("<I")

encode = msgspec.msgpack.Encoder().encode
job = msgspec.msgpack.Decoder(Job).decode
report = msgspec.msgpack.Decoder(Begun | Refused | Gone).decode
result = msgspec.msgpack.Decoder(Refused | Ended).decode
