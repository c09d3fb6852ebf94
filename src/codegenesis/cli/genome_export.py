"""`genome export`: everything that is known, for other tools, as JSON or as Parquet.

Parquet is written by DuckDB (extra `export`), one file a table. pyarrow was looked at: it does the
same at three times the size, and DuckDB is what people open the files with.
"""

from __future__ import annotations

import csv
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import msgspec

from codegenesis.cli.output import print_json, talk
from codegenesis.cli.settings import config_options, open_store
from codegenesis.config import Config
from codegenesis.errors import UsageError
from codegenesis.genome.exporting import COLUMNS, Row, Tables, tables
from codegenesis.genome.learning import learn_ages, learn_told
from codegenesis.genome.survey import survey

#: Where Parquet files go without `--output`.
_HERE = Path("genome")


@click.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "parquet"]),
    default="json",
    show_default=True,
    help="One JSON document, or one Parquet file a table (extra export).",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="A file for JSON (default: stdout), a directory for Parquet (default: genome).",
)
@config_options
def export(config: Config, form: str, output: Path | None) -> None:
    """Write genes, traits, history by day, inputs and crashes to files.

    Neither code nor values of calls are among it. Ends of intervals that are not known are null in
    JSON, infinite in Parquet.
    """
    with open_store(config) as store:
        now = time.time_ns()
        survey(store, now_ns=now)
        learn_ages(store, now_ns=now)
        learn_told(store, now_ns=now)
        found = tables(store)
    if form == "json" and output is None:
        print_json(found)
        return
    write = _write_json if form == "json" else _write_parquet
    path = output or _HERE
    try:
        write(found, path)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error}", remedy="Name another place with --output."
        ) from error
    talk().print(f"{', '.join(found)}: written to {path}", markup=False, soft_wrap=True)


def _write_json(found: Tables, path: Path) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")


def _write_parquet(found: Tables, directory: Path) -> None:
    duckdb = _duckdb()
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, duckdb.connect() as database:
        for name, rows in found.items():
            plain = Path(scratch) / f"{name}.csv"
            _write_csv(rows, plain)
            try:
                database.execute(_copy(name, plain, directory / f"{name}.parquet"))
            except duckdb.Error as error:
                raise OSError(str(error)) from error


def _write_csv(rows: list[Row], path: Path) -> None:
    """With texts in quotes, so that an empty one is no missing one."""
    with path.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
        writer.writerows(row.values() for row in rows)


def _copy(table: str, source: Path, target: Path) -> str:
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS[table].items())
    form = "auto_detect=false, header=false, delim=',', quote='\"', escape='\"'"
    form += f", allow_quoted_nulls=false, columns={{{columns}}}"
    rows = f"SELECT * FROM read_csv({_quoted(source)}, {form})"  # noqa: S608 - names are our own
    return f"COPY ({rows}) TO {_quoted(target)} (FORMAT parquet)"


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _duckdb() -> Any:
    try:
        import duckdb
    except ImportError:
        raise UsageError(
            "Parquet is written by DuckDB, which is not installed",
            remedy="pip install 'codegenesis[export]', or use --format json.",
        ) from None
    return duckdb
