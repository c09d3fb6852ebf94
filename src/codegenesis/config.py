"""Settings: command line > environment > pyproject.toml > default; each value knows its origin.

A setting is one field of `Config`: its name, type, limits, default and help are written once, in
the annotation, and everything else (parsing, messages, `describe`) is derived from there.
pydantic-settings and dynaconf were looked at: either costs more to import into a user's process
than all the rest of what the runtime needs, and neither can say where a value came from.
"""

from __future__ import annotations

import functools
import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from codegenesis.errors import ConfigError
from codegenesis.model import Record

PREFIX = "CODEGENESIS_"

#: Environment variables that begin like settings and are none: switches of single processes.
RESERVED = frozenset({"CODEGENESIS_DISABLED", "CODEGENESIS_ATTACKS", "CODEGENESIS_TEST_MODEL"})

#: Variables that our own processes hand each other begin with this, and are no settings either.
INTERNAL = "CODEGENESIS_INTERNAL_"

DEFAULT = "default"
COMMAND_LINE = "command line"

_LISTED = "`codegenesis config` lists all settings with their values and origins."

_Share = Meta(gt=0, le=1)


class Setting(Record, frozen=True, kw_only=True):
    """One row of `Config.describe`."""

    name: str
    value: object
    origin: str
    help: str


class Config(Record, frozen=True, kw_only=True):
    """All settings. Make it with `load`.

    Attributes:
        origins: where each value that is not a default came from; read it with `origin`.
    """

    service: Annotated[
        str,
        Meta(
            pattern=r"^[^/\s]+$",
            description="Name of the application; by default the project's, else the directory's.",
            extra={"expected": "a name without slashes and spaces"},
        ),
    ] = "app"
    directory: Annotated[
        str,
        Meta(min_length=1, description="Where store, keys and freeze switch are."),
    ] = ".codegenesis"
    target: Annotated[
        tuple[str, ...],
        Meta(description="Patterns of genes to watch, like shop.* or shop.pricing:quote."),
    ] = ()
    capture: Annotated[
        Literal["plain", "values", "sketch", "off"],
        Meta(
            description="What is kept of calls: plain values, also instances of the project's "
            "classes (values), only types and sizes (sketch), or nothing."
        ),
    ] = "plain"
    redact: Annotated[
        tuple[str, ...],
        Meta(
            description="Further regular expressions of names whose values are never recorded.",
            extra={"expected": "a list of regular expressions"},
        ),
    ] = ()
    probe_budget: Annotated[
        float, _Share, Meta(description="Share of a process' CPU that watching may take.")
    ] = 0.005
    burst: Annotated[int, Meta(ge=1, le=10_000, description="Calls recorded in one burst.")] = 16
    poll_s: Annotated[
        float, Meta(gt=0, le=3600, description="Seconds between two looks for news in the store.")
    ] = 0.2
    autonomy: Annotated[
        Literal["auto", "approve"],
        Meta(description="Whether faster versions go live by themselves or wait for a person."),
    ] = "auto"
    heal: Annotated[
        Literal["off", "approve", "auto"],
        Meta(description="The same for versions that handle what the original crashes on."),
    ] = "approve"
    native: Annotated[
        Literal["off", "approve", "auto"],
        Meta(description="The same for compiled versions (extra `native`); off builds none."),
    ] = "off"
    min_strength: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="Share of wrong versions that the evidence must notice; with less, a "
            "person approves. 0 does not measure it.",
        ),
    ] = 0.9
    tier: Annotated[
        Literal["L3", "L2"],
        Meta(
            description="Lowest isolation to be content with: L2 does without namespaces where the "
            "kernel has none; without either nothing is evolved."
        ),
    ] = "L3"
    objective: Annotated[
        str,
        Meta(
            pattern=r"^(fastest|frugal|resilient|balanced|[^:\s]+:[^:\s]+)$",
            description="What is better: fastest, frugal (memory), resilient (hostile inputs), "
            "balanced, or module:function of your own that scores a fitness.",
            extra={"expected": "fastest, frugal, resilient, balanced or module:function"},
        ),
    ] = "fastest"
    float_tolerance: Annotated[
        float,
        Meta(ge=0, lt=1, description="Relative difference of floats that counts as equal."),
    ] = 0.0
    symbolic_s: Annotated[
        float,
        Meta(
            ge=0,
            description="Seconds that CrossHair (extra `symbolic`) may search for a difference in "
            "what is about to win; 0 does not ask it.",
        ),
    ] = 20.0
    tests: Annotated[
        tuple[str, ...],
        Meta(
            description="Files and directories with pytest tests, relative to the project, that "
            "versions must pass as well."
        ),
    ] = ()
    sandbox_setup: Annotated[
        str,
        Meta(
            pattern=r"^$|^[^:\s]+:[^:\s]+$",
            description="module:function to call in the jail before a target's module is imported: "
            "where to replace what its import does to the outside.",
            extra={"expected": "module:function"},
        ),
    ] = ""
    min_gain: Annotated[
        float,
        Meta(ge=1, description="CPU ratio old / new that the race must prove (lower bound)."),
    ] = 1.05
    canary_weight: Annotated[
        float, _Share, Meta(description="Share of calls that a canary gets.")
    ] = 0.5
    canary_pairs: Annotated[
        int, Meta(ge=1, description="Pairs of calls that a canary must see before it may win.")
    ] = 400
    canary_s: Annotated[
        float,
        Meta(
            gt=0, description="Seconds after which an undecided canary goes back to the old code."
        ),
    ] = 3600.0
    shadow_calls: Annotated[
        int, Meta(ge=1, description="Live calls that must agree before a canary starts.")
    ] = 32
    ttl_s: Annotated[
        float, Meta(gt=0, le=3.2e9, description="Seconds that a release stays valid.")
    ] = 30 * 86400.0
    budget_s: Annotated[
        float, Meta(gt=0, description="Seconds that one gene may take to evolve.")
    ] = 60.0
    budget_trials: Annotated[
        int, Meta(ge=1, description="Trials that one gene may take to evolve.")
    ] = 500
    budget: Annotated[
        str,
        Meta(
            pattern=r"^$|^[\d.]+\s*[A-Za-z$]+(\s*,\s*[\d.]+\s*[A-Za-z$]+)*$",
            description="What one command may spend on all its functions together, like 10min, "
            "500trials, 2usd or several with commas; empty for no limit.",
            extra={"expected": "a budget like 10min, 500trials or 2usd"},
        ),
    ] = ""
    search_share: Annotated[
        float,
        Meta(
            ge=0,
            le=0.8,
            description="Share of budget_s in which small edits are tried for ones that do less "
            "and answer alike; 0 tries none.",
        ),
    ] = 0.2
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1, description="Seed of all chance.")] = 0
    experience: Annotated[
        str,
        Meta(
            min_length=1,
            description="Where figures on earlier versions are kept, to try the promising ones "
            "first: auto (the user's data directory), off, or a file.",
            extra={"expected": "auto, off or the path of a file"},
        ),
    ] = "auto"
    engine: Annotated[
        Literal["auto", "off"], Meta(description="Whether `codegenesis run` starts an engine.")
    ] = "auto"
    origins: dict[str, str] = msgspec.field(default_factory=dict)

    @property
    def database(self) -> Path:
        """The store's file."""
        return Path(self.directory) / "genesis.db"

    @property
    def artifacts(self) -> Path:
        """Where compiled versions are kept, by digest."""
        return Path(self.directory) / "artifacts"

    def origin(self, name: str) -> str:
        """Where the value of setting `name` came from, in words.

        Raises:
            ConfigError: when there is no such setting.
        """
        _known(name, where="Config.origin")
        return self.origins.get(name, DEFAULT)

    def environment(self) -> dict[str, str]:
        """What to put into a child's environment so that its `load` comes to the same settings."""
        every = {name: getattr(self, name) for name in SETTINGS}
        return {PREFIX + name.upper(): as_text(value) for name, value in every.items()}

    def describe(self) -> list[Setting]:
        """All settings, in the order in which they are documented."""
        return [
            Setting(
                name=name,
                value=getattr(self, name),
                origin=self.origin(name),
                help=_metas(name)[-1].description or "",
            )
            for name in SETTINGS
        ]


