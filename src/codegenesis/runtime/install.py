"""Brings the agent into a process: from inside, or from outside through the environment.

`codegenesis run` puts the directory `bootstrap` in front of PYTHONPATH, where every Python child
finds our `sitecustomize`, and hands the settings on as CODEGENESIS_* variables, in the way of
`opentelemetry-instrument`. This reaches `python app.py`, `python -m pkg`, console scripts, spawned
workers and forked ones. No import hook is installed: the agent looks at what has been imported.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from codegenesis.interpreters import inert

if TYPE_CHECKING:
    from codegenesis.config import Config

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
#: Where the command was started: what files in targets are relative to, whatever a child does.
HERE = "CODEGENESIS_INTERNAL_HERE"


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


def here() -> Path:
    """What files in targets are relative to."""
    return Path(os.environ.get(HERE) or Path.cwd())
