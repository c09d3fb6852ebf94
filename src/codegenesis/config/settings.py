"""All settings, each with its type, limits, default and help."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints

import msgspec
from msgspec import Meta

from codegenesis.config.endpoints import Endpoint
from codegenesis.errors import ConfigError
from codegenesis.model import Record

PREFIX = "CODEGENESIS_"
DEFAULT = "default"

LISTED = "`codegenesis config` lists all settings with their values and origins."

_Share = Meta(gt=0, le=1)
_PASSWORD = re.compile(r"(://[^:/@]*):[^@]*@")
CaptureMode = Literal["plain", "values", "sketch", "off"]


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
    store: Annotated[
        str,
        Meta(
            description="The store: a file, or postgresql://user@host/database for several hosts; "
            "empty for genesis.db in the directory.",
        ),
    ] = ""
    target: Annotated[
        tuple[str, ...],
        Meta(description="Patterns of genes to watch, like shop.* or shop.pricing:quote."),
    ] = ()
    capture: Annotated[
        CaptureMode,
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
    redact_values: Annotated[
        tuple[str, ...],
        Meta(
            description="Further regular expressions of texts that are never recorded, wherever "
            "they stand; phone stands for numbers of telephones.",
            extra={"expected": "a list of regular expressions"},
        ),
    ] = ()
    capture_for: Annotated[
        dict[str, CaptureMode],
        Meta(
            description="What is kept of calls of single targets instead, by pattern, like "
            '{"shop.auth.*" = "off"}; the longest pattern that fits decides.',
            extra={"expected": "a table from patterns to plain, values, sketch or off"},
        ),
    ] = msgspec.field(default_factory=dict)
    keep_calls_days: Annotated[
        float, Meta(gt=0, le=36500, description="Days that single sampled calls are kept.")
    ] = 7.0
    keep_history_days: Annotated[
        float,
        Meta(
            gt=0,
            le=36500,
            description="Days that roll-ups of calls, rewards and what was told are kept.",
        ),
    ] = 90.0
    events: Annotated[
        bool,
        Meta(description="Whether unhandled exceptions and logged errors are told to the store."),
    ] = True
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
    models: Annotated[
        tuple[str, ...],
        Meta(
            description="Language models to ask: auto (the endpoints below, else a server found "
            "running here, else an installed model), off, or names like openai:gpt-5-mini, "
            "ollama:qwen2.5-coder or an endpoint's.",
            extra={"expected": "a list of names like auto, off or provider:model"},
        ),
    ] = ("auto",)
    endpoints: Annotated[
        dict[str, Endpoint],
        Meta(
            description="Endpoints of your own, by name: tables with url, model, key_env and more.",
            extra={"expected": "tables of endpoints"},
        ),
    ] = msgspec.field(default_factory=dict)
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
            "500trials, or on models 2usd, 50ktokens, 100calls, or several with commas; empty for "
            "no limit.",
            extra={"expected": "a budget like 10min, 500trials, 2usd, 50ktokens or 100calls"},
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
    model_share: Annotated[
        float,
        Meta(
            ge=0,
            le=0.8,
            description="Share of budget_s in which versions are waited for that language models "
            "write, where there are models; 0 asks none.",
        ),
    ] = 0.4
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
        """The store's file, where it is not named or on a server."""
        return Path(self.directory) / "genesis.db"

    @property
    def location(self) -> str:
        """Where the store is: a path or a URL."""
        return self.store or str(self.database)

    @property
    def place(self) -> str:
        """The same, to be shown: without a password."""
        return _shown(self.location)

    @property
    def artifacts(self) -> Path:
        """Where compiled versions are kept, by digest."""
        return Path(self.directory) / "artifacts"

    def origin(self, name: str) -> str:
        """Where the value of setting `name` came from, in words.

        Raises:
            ConfigError: when there is no such setting.
        """
        known(name, where="Config.origin")
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
                value=_plain(getattr(self, name)),
                origin=self.origin(name),
                help=metas(name)[-1].description or "",
            )
            for name in SETTINGS
        ]


def _plain(value: object) -> object:
    """As it may be shown: tables without what they leave at its default, URLs without password."""
    if isinstance(value, str):
        return _shown(value)
    return msgspec.to_builtins(value) if isinstance(value, dict) else value


def _shown(text: str) -> str:
    return _PASSWORD.sub(r"\1:***@", text)


#: Names of all settings, in order.
SETTINGS: tuple[str, ...] = tuple(n for n in Config.__struct_fields__ if n != "origins")


def as_text(value: object) -> str:
    """A value as it is written on the command line or in the environment."""
    if isinstance(value, dict):
        return msgspec.json.encode(value).decode()
    if isinstance(value, tuple):
        plain = all(item.strip() == item != "" and "," not in item for item in value)
        safe = plain and not (value and value[0].startswith("["))
        return ",".join(value) if safe else json.dumps(value)
    return str(value)


def known(name: str, *, where: str) -> None:
    """See that there is such a setting.

    Raises:
        ConfigError: there is none.
    """
    if name in SETTINGS:
        return
    import difflib

    close = difflib.get_close_matches(name.replace("-", "_").lower(), SETTINGS, n=1)
    raise ConfigError(
        f"{where}: expected the name of a setting, got {name!r}",
        remedy=f"Did you mean {close[0]!r}? {LISTED}" if close else LISTED,
    )


@functools.cache
def hints() -> dict[str, Any]:
    """The annotation of each setting."""
    return get_type_hints(Config, include_extras=True)


def metas(name: str) -> list[Meta]:
    """What the annotation of a setting says beside its type."""
    return [each for each in get_args(hints()[name])[1:] if isinstance(each, Meta)]
