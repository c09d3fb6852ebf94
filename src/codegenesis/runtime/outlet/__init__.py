"""The store as the agent uses it: one host's file, or the server that several hosts share."""

from __future__ import annotations

import importlib.util
from collections import deque
from pathlib import Path

from codegenesis.runtime.outlet.base import SCHEMA, Batch, Outlet
from codegenesis.runtime.outlet.file import SqliteOutlet, gone
from codegenesis.store import forks
from codegenesis.store.failures import no_driver

__all__ = ["Batch", "Outlet", "open_outlet"]

_FILE = "sqlite:///"


def open_outlet(
    where: str | Path, *, directory: str | Path, create: bool, waiting: deque[Batch]
) -> Outlet:
    """Open the store, making or migrating it where needed.

    Args:
        where: as `Store.open` has it.
        directory: where keys and freeze switch are.
        create: make the file where it is missing.
        waiting: what has not been written yet; it outlives the outlet.

    Raises:
        StoreVersionError: the store was written by a newer CodeGenesis.
        StoreError: it is missing, damaged or out of reach.
    """
    text, directory = str(where).removeprefix(_FILE), Path(directory).absolute()
    outlet = _on_server if "://" in text else _in_file
    made = outlet(text, directory, create=create, waiting=waiting)
    forks.watch(made)
    try:
        if made.version() != SCHEMA:
            _prepare(text, create=create)
        made.changed()
    except BaseException:
        made.close()
        raise
    return made


def _in_file(text: str, directory: Path, *, create: bool, waiting: deque[Batch]) -> Outlet:
    path = Path(text).absolute()
    if not path.exists():
        if not create:
            raise gone(path)
        _prepare(text, create=True)
    return SqliteOutlet(path, waiting, directory=directory)


def _on_server(url: str, directory: Path, *, create: bool, waiting: deque[Batch]) -> Outlet:  # noqa: ARG001
    if importlib.util.find_spec("psycopg") is None:
        raise no_driver()
    from codegenesis.runtime.outlet.server import PostgresOutlet

    return PostgresOutlet(url, waiting, directory=directory)


def _prepare(where: str, *, create: bool) -> None:
    """Make or migrate it: once in its life, so it may cost SQLAlchemy."""
    from codegenesis.store import Store

    Store.open(where, create=create).close()
