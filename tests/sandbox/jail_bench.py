"""What the tests of the sandbox share: a small target, and a bench to run code on."""

import os
import shutil
import sys
import textwrap
from pathlib import Path

import pytest

from codegenesis import wire

NOBODY = 65534

TARGET = """
import enum
from dataclasses import dataclass

RATE = 3


@dataclass
class Cart:
    lines: list

    def total(self, factor=2):
        return sum(self.lines) * factor


class Colour(enum.Enum):
    RED = 1


def probe(x=None):
    return x


def add_line(cart, price, *, twice=False):
    cart.lines.extend([price] * (1 + twice))
    return Cart(lines=[price])


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def refuse(x):
    raise KeyError("no such", x)


@property
def odd(self):
    return 1


made = (lambda: lambda x: x)()
"""


def write_project(directory: Path, files: dict[str, str]) -> Path:
    """Write files by their relative path."""
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    return directory


#: Before a program: makes the kernel answer `argv[2]` to the system call `argv[1]`.
BLOCKED = """
import json, struct, sys
from codegenesis.errors import SandboxUnavailableError
from codegenesis.sandbox import Environment, Sandbox, features, reached
from codegenesis.sandbox.seccomp import Assembler
from codegenesis.sandbox.syscalls import syscall
import ctypes

number, errno, root = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
a = Assembler()
a.load(0)
a.equal(number, no="allow")
a.give(0x50000 | errno)
a.label("allow")
a.give(0x7FFF0000)
code = a.assembled()
kept = ctypes.create_string_buffer(code, len(code))
syscall("prctl", 38, 1, 0, 0, 0)
syscall("seccomp", 1, 0, struct.pack("@HP", len(code) // 8, ctypes.addressof(kept)))
"""
_NUMBERS = {
    "x86_64": {"seccomp": 317, "unshare": 272},
    "aarch64": {"seccomp": 277, "unshare": 97},
}
_EVERYWHERE = {"landlock_create_ruleset": 444, "mount_setattr": 442}


def number_of(call: str) -> int:
    return (_EVERYWHERE | _NUMBERS[os.uname().machine])[call]


def as_nobody(command: list[str], *, also: str = "") -> list[str]:
    """The command as another user, who sees the interpreter even where it lies in root's home.

    Args:
        also: a file of this project that it must see.
    """
    if os.geteuid() != 0:
        return command
    if not shutil.which("setpriv") or not shutil.which("unshare"):
        pytest.skip("needs setpriv and unshare (util-linux) to become another user")
    needed = {Path(sys.base_prefix), Path(sys.prefix), *filter(None, [also and Path(also).parent])}
    closed = {p for place in needed for p in place.parents if not p.stat().st_mode & 0o001}
    steps = ["set -e"]
    for place in sorted(
        closed
    ):  # in a mount namespace of its own: an open door onto the same files
        inner = next(need for need in needed if need.is_relative_to(place))
        steps += [
            f"mount --bind {inner} /mnt",
            f"mount -t tmpfs -o mode=755 none {place}",
            f"mkdir -p {inner}",
            f"mount --move /mnt {inner}",
        ]
    drop = f"setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups --no-new-privs"
    return [
        "unshare",
        "--mount",
        "sh",
        "-c",
        "\n".join([*steps, f'exec {drop} "$@"']),
        "sh",
        *command,
    ]


def call(*args, **kwargs) -> bytes:
    return wire.encode_call(args, kwargs)


class Bench:
    """Runs the body of a `probe(x)` in a candidate of its own and tells what became of it."""

    def __init__(self, sandbox):
        self.sandbox = sandbox

    def outcome(self, body: str, x=None):
        with self.candidate(body) as candidate:
            return candidate.call(call(x))

    def value(self, body: str, x=None):
        outcome = self.outcome(body, x)
        assert outcome.kind == "returned", outcome
        return wire.decode(outcome.value)

    def candidate(self, body: str):
        source = "def probe(x=None):\n" + textwrap.indent(textwrap.dedent(body).strip(), "    ")
        return self.sandbox.candidate("probe", source + "\n")

    def alive(self) -> bool:
        return self.value("return x + 1", 1) == 2
