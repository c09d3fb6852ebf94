"""Where the store is: a path or a URL, checked and made ready before SQLite sees it."""

from __future__ import annotations

from pathlib import Path

from codegenesis.errors import StoreError
from codegenesis.store import sqlite
from codegenesis.store.failures import translated

_SQLITE = "sqlite:///"


def find(path_or_url: str | Path, *, create: bool) -> Path:
    """Absolute path of the database; with `create` the file exists on return.

    Raises:
        StoreError: when it is missing, is no file, cannot be made, or the URL is not SQLite's.
    """
    path = _path(path_or_url)
    with translated(path):
        if create:
            sqlite.create_file(path)
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
    return path


def _path(path_or_url: str | Path) -> Path:
    text = str(path_or_url)
    if text.startswith(_SQLITE):
        return Path(text.removeprefix(_SQLITE)).absolute()
    if "://" in text:
        raise StoreError(
            f"expected a path or sqlite:///path, got {text.partition('://')[0]}://…",
            remedy="Other databases are not supported yet; name a file.",
        )
    return Path(path_or_url).absolute()
