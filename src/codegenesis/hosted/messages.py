"""What is said between the tests' host and the engine, one answer to each message.

The host runs the user's code only; still, each side takes what the other says for data.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

Mode = Literal["watch", "send"]
Status = Literal["passed", "failed", "skipped"]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the host is to do; its only argument, as JSON.

    Attributes:
        mode: `watch` runs the original and tells of its calls, `send` has calls answered.
        module, path, qualname: of the function.
        root: put on the import path for it; `project` is the working directory of the tests.
        paths: what pytest is given; the project's own `testpaths` when empty.
        only: ids of the tests to run; all when None.
        first_failure: stop at it.
    """

    mode: Mode
    module: str
    path: str
    qualname: str
    root: str
    project: str
    paths: tuple[str, ...] = ()
    only: frozenset[str] | None = None
    backwards: bool = False
    first_failure: bool = False


class _Message(msgspec.Struct, frozen=True, tag=True, array_like=True, forbid_unknown_fields=True):
    pass


class Collected(_Message, frozen=True):
    """Tests were found; `function` says whether the function was; `errors` of the collection."""

    tests: int
    function: bool
    errors: list[str]


class Begun(_Message, frozen=True):
    """A test begins, its fixtures included."""

    test: str


class Called(_Message, frozen=True):
    """Watching: the test calls the function."""

    call: bytes


class Ask(_Message, frozen=True):
    """Sending: what comes of this call?"""

    call: bytes


class Finished(_Message, frozen=True):
    """A test is over.

    Attributes:
        words: of what failed, the first line.
        calls, unsent: how often it called the function, and how often the original had to answer.
    """

    test: str
    status: Status
    words: str
    calls: int
    unsent: int


class Noted(_Message, frozen=True):
    """The engine has heard."""


class Answer(_Message, frozen=True):
    """What came of a call; `unable`: the original is to answer, the call cannot be repeated."""

    kind: Literal["returned", "raised", "died", "unable"]
    value: bytes = b""
    after: bytes = b""
    detail: str = ""


Said = Collected | Begun | Called | Ask | Finished
Heard = Noted | Answer

encode = msgspec.msgpack.Encoder().encode
said = msgspec.msgpack.Decoder(Said).decode
answer: Callable[[bytes], Heard] = msgspec.msgpack.Decoder(Heard).decode
plan = msgspec.json.Decoder(Plan).decode
planned = msgspec.json.Encoder().encode
