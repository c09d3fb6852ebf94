"""What a command says, and where: data on stdout (text or one JSON document), talk on stderr.

`rich` renders for people and steps aside by itself when the output is no terminal.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from codegenesis.errors import CodeGenesisError

#: Options that every command takes are kept on the click context under this key.
JSON_KEY = "codegenesis.json"

#: Columns of what is printed into a file or a pipe.
PIPE_WIDTH = 160


def talk() -> Console:
    """Console for people: progress, hints, errors."""
    return Console(stderr=True, highlight=False)


def wants_json() -> bool:
    """Whether the running command was given `--json`."""
    context = click.get_current_context(silent=True)
    return bool(context and context.meta.get(JSON_KEY))


def emit(document: object, render: Callable[[Console], None]) -> None:
    """Print `document` as one JSON document with `--json`, else let `render` draw it."""
    if wants_json():
        print_json(document)
    else:
        # Files and pipes have no width; tables in them need more than a terminal's 80 columns.
        width = None if sys.stdout.isatty() else PIPE_WIDTH
        render(Console(highlight=False, width=width))


def print_json(document: object) -> None:
    """One JSON document, indented, on stdout; bytes are shown as base64."""
    encoded = msgspec.json.encode(document)
    sys.stdout.buffer.write(msgspec.json.format(encoded, indent=2) + b"\n")
    sys.stdout.flush()


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> Table:
    """A plain table; columns whose name starts with `>` are right-aligned."""
    drawn = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        right = column.startswith(">")
        drawn.add_column(column.removeprefix(">"), justify="right" if right else "left")
    for row in rows:
        drawn.add_row(*row)
    return drawn


def printable(text: str) -> str:
    """Text that some other code chose, safe for a terminal: what would steer it is spelled out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def report_error(error: CodeGenesisError, *, as_json: bool) -> None:
    """Say what went wrong and what to do next."""
    if as_json:
        kind = type(error).__name__
        print_json({"error": {"kind": kind, "message": str(error), "remedy": error.remedy}})
    console = talk()
    console.print(Text.assemble(("error: ", "bold red"), printable(str(error))), soft_wrap=True)
    if error.remedy:
        console.print(Text.assemble(("next:  ", "bold"), printable(error.remedy)), soft_wrap=True)


def json_option(
    command: Callable[..., Any], *, help: str = "Print one JSON document."
) -> Callable[..., Any]:
    """Decorator: adds `--json` and remembers it on the context."""

    def remember(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
        context.meta[JSON_KEY] = value

    option = click.option(
        "--json",
        is_flag=True,
        expose_value=False,
        callback=remember,
        is_eager=True,
        help=help,
    )
    return option(command)


def nanoseconds(value: float) -> str:
    """A duration for people: `820 ns`, `3.41 µs`, `1.20 ms`, `2.00 s`."""
    for factor, unit in ((1e9, "s"), (1e6, "ms"), (1e3, "µs")):
        if value >= factor:
            return f"{value / factor:.3g} {unit}"
    return f"{value:.0f} ns"
