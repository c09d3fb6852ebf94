"""Where settings come from, strongest last, and what is said when one is wrong."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args, get_origin

import msgspec

from codegenesis.config import endpoints
from codegenesis.config.settings import LISTED, PREFIX, Config, hints, known, metas
from codegenesis.errors import ConfigError

#: Environment variables that begin like settings and are none: switches of single processes.
RESERVED = frozenset({"CODEGENESIS_DISABLED", "CODEGENESIS_ATTACKS", "CODEGENESIS_TEST_MODEL"})

#: Variables that our own processes hand each other begin with this, and are no settings either.
INTERNAL = "CODEGENESIS_INTERNAL_"

COMMAND_LINE = "command line"


def load(
    *,
    overrides: Mapping[str, object] = MappingProxyType({}),
    environ: Mapping[str, str] | None = None,
    start: Path | None = None,
) -> Config:
    """Gather the settings.

    Args:
        overrides: from the command line, by name; text is parsed as in the environment, None
            means not given.
        environ: `os.environ` when left out; an empty variable means not given.
        start: where to look for pyproject.toml, upwards; the current directory when left out.

    Raises:
        ConfigError: a setting is unknown or has the wrong form, or pyproject.toml is no TOML.
    """
    here = (start or Path.cwd()).absolute()
    file = _nearest_pyproject(here)
    project = _read(file) if file else {}
    home = file.parent if file else here
    values: dict[str, Any] = {"directory": str(home / ".codegenesis")}
    origins: dict[str, str] = {}
    given = ((name, value, COMMAND_LINE) for name, value in overrides.items())
    layers = (  # weakest first: where paths are relative to, whether text is parsed, settings
        (home, False, _from_pyproject(file, project)),
        (here, True, _from_environment(os.environ if environ is None else environ)),
        (here, True, given),
    )
    for base, lenient, layer in layers:
        for name, value, origin in layer:
            known(name, where=origin)
            if value is None:
                continue
            checked = _check(name, value, origin, lenient=lenient)
            values[name] = _placed(name, checked, base)
            origins[name] = origin
    values.setdefault("service", home.name or "app")
    return Config(**values, origins=origins)


def _placed(name: str, value: Any, base: Path) -> Any:
    """Paths are relative to where they were written."""
    if name == "directory" or (name == "store" and value and "://" not in value):
        return str(base / value)
    return value


def _nearest_pyproject(start: Path) -> Path | None:
    candidates = (folder / "pyproject.toml" for folder in (start, *start.parents))
    return next((file for file in candidates if file.is_file()), None)


def _read(file: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{file} cannot be read: {error}", remedy="Correct the file, or start elsewhere."
        ) from error


_Given = Iterator[tuple[str, object, str]]


def _from_pyproject(file: Path | None, project: Mapping[str, Any]) -> _Given:
    """`[project] name` as the service, then `[tool.codegenesis]`."""
    name = _table(project, "project").get("name")
    if isinstance(name, str) and name:
        yield "service", name, f"{file} [project]"
    table = _table(project, "tool").get("codegenesis", {})
    if not isinstance(table, dict):
        raise ConfigError(
            f"{file}: expected a table [tool.codegenesis], got {table!r}", remedy=LISTED
        )
    for key, value in table.items():
        yield key, value, f"{file} [tool.codegenesis]"


def _table(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = parent.get(name)
    return table if isinstance(table, dict) else {}


def _from_environment(environ: Mapping[str, str]) -> _Given:
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable in RESERVED:
            continue
        if variable.startswith(INTERNAL) or not environ[variable]:
            continue
        name = variable.removeprefix(PREFIX).lower()
        yield name, environ[variable], f"environment {variable}"


def _check(name: str, value: object, origin: str, *, lenient: bool) -> Any:
    """The value in its type and limits; text is parsed where `lenient`."""
    if name == "endpoints":
        return endpoints.read(value, origin=origin)
    hint = hints()[name]
    try:
        parsed = _parse(hint, value) if lenient and isinstance(value, str) else value
        checked = msgspec.convert(parsed, hint, strict=not (lenient and isinstance(value, str)))
        if name in ("redact", "redact_values"):
            re.compile("|".join(f"(?:{each})" for each in checked))
    except (ValueError, re.error):  # msgspec.ValidationError and json's are ValueErrors
        checked = math.nan
    if isinstance(checked, float) and not math.isfinite(checked):
        raise ConfigError(
            f"{origin}: {name}: expected {_expected(name)}, got {value!r}", remedy=LISTED
        ) from None
    return checked


def _parse(hint: Any, text: str) -> object:
    """Lists are written `a,b`, or as JSON where an item has a comma in it; tables as JSON."""
    text = text.strip()
    if get_origin(get_args(hint)[0]) is dict:
        return json.loads(text)
    if get_origin(get_args(hint)[0]) is not tuple:
        return text
    if text.startswith("["):
        return json.loads(text)
    return [item.strip() for item in text.split(",") if item.strip()]


def _expected(name: str) -> str:
    """The type and limits of a setting, in words."""
    kind = get_args(hints()[name])[0]
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(map(repr, get_args(kind)))
    plain = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
    words = plain.get(kind, "a list of texts")
    for meta in metas(name):
        words = (meta.extra or {}).get("expected", words)
        words += "" if meta.gt is None else f" above {meta.gt}"
        words += "" if meta.ge is None else f" of at least {meta.ge}"
        words += "" if meta.le is None else f" and at most {meta.le}"
    return words
