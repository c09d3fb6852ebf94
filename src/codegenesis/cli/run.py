"""`run` and `engine`: an app that is watched, and the loop that evolves it."""

from __future__ import annotations

import logging
import os
import signal
from types import FrameType

import click
import msgspec
from rich.logging import RichHandler

from codegenesis.cli.output import emit, json_option, talk
from codegenesis.cli.settings import config_options, open_keys, open_store, store_directory
from codegenesis.config import Config
from codegenesis.ledger import Ledger
from codegenesis.lifecycle import Engine, EngineLock, run_command


@click.command(context_settings={"ignore_unknown_options": False})
@click.option(
    "--target",
    "targets",
    metavar="PATTERN",
    multiple=True,
    help="What to watch, like 'shop.*' or 'app.py:*'; repeat it for more.",
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@config_options
def run(config: Config, command: tuple[str, ...], targets: tuple[str, ...]) -> int:
    """Run COMMAND (after --) with its functions watched and evolved; its code stays as it is.

    Examples: `codegenesis run -- python app.py`, `codegenesis run --target 'shop.*' -- uvicorn
    shop:app --workers 2`. The exit code is the command's own.
    """
    if targets:
        config = msgspec.structs.replace(config, target=targets)
    open_store(config, create=True).close()
    open_keys(config)
    return run_command(command, config)


@click.command()
@click.option("--with-parent", is_flag=True, help="End when the process that started it ends.")
@json_option
@config_options
def engine(config: Config, with_parent: bool) -> int:
    """Watch the store and evolve what is weak, until interrupted."""
    logging.basicConfig(
        level=logging.INFO,
        format="%(message)s",
        handlers=[RichHandler(console=talk(), show_path=False, rich_tracebacks=False)],
    )
    with open_store(config, create=True) as store, EngineLock(store_directory(config)) as lock:
        if not lock.acquire():
            emit({"started": False}, lambda out: out.print("an engine is already at work here"))
            return 0
        parent = os.getppid() if with_parent else 0
        loop = Engine(store, Ledger(store, open_keys(config)), config, parent=parent)
        _stop_on_signals(loop)
        loop.run()
    emit({"started": True, "ended": "asked to"}, lambda out: out.print("engine ended"))
    return 0


def _stop_on_signals(loop: Engine) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        loop.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
