"""Where the store is: a path or a URL, checked and made ready before a database sees it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from codegenesis.errors import StoreError
from codegenesis.store import sqlite
from codegenesis.store.backend import Backend
from codegenesis.store.failures import no_driver, translated

_SQLITE = "sqlite:///"
#: What URLs of a PostgreSQL server begin with.
SERVER = ("postgresql://", "postgres://")


def find(path_or_url: str | Path, *, create: bool, read_only: bool) -> Backend:
    """The database that is meant; with `create`, a file exists on return.

    Raises:
        StoreError: it is missing, is no file, cannot be made, or the URL is of another kind.
    """
    text = str(path_or_url)
    if text.startswith(SERVER):
        return _server(text, read_only=read_only)
    path = _path(path_or_url)
    if create:
        with translated(path):
            sqlite.create_file(path)
    _check(path)
    return sqlite.File(path, read_only=read_only)


def _server(url: str, *, read_only: bool) -> Backend:
    if importlib.util.find_spec("psycopg") is None:
        raise no_driver()
    from codegenesis.store.postgres import Postgres

    return Postgres(url, read_only=read_only)


def _check(path: Path) -> None:
    if not path.exists():
        raise StoreError(
            f"there is no store at {path}",
            remedy="Watch an app first: codegenesis run -- python app.py (or name another "
            "place with --directory).",
        )
    if path.is_dir():
        raise StoreError(
            f"expected a database file, got the directory {path}",
            remedy=f"Name the file in it: {path / 'genesis.db'}.",
        )


def _path(path_or_url: str | Path) -> Path:
    text = str(path_or_url)
    if text.startswith(_SQLITE):
        return Path(text.removeprefix(_SQLITE)).absolute()
    if "://" in text:
        raise StoreError(
            f"expected a path, sqlite:///path or postgresql://…, got {text.partition('://')[0]}://…",
            remedy="Other databases are not supported.",
        )
    return Path(path_or_url).absolute()
