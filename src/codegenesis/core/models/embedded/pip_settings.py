"""Where this machine gets its packages from, as pip is told.

`pip download` itself was rejected: it cannot go on with half a wheel, tells nobody how far it is,
cannot be stopped and is missing in environments that uv made. What it is configured with is all
that is needed of it: files and variables, in pip's own order. Its keyring and netrc are not read.
"""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from codegenesis.model import Record

PYPI = "https://pypi.org/simple"

_SECTIONS = ("global", "download")
_FALSE = frozenset({"", "0", "n", "no", "off", "false"})


class PipSettings(Record, frozen=True, kw_only=True):
    """What pip would use.

    Attributes:
        indexes: addresses of simple indexes, the main one first.
        find_links: directories and pages with wheels, looked at before.
        cert: file of certificate authorities; "" for the usual ones.
        trusted: hosts (`host` or `host:port`) whose certificates are not checked.
    """

    indexes: tuple[str, ...] = (PYPI,)
    find_links: tuple[str, ...] = ()
    cert: str = ""
    trusted: tuple[str, ...] = ()


def pip_settings(
    *, environ: Mapping[str, str] | None = None, files: tuple[Path, ...] | None = None
) -> PipSettings:
    """Read them.

    Args:
        environ: the process' own when None.
        files: configuration files, the weakest first; pip's when None.
    """
    environ = os.environ if environ is None else environ
    said: dict[str, str] = {}
    for file in _files(environ) if files is None else files:
        said.update(_of(file))
    said.update(_variables(environ))
    main = () if said.get("no-index", "").lower() not in _FALSE else (said.get("index-url", PYPI),)
    extra = () if not main else tuple(said.get("extra-index-url", "").split())
    return PipSettings(
        indexes=main + extra,
        find_links=tuple(said.get("find-links", "").split()),
        cert=said.get("cert", ""),
        trusted=tuple(said.get("trusted-host", "").split()),
    )


def _files(environ: Mapping[str, str]) -> Iterator[Path]:
    named = environ.get("PIP_CONFIG_FILE", "")
    if named == os.devnull:
        return
    for shared in reversed((environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")):
        yield Path(shared) / "pip" / "pip.conf"
    yield Path("/etc/pip.conf")
    home = Path(environ.get("HOME") or Path.home())
    yield home / ".pip" / "pip.conf"
    yield Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf"
    yield Path(sys.prefix) / "pip.conf"
    if named:
        yield Path(named)


def _of(file: Path) -> dict[str, str]:
    parser = configparser.RawConfigParser()
    try:
        parser.read(file, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return {}
    sections = [parser[name] for name in _SECTIONS if name in parser]
    return {name.replace("_", "-"): value for each in sections for name, value in each.items()}


def _variables(environ: Mapping[str, str]) -> dict[str, str]:
    names = ("index-url", "extra-index-url", "find-links", "cert", "trusted-host", "no-index")
    variables = {name: f"PIP_{name.replace('-', '_').upper()}" for name in names}
    return {name: environ[each] for name, each in variables.items() if environ.get(each)}
