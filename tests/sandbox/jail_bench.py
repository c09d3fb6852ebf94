"""What the tests of the sandbox share: a small target, and a bench to run code on."""

import textwrap
from pathlib import Path

from codegenesis import wire

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
