"""`sandbox run`: an untrusted function on many inputs, for people who want just the jail."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import click
from rich.text import Text

from codegenesis.cli.limits import parse_limits
from codegenesis.cli.output import (
    json_option,
    nanoseconds,
    printable,
    report_error,
    talk,
    wants_json,
)
from codegenesis.errors import CodeGenesisError, TargetError, UsageError, WireError
from codegenesis.sandbox import Call, Result, run
from codegenesis.sandbox.jsonform import json_form

_SHOWN_CHARS = 200
_TELL_EVERY_S = 10.0
_LINE = 'Write one call a line: {"args": [1, "a"], "kwargs": {"b": 2}}, or a list of arguments.'


@click.group()
def sandbox() -> None:
    """The jail by itself."""


@sandbox.command("run")
@click.argument("target", metavar="FILE.py:FUNCTION")
@click.option(
    "--inputs",
    required=True,
    metavar="FILE|-",
    help='JSON lines, each {"args": [...], "kwargs": {...}} or a list of arguments; - is stdin.',
)
@click.option(
    "--limit",
    "limits",
    multiple=True,
    metavar="NAME=VALUE,…",
    help="cpu, wall and import in seconds (2s, 500ms), memory and output in bytes (512MiB). "
    "Default: cpu=5s,wall=10s,memory=1GiB,output=16MiB,import=30s.",
)
@click.option(
    "--tier",
    type=click.Choice(["L3", "L2"]),
    default="L3",
    show_default=True,
    help="The lowest isolation to be content with.",
)
@click.option("--fresh", is_flag=True, help="A new process for each input; default: one for all.")
@click.option("--root", metavar="DIR", help="What FILE may read and import from; default: itself.")
@partial(json_option, help="Print one JSON line for each input.")
def run_command(
    *,
    target: str,
    inputs: str,
    limits: tuple[str, ...],
    tier: Any,
    fresh: bool,
    root: str | None,
) -> int:
    """Run an untrusted function on each input, jailed, and print what it came to.

    FILE is imported in the jail too. Neither sees the network, other processes, or any file but
    FILE itself and the installed packages. One process serves all inputs, so what one leaves behind
    is seen by the next; an input that ends the process costs itself only. With --json there is
    one line for each input as soon as it is done:

    \b
    {"line": 1, "outcome": "returned", "value": 4, "cpu_ns": …, "wall_ns": …, "peak_bytes": …}
    {"line": 2, "outcome": "raised", "exception": {"type": …, "message": …, "args": […]}, …}
    {"line": 3, "outcome": "limit", "limit": "cpu", "detail": …, …}    cpu, wall, memory, output
    {"line": 4, "outcome": "died", "detail": …, …}

    Values that JSON cannot say exactly are objects with a $ key: {"$tuple": [1, 2]},
    {"$bytes": "AAE="}, {"$float": "nan"}, {"$int": "9007199254740993"}, …

    Exit code 0 when every input was run, whatever it came to; 2 for a usage error, a malformed
    input (its line is named; those before it are printed) or a FILE that does not import; 8 when
    this machine cannot isolate code.
    """
    try:
        path, function = _split(target)
        wanted = parse_limits(limits)
        with _opened(inputs) as file:
            lines, progress = _Lines(file, inputs), _Progress()
            results = run(
                path, function, lines, limits=wanted, tier=tier, root=root, fresh=fresh, told=_tell
            )
            with closing(results):
                for result in lines.blamed(results):
                    _print(lines.number, result)
                    progress.one_more()
    except CodeGenesisError as error:
        if not wants_json():
            raise
        kind = type(error).__name__
        said = {"kind": kind, "message": str(error), "remedy": error.remedy}
        _print_line({"error": said})
        report_error(error, as_json=False)
        return error.exit_code
    return 0


def _split(target: str) -> tuple[Path, str]:
    path, colon, function = target.rpartition(":")
    if not colon or not path or not function:
        raise TargetError(
            f"expected FILE.py:FUNCTION, got {target!r}",
            remedy="For example: codegenesis sandbox run prices.py:quote --inputs calls.jsonl",
        )
    return Path(path), function


def _tell(words: str) -> None:
    talk().print(Text(printable(words)), soft_wrap=True)


def _opened(inputs: str) -> AbstractContextManager[BinaryIO]:
    if inputs == "-":
        return nullcontext(sys.stdin.buffer)
    try:
        return Path(inputs).open("rb")
    except OSError as error:
        raise UsageError(f"inputs cannot be read from {inputs}: {error.strerror}") from error


class _Lines:
    """Calls from a file of JSON lines, read one by one.

    Attributes:
        number: of the line that was read last, from 1.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self._name = "standard input" if name == "-" else name
        self.number = 0

    def __iter__(self) -> Iterator[Call]:
        for line in self._file:
            self.number += 1
            if line.strip():
                yield self._call(line)

    def blamed(self, results: Iterator[Result]) -> Iterator[Result]:
        """The results; an input that cannot travel is named."""
        try:
            yield from results
        except WireError as error:
            raise UsageError(f"{self._place}: this input {error}", remedy=_LINE) from error

    @property
    def _place(self) -> str:
        return f"{self._name}, line {self.number}"

    def _call(self, line: bytes) -> Call:
        try:
            given = json.loads(line)
            if isinstance(given, list):
                return Call(args=tuple(given))
            if not isinstance(given, dict) or not given.keys() <= {"args", "kwargs"}:
                raise ValueError("neither a list nor an object of args and kwargs")
            args, kwargs = given.get("args", []), given.get("kwargs", {})
            if not isinstance(args, list) or not isinstance(kwargs, dict):
                raise ValueError("args must be a list, kwargs an object")
        except (ValueError, RecursionError) as error:
            raise UsageError(
                f"{self._place}: expected one call as JSON, got "
                f"{line[:60].decode(errors='replace').strip()!r} ({error})",
                remedy=_LINE,
            ) from error
        return Call(args=tuple(args), kwargs=kwargs)


