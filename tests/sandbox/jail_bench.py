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
"""


def write_project(directory: Path, files: dict[str, str]) -> Path:
    """Write files by their relative path."""
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    return directory


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
