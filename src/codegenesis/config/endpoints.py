"""Where a language model answers: the tables `[tool.codegenesis.endpoints.NAME]`.

A key never stands in a setting: settings are shown, kept with runs and handed to child processes.
A table names the environment variable that holds it, or the command that prints it; for the same
reason a table that is wrong is told of without its values, since one of them may be a key.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from codegenesis.errors import ConfigError

_Price = Annotated[float, Meta(ge=0, le=1e6)]
_Seconds = Annotated[float, Meta(gt=0, le=3600)]


class Endpoint(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """One endpoint, as its table says.

    Attributes:
        url: what comes before `/chat/completions` or `/messages`, usually ending in `/v1`. A table
            that has the name of a known provider may leave it out.
        wire: the format it speaks.
        model: the model to ask for; without one the setting `models` names it as `NAME:model`.
        key_env: environment variable with its key.
        key_command: command that prints its key, program and arguments; no shell is involved.
        usd_per_million_in, usd_per_million_out: price of a million tokens; both or none.
        strength: a stronger model has more; for the choice of where a hard case is sent.
        context: most tokens of question and answer together; 0 is unknown.
        timeout_s: for a whole answer, retries included.
        connect_s: to be connected.
        pause_s: with nothing coming.
        retries: how often something that passes by itself is tried again.
        parallel: most questions at once.
        insecure: whether a key may go over plain http to another machine.
    """

    url: Annotated[str, Meta(pattern=r"^$|^https?://[^/\s@?#]+(/[^\s@?#]*)?$")] = ""
    wire: Literal["openai", "anthropic"] = "openai"
    model: Annotated[str, Meta(max_length=200)] = ""
    key_env: Annotated[str, Meta(pattern=r"^$|^[A-Z][A-Z0-9_]*$")] = ""
    key_command: tuple[str, ...] = ()
    usd_per_million_in: _Price | None = None
    usd_per_million_out: _Price | None = None
    strength: Annotated[float, Meta(ge=0, le=1000)] = 0.0
    context: Annotated[int, Meta(ge=0)] = 0
    timeout_s: _Seconds = 300.0
    connect_s: _Seconds = 5.0
    pause_s: _Seconds = 60.0
    retries: Annotated[int, Meta(ge=0, le=10)] = 3
    parallel: Annotated[int, Meta(ge=1, le=256)] = 4
    insecure: bool = False


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_AT = re.compile(r"`\$\.(\w+)")
_KEYS_STAY_OUT = (
    "A key never stands in a setting: name the environment variable that holds it (key_env), or "
    "the command that prints it (key_command)."
)


def read(tables: object, *, origin: str) -> dict[str, Endpoint]:
    """Tables as they were given, checked.

    Args:
        tables: name → table, or JSON text of that.
        origin: where they come from, in words.

    Raises:
        ConfigError: one is wrong; the message names the table and the field, never a value.
    """
    plain: object = None
    try:
        plain = msgspec.json.decode(tables) if isinstance(tables, str) else tables
    except msgspec.DecodeError:
        pass
    if not isinstance(plain, dict):
        raise _wrong(
            f"{origin}: endpoints", "tables [tool.codegenesis.endpoints.NAME]", "something else"
        )
    return {
        name: _one(str(name), msgspec.to_builtins(table), origin) for name, table in plain.items()
    }


def _one(name: str, table: object, origin: str) -> Endpoint:
    where = f"{origin}: endpoints.{name}"
    if not _NAME.fullmatch(name):
        raise _wrong(f"{origin}: endpoints", "names of letters, digits, dots, dashes", "another")
    if not isinstance(table, dict):
        raise _wrong(where, "a table", "something else")
    unknown = sorted(set(map(str, table)) - set(Endpoint.__struct_fields__))
    if unknown:
        raise _wrong(where, f"fields like {_FIELDS}", f"{unknown[0]!r}")
    try:
        endpoint = msgspec.convert(table, Endpoint)
    except msgspec.ValidationError as error:
        at = _AT.search(str(error))
        field = at[1] if at else ""
        what = _EXPECTED.get(field, "a value of its type and within its limits")
        raise _wrong(f"{where}.{field}", what, "another") from None
    if endpoint.key_env and endpoint.key_command:
        raise _wrong(where, "key_env or key_command", "both")
    if (endpoint.usd_per_million_in is None) != (endpoint.usd_per_million_out is None):
        raise _wrong(where, "both usd_per_million_in and usd_per_million_out", "one")
    return endpoint


_FIELDS = ", ".join(Endpoint.__struct_fields__[:5])
_EXPECTED = {
    "url": "http(s)://HOST[:PORT][/PATH] without user, password and query",
    "wire": "openai or anthropic",
    "key_env": "the name of an environment variable, in capitals",
    "key_command": "a list: the program and its arguments",
}


def _wrong(where: str, expected: str, got: str) -> ConfigError:
    return ConfigError(f"{where}: expected {expected}, got {got}", remedy=_KEYS_STAY_OUT)