def _print(line: int, result: Result) -> None:
    if wants_json():
        _print_line(_document(line, result))
    else:
        figures = (
            f"cpu {nanoseconds(result.cpu_ns)}, wall {nanoseconds(result.wall_ns)}, "
            f"peak {result.peak_bytes / (1 << 20):.1f} MiB"
        )
        print(f"line {line}: {_in_words(result)}  ({figures})", flush=True)


def _print_line(document: object) -> None:
    print(json.dumps(document, allow_nan=False), flush=True)


def _document(line: int, result: Result) -> dict[str, object]:
    said: dict[str, object] = {"line": line, "outcome": result.kind}
    if result.error is not None:
        said["exception"] = {
            "type": result.error.type_name,
            "message": result.detail.partition(": ")[2],
            "args": [json_form(arg) for arg in result.error.state],
        }
    elif result.kind == "returned":
        said["value"] = json_form(result.value)
    else:
        said |= {"limit": result.limit} if result.limit else {}
        said["detail"] = result.detail
    figures = {
        "cpu_ns": result.cpu_ns,
        "wall_ns": result.wall_ns,
        "peak_bytes": result.peak_bytes,
    }
    return said | figures


def _in_words(result: Result) -> str:
    """One line for a terminal: what untrusted code says comes without control characters."""
    words = result.detail
    if result.kind == "returned":
        words = json.dumps(json_form(result.value), ensure_ascii=False)
    if len(words) > _SHOWN_CHARS:
        words = f"{words[:_SHOWN_CHARS]}… ({len(words)} characters; --json shows them)"
    kind = f"{result.kind} {result.limit}".strip()
    return f"{kind}: {printable(words)}"


class _Progress:
    """How many are done, on standard error, when it takes long."""

    def __init__(self) -> None:
        self._console = talk()
        self._done = 0
        self._told = time.monotonic()

    def one_more(self) -> None:
        """Count one, and say so now and then."""
        self._done += 1
        if time.monotonic() - self._told > _TELL_EVERY_S:
            self._told = time.monotonic()
            self._console.print(f"{self._done} inputs done")
