"""Brings the agent into a process: from inside, or from outside through the environment.

`codegenesis run` puts the directory `bootstrap` in front of PYTHONPATH, where every Python child
finds our `sitecustomize`, and hands the settings on as CODEGENESIS_* variables, in the way of
`opentelemetry-instrument`. This reaches `python app.py`, `python -m pkg`, console scripts, spawned
workers and forked ones. No import hook is installed: the agent looks at what has been imported.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from codegenesis.interpreters import inert
from codegenesis.runtime.discover import HERE

if TYPE_CHECKING:
    from codegenesis.config import Config

_F = TypeVar("_F", bound=Callable[..., object])

#: What the agent's thread imports, sooner or later.
_NEEDED = (
    "codegenesis.config",
    "codegenesis.ledger.keys",
    "codegenesis.native",
    "codegenesis.runtime.loader",
    "codegenesis.runtime.outlet",
    "codegenesis.runtime.session",
)
BOOTSTRAP = Path(__file__).parent / "bootstrap"


def launch_environment(
    config: Config, environ: Mapping[str, str], *, start: Path | None = None
) -> dict[str, str]:
    """The environment in which a command, and all Python below it, is watched and evolved.

    Args:
        config: settings that the processes shall have.
        environ: what the command would have been given; PYTHONPATH in it is kept.
        start: where the command is started; the current directory when left out.
    """
    inherited = environ.get("PYTHONPATH", "").split(os.pathsep)
    paths = [str(BOOTSTRAP), *(path for path in inherited if path and path != str(BOOTSTRAP))]
    return {
        **environ,
        **config.environment(),
        "PYTHONPATH": os.pathsep.join(paths),
        HERE: str((start or Path.cwd()).absolute()),
    }


def prepare() -> None:
    """Import what the agent's thread will use, and look after forks from now on; start nothing."""
    if inert():
        return
    for name in _NEEDED:
        import_module(name)
    from codegenesis.runtime.agent import agent

    agent.hook()


def begin(settings: Mapping[str, object] | None = None) -> None:
    """Start the agent, looking for targets among the imported modules.

    Args:
        settings: over those of environment and pyproject.toml.

    Raises:
        ConfigError: a setting is unknown or has the wrong form.
    """
    if inert():
        return
    from codegenesis.runtime.agent import agent

    config = None
    if settings:
        from codegenesis.config import load

        config = load(overrides=settings)
    agent.start(config, discovering=True)


def evolve(function: _F) -> _F:
    """What `codegenesis.evolvable` does, where it can do anything.

    Raises:
        NotEvolvableError: it is of a kind that is not evolved; the message says which.
    """
    from codegenesis.runtime.agent import agent
    from codegenesis.runtime.registry import register

    register(function, scope=sys._getframe(2).f_code.co_qualname)  # 1 is `evolvable`
    agent.start()
    return function
