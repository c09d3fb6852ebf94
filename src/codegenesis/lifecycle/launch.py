"""`codegenesis run`: the user's command with the agent in it, and an engine beside it.

App and engine meet only in the store: the engine is a process of its own that may die, be restarted
or be missing, and the app serves on. The engine that we start ends when we end; one that was
already there is left alone.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

from codegenesis.config import Config
from codegenesis.errors import UsageError
from codegenesis.lifecycle.lock import EngineLock
from codegenesis.runtime import launch_environment

#: Signals that are meant for the app and passed on to it.
FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_command(command: Sequence[str], config: Config) -> int:
    """Run the user's command until it ends; its exit code (128 + signal when it was killed).

    Raises:
        UsageError: the command cannot be started.
    """
    environment = launch_environment(config, os.environ)
    with engine_beside(config):
        try:
            app = subprocess.Popen(list(command), env=environment)
        except OSError as error:
            raise UsageError(
                f"{command[0]!r} cannot be started: {error.strerror}",
                remedy="Write the command after --, as you would in a shell.",
            ) from error
        with _forwarding_to(app):
            code = app.wait()
    return code if code >= 0 else 128 - code


@contextlib.contextmanager
def engine_beside(config: Config) -> Iterator[subprocess.Popen[bytes] | None]:
    """An engine process while the block runs, unless one is there or it is switched off."""
    if config.engine == "off" or EngineLock(_ensured(config)).held_elsewhere():
        yield None
        return
    engine = start_engine(config)
    try:
        yield engine
    finally:
        stop_engine(engine)


def start_engine(config: Config) -> subprocess.Popen[bytes]:
    """Start `codegenesis engine` as a child that ends with us; its talk goes to `engine.log`."""
    command = [sys.executable, "-m", "codegenesis", "engine", "--with-parent"]
    with (_ensured(config) / "engine.log").open("ab") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={**os.environ, **config.environment()},
        )


def stop_engine(engine: subprocess.Popen[bytes], *, patience_s: float = 5.0) -> None:
    """Ask the engine to end, and end it when it does not."""
    engine.terminate()
    try:
        engine.wait(patience_s)
    except subprocess.TimeoutExpired:
        engine.kill()
        engine.wait()


def _ensured(config: Config) -> Path:
    directory = Path(config.directory)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return directory


@contextlib.contextmanager
def _forwarding_to(app: subprocess.Popen[bytes]) -> Iterator[None]:
    """Pass signals on to the app; a terminal's Ctrl-C reaches it anyway."""

    def forward(number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGINT or not os.isatty(0):
            app.send_signal(number)

    before = {number: signal.signal(number, forward) for number in FORWARDED}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
