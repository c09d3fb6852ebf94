"""Endpoints that everybody knows, so that `openai:gpt-5-mini` needs no table."""

from __future__ import annotations

import msgspec

from codegenesis.config import Endpoint
from codegenesis.errors import ConfigError

PROVIDERS = {
    "openai": Endpoint(url="https://api.openai.com/v1", key_env="OPENAI_API_KEY"),
    "anthropic": Endpoint(
        url="https://api.anthropic.com/v1", wire="anthropic", key_env="ANTHROPIC_API_KEY"
    ),
    "openrouter": Endpoint(url="https://openrouter.ai/api/v1", key_env="OPENROUTER_API_KEY"),
    "ollama": Endpoint(url="http://127.0.0.1:11434/v1"),
    "llamacpp": Endpoint(url="http://127.0.0.1:8080/v1"),
    "lmstudio": Endpoint(url="http://127.0.0.1:1234/v1"),
    "vllm": Endpoint(url="http://127.0.0.1:8000/v1"),
}


def completed(name: str, table: Endpoint) -> Endpoint:
    """A table, with what is known of the provider that it is named after or that it points to.

    Raises:
        ConfigError: nothing says where it is.
    """
    known = PROVIDERS.get(name)
    if not table.url:
        if known is None:
            raise ConfigError(
                f"endpoints.{name}: expected a url",
                remedy=f"Only the tables {', '.join(PROVIDERS)} may leave it out.",
            )
        table = msgspec.structs.replace(table, url=known.url, wire=known.wire)
    if table.key_env or table.key_command:
        return table
    usual = next((each for each in PROVIDERS.values() if each.url == table.url.rstrip("/")), table)
    return msgspec.structs.replace(table, key_env=usual.key_env)