#: Names of all settings, in order.
SETTINGS: tuple[str, ...] = tuple(n for n in Config.__struct_fields__ if n != "origins")


def as_text(value: object) -> str:
    """A value as it is written on the command line or in the environment."""
    if isinstance(value, tuple):
        plain = all(item.strip() == item != "" and "," not in item for item in value)
        safe = plain and not (value and value[0].startswith("["))
        return ",".join(value) if safe else json.dumps(value)
    return str(value)


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
            _known(name, where=origin)
            if value is None:
                continue
            checked = _check(name, value, origin, lenient=lenient)
            values[name] = str(base / checked) if name == "directory" else checked
            origins[name] = origin
    values.setdefault("service", home.name or "app")
    return Config(**values, origins=origins)


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
            f"{file}: expected a table [tool.codegenesis], got {table!r}", remedy=_LISTED
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


def _known(name: str, *, where: str) -> None:
    if name in SETTINGS:
        return
    import difflib

    close = difflib.get_close_matches(name.replace("-", "_").lower(), SETTINGS, n=1)
    raise ConfigError(
        f"{where}: expected the name of a setting, got {name!r}",
        remedy=f"Did you mean {close[0]!r}? {_LISTED}" if close else _LISTED,
    )


def _check(name: str, value: object, origin: str, *, lenient: bool) -> Any:
    """The value in its type and limits; text is parsed where `lenient`."""
    hint = _hints()[name]
    try:
        parsed = _parse(hint, value) if lenient and isinstance(value, str) else value
        checked = msgspec.convert(parsed, hint, strict=not (lenient and isinstance(value, str)))
        if name == "redact":
            re.compile("|".join(f"(?:{each})" for each in checked))
    except (ValueError, re.error):  # msgspec.ValidationError and json's are ValueErrors
        checked = math.nan
    if isinstance(checked, float) and not math.isfinite(checked):
        raise ConfigError(
            f"{origin}: {name}: expected {_expected(name)}, got {value!r}", remedy=_LISTED
        ) from None
    return checked


def _parse(hint: Any, text: str) -> object:
    """Lists are written `a,b`, or as JSON where an item has a comma in it."""
    text = text.strip()
    if get_origin(get_args(hint)[0]) is not tuple:
        return text
    if text.startswith("["):
        return json.loads(text)
    return [item.strip() for item in text.split(",") if item.strip()]


@functools.cache
def _hints() -> dict[str, Any]:
    return get_type_hints(Config, include_extras=True)


def _metas(name: str) -> list[Meta]:
    return [each for each in get_args(_hints()[name])[1:] if isinstance(each, Meta)]


def _expected(name: str) -> str:
    """The type and limits of a setting, in words."""
    kind = get_args(_hints()[name])[0]
    metas = _metas(name)
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(map(repr, get_args(kind)))
    words = {int: "a whole number", float: "a number", str: "a text"}.get(kind, "a list of texts")
    for meta in metas:
        words = (meta.extra or {}).get("expected", words)
        words += "" if meta.gt is None else f" above {meta.gt}"
        words += "" if meta.ge is None else f" of at least {meta.ge}"
        words += "" if meta.le is None else f" and at most {meta.le}"
    return words
