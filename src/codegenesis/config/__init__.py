"""Settings: command line > environment > pyproject.toml > default; each value knows its origin.

A setting is one field of `Config`: its name, type, limits, default and help are written once, in
the annotation, and everything else (parsing, messages, `describe`) is derived from there.
pydantic-settings and dynaconf were looked at: either costs more to import into a user's process
than all the rest of what the runtime needs, and neither can say where a value came from.
"""

from codegenesis.config.endpoints import Endpoint
from codegenesis.config.settings import DEFAULT, PREFIX, SETTINGS, Config, Setting, as_text
from codegenesis.config.sources import COMMAND_LINE, load

__all__ = [
    "COMMAND_LINE",
    "DEFAULT",
    "PREFIX",
    "SETTINGS",
    "Config",
    "Endpoint",
    "Setting",
    "as_text",
    "load",
]
