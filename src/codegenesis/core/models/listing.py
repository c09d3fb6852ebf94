"""What there is to ask, and how it does: for people who set it up."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

import msgspec

from codegenesis.config import Config
from codegenesis.core.models.finding import find, remote, running_models
from codegenesis.core.models.model import Message, Model, Request, Usage
from codegenesis.core.models.prices import Price
from codegenesis.errors import CodeGenesisError, ModelError
from codegenesis.model import Record

if TYPE_CHECKING:
    from codegenesis.core.models.remote import Remote

KeyState = Literal["present", "missing", "command", "none needed"]

#: An endpoint that does not list its models within this is not reachable.
_LOOK_S = 5.0

#: Prices are asked for so many tokens: long prompts cost more, and nobody sends a million.
_SOME = 100_000


class Listing(Record, frozen=True, kw_only=True):
    """One model.

    Attributes:
        used: whether the settings, as they are, ask it.
        endpoint: where it is.
        key_from: where its key comes from; empty where none is needed.
        usd_per_million_in, usd_per_million_out: None where nobody knows.
        context: most tokens of question and answer together; 0 is unknown.
        reachable: whether it is there now.
        detail: why not, or what else there is to say.
    """

    name: str
    used: bool
    endpoint: str
    key_from: str = ""
    key: KeyState = "none needed"
    usd_per_million_in: float | None = 0.0
    usd_per_million_out: float | None = 0.0
    context: int = 0
    reachable: bool = False
    detail: str = ""


class Tried(Record, frozen=True, kw_only=True):
    """How a model did on a tiny question.

    Attributes:
        first_s: until its first word.
        tokens_per_s: of the answer, from the first word on; 0 when it came all at once.
        right: whether it wrote the function that it was asked for.
        error, remedy: why there is no answer.
    """

    name: str
    ok: bool
    first_s: float = 0.0
    tokens_per_s: float = 0.0
    usage: Usage = Usage()
    right: bool = False
    error: str = ""
    remedy: str = ""


def every(config: Config, *, environ: Mapping[str, str]) -> list[Model]:
    """All models that are configured or installed, those that are asked first.

    Servers that run here are looked for where the settings say so (`auto`).

    Raises:
        ConfigError: a setting is wrong.
    """
    found = {model.name: model for model in find(config, environ=environ)}
    tables = tuple(name for name, table in config.endpoints.items() if table.model)
    named = msgspec.structs.replace(config, models=tables or ("off",))
    here = running_models(environ) if "auto" in config.models else []
    for model in (*find(named, environ=environ), *here, *_installed()):
        found.setdefault(model.name, model)
    return list(found.values())


def listings(
    models: Iterable[Model], *, used: Iterable[str], environ: Mapping[str, str]
) -> list[Listing]:
    """What there is to say of each; all endpoints are looked at, at once.

    Args:
        used: names of those that the settings ask.
    """
    names = set(used)
    with ThreadPoolExecutor(16) as looking:
        return list(looking.map(lambda each: _listing(each, each.name in names, environ), models))


def tried(model: Model) -> Tried:
    """How it does on a tiny question."""
    request = Request(
        messages=(Message(role="user", text=_QUESTION),),
        max_tokens=96,
        temperature=0.0,
        seed=1,
        purpose="test",
    )
    heard: list[float] = []
    began = time.monotonic()
    try:
        answer = model.ask(request, told=lambda _: heard.append(time.monotonic()))
    except ModelError as error:
        return Tried(name=model.name, ok=False, error=str(error), remedy=error.remedy)
    writing = heard[-1] - heard[0] if heard else 0.0
    return Tried(
        name=model.name,
        ok=True,
        first_s=heard[0] - began if heard else 0.0,
        tokens_per_s=(answer.usage.output_tokens - 1) / writing if writing > 1e-3 else 0.0,
        usage=answer.usage,
        right="def double(" in answer.text,
    )


_QUESTION = (
    "Write a Python function `double(x)` that returns twice its argument. "
    "Answer with one python block and nothing else."
)


def _installed() -> Iterator[Model]:
    from codegenesis.core.models.embedded import Embedded, installed

    return (Embedded(each.name) for each in installed())


def _listing(model: Model, used: bool, environ: Mapping[str, str]) -> Listing:
    from codegenesis.core.models.remote import Remote

    if isinstance(model, Remote):
        return _remote(model, used, environ)
    there = find_spec("xllamacpp") is not None
    return Listing(
        name=model.name,
        used=used,
        endpoint="this machine",
        reachable=there,
        detail="" if there else "pip install 'codegenesis[local-llm]'",
    )


def _remote(model: Remote, used: bool, environ: Mapping[str, str]) -> Listing:
    reachable, detail = _reached(model, environ)
    return Listing(
        name=model.name,
        used=used,
        endpoint=model.endpoint.url,
        key_from=model.key.where,
        key=_key_state(model),
        usd_per_million_in=_per_million(model.price, input_tokens=_SOME),
        usd_per_million_out=_per_million(model.price, output_tokens=_SOME),
        context=model.context,
        reachable=reachable,
        detail=detail,
    )


def _key_state(model: Remote) -> KeyState:
    if not model.key.where:
        return "none needed"
    if model.key.missing:
        return "missing"
    return "command" if model.endpoint.key_command else "present"


def _per_million(
    price: Price | None, *, input_tokens: int = 0, output_tokens: int = 0
) -> float | None:
    if price is None:
        return None
    usd = price.usd(input_tokens=input_tokens, output_tokens=output_tokens)
    return round(usd * 1_000_000 / _SOME, 6)


def _reached(model: Remote, environ: Mapping[str, str]) -> tuple[bool, str]:
    """Whether it answers, and a word on it."""
    quick = msgspec.structs.replace(
        model.endpoint,
        timeout_s=min(_LOOK_S, model.endpoint.timeout_s),
        connect_s=min(_LOOK_S, model.endpoint.connect_s),
    )
    looker = remote(model.name, quick, model.model, environ=environ)
    try:
        offered = looker.offered()
    except CodeGenesisError as error:
        return False, str(error).removeprefix(f"{model.name}: ")
    finally:
        looker.close()
    names = {*offered, *(name.removesuffix(":latest") for name in offered)}
    known = not offered or model.model in names
    return (
        True,
        "" if known else f"{model.model} is none of the {len(offered)} models that it lists",
    )
