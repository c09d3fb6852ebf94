"""CodeGenesis: a runtime for Python applications that evolve.

    from codegenesis import evolvable

    @evolvable
    def quote(items): ...

`codegenesis run -- COMMAND` does the same for whole applications, without touching their code.
Importing this package costs next to nothing and starts nothing: the parts come in when used, and
the agent's thread starts with the first function that is registered.

pytest would warn that what was imported before it (by `codegenesis run`) cannot be rewritten, which
it takes for an error where warnings are: PYTEST_DONT_REWRITE.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from codegenesis.contracts import invariant
    from codegenesis.runtime.context import context
    from codegenesis.runtime.middleware import ASGIMiddleware, WSGIMiddleware, follow_celery
    from codegenesis.runtime.rewards import reward
    from codegenesis.tunables import choice, param

__all__ = [
    "ASGIMiddleware",
    "WSGIMiddleware",
    "choice",
    "context",
    "evolvable",
    "follow_celery",
    "invariant",
    "param",
    "reward",
    "start",
]

_F = TypeVar("_F", bound=Callable[..., Any])


def evolvable(function: _F) -> _F:
    """Let the decorated function or method be watched and evolved; it stays the same object.

    Nothing is put in its path: calls cost what they cost without the decorator, but for a few
    sampled ones. With `CODEGENESIS_DISABLED=1` in the environment it does nothing at all.

    Raises:
        NotEvolvableError: it is of a kind that is not evolved; the message says which.
    """
    if _is_off():
        return function
    from codegenesis.runtime.install import evolve

    return evolve(function)


def _is_off() -> bool:
    from codegenesis.interpreters import inert

    return os.environ.get("CODEGENESIS_DISABLED") == "1" or inert()


#: What comes in when it is first asked for, and stays.
_LATER = {
    "ASGIMiddleware": "codegenesis.runtime.middleware",
    "WSGIMiddleware": "codegenesis.runtime.middleware",
    "choice": "codegenesis.tunables",
    "context": "codegenesis.runtime.context",
    "follow_celery": "codegenesis.runtime.middleware",
    "invariant": "codegenesis.contracts",
    "param": "codegenesis.tunables",
    "reward": "codegenesis.runtime.rewards",
}


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_LATER[name]), name)
    return found


def start(**settings: object) -> None:
    """Watch and evolve the modules that this process has imported, or will import.

    What `codegenesis run` does from outside; for applications that start themselves.

    Args:
        settings: as in `[tool.codegenesis]`, over those from environment and pyproject.toml:
            `start(target=["shop.*"], capture="sketch")`.

    Raises:
        ConfigError: a setting is unknown or has the wrong form.
    """
    if _is_off():
        return
    from codegenesis.runtime.install import begin

    begin(settings)
