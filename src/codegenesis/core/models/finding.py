"""Which models there are: those that the settings name, else what runs or is installed here.

`auto` never begins to spend money by itself: a key in the environment alone configures nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from codegenesis.config import Config, Endpoint
from codegenesis.core.models.model import Model
from codegenesis.core.models.prices import FREE, FlatPrice, Price, listed
from codegenesis.core.models.providers import PROVIDERS, completed
from codegenesis.errors import ConfigError

if TYPE_CHECKING:
    from codegenesis.core.models.embedded import Running
    from codegenesis.core.models.remote import Remote

#: In the names of models that are made for code: of several that a server has, such a one is taken.
_CODERS = ("coder", "code", "devstral")

_EMBEDDED = "embedded"


def find(config: Config, *, environ: Mapping[str, str] | None = None) -> list[Model]:
    """The models that the settings name; none when they are off.

    Args:
        environ: where keys are; `os.environ` when left out.

    Raises:
        ConfigError: a name means nothing, or a key would go over an open line.
    """
    if "off" in config.models:
        if config.models != ("off",):
            raise ConfigError(
                f"models: expected off alone, got {', '.join(config.models)}",
                remedy="Leave out off, or the others.",
            )
        return []
    place = os.environ if environ is None else environ
    found: dict[str, Model] = {}
    for name in config.models:
        for model in _auto(config, place) if name == "auto" else [_named(name, config, place)]:
            found.setdefault(model.name, model)
    return list(found.values())


def remote(name: str, endpoint: Endpoint, model: str, *, environ: Mapping[str, str]) -> Remote:
    """A model at an endpoint.

    Raises:
        ConfigError: its key would go over an open line.
    """
    from codegenesis.core.models.anthropic import Anthropic
    from codegenesis.core.models.keys import Key
    from codegenesis.core.models.openai import OpenAI
    from codegenesis.core.models.remote import Remote
    from codegenesis.core.models.transport import is_loopback

    key = Key(env=endpoint.key_env, command=endpoint.key_command, environ=environ)
    local = is_loopback(endpoint.url)
    if key.where and endpoint.url.startswith("http:") and not local and not endpoint.insecure:
        raise ConfigError(
            f"{name}: expected https, since its key would go to {endpoint.url} readable for all",
            remedy="Use https, or set insecure = true in its table where the line is safe.",
        )
    return Remote(
        name,
        model=model,
        endpoint=endpoint,
        dialect=Anthropic() if endpoint.wire == "anthropic" else OpenAI(),
        key=key,
        price=_price(endpoint, model, local=local),
    )


def _price(endpoint: Endpoint, model: str, *, local: bool) -> Price | None:
    if endpoint.usd_per_million_in is not None and endpoint.usd_per_million_out is not None:
        return FlatPrice(endpoint.usd_per_million_in, endpoint.usd_per_million_out)
    return FREE if local else listed(endpoint.url, model)


def _named(name: str, config: Config, environ: Mapping[str, str]) -> Model:
    place, _, model = name.partition(":")
    if place == _EMBEDDED:
        return _embedded(model)
    table = config.endpoints.get(place) or PROVIDERS.get(place)
    if table is None:
        raise ConfigError(
            f"models: expected auto, off, provider:model or an endpoint's name, got {name!r}",
            remedy=f"Known are {', '.join([*PROVIDERS, _EMBEDDED, *config.endpoints])}.",
        )
    endpoint = completed(place, table)
    if not (model or endpoint.model):
        raise ConfigError(
            f"models: {name} names no model",
            remedy=f"Write {place}:MODEL, or set model in [tool.codegenesis.endpoints.{place}].",
        )
    return remote(name, endpoint, model or endpoint.model, environ=environ)


def _auto(config: Config, environ: Mapping[str, str]) -> Iterator[Model]:
    named = [name for name, table in config.endpoints.items() if table.model]
    if named:
        yield from (_named(name, config, environ) for name in named)
        return
    from codegenesis.core.models.embedded import installed

    here = running_models(environ)
    if here:
        yield _fitting(here)
    elif installed():
        yield _embedded("")


def running_models(environ: Mapping[str, str]) -> list[Remote]:
    """Models of the servers that run on this machine."""
    from codegenesis.core.models.embedded import running

    return [
        remote(f"{server.kind}:{model}", _found(server), model, environ=environ)
        for server in running(environ=environ)
        for model in server.models
    ]


def _found(server: Running) -> Endpoint:
    """Most servers on a desk answer one question after the other; only this one batches them."""
    return Endpoint(url=server.url, parallel=4 if server.kind == "vllm" else 1)


def _fitting(models: Sequence[Remote]) -> Remote:
    """The one for code, else the first."""
    made_for_it = (each for each in models if any(word in each.model.lower() for word in _CODERS))
    return next(made_for_it, models[0])


def _embedded(name: str) -> Model:
    from codegenesis.core.models.embedded import Embedded

    return Embedded(name)
