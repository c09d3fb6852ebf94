"""Options that several commands take, so that the same thing is called the same everywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

_F = TypeVar("_F", bound=Callable[..., Any])
_Decorator = Callable[[_F], _F]

#: `--examples FILE`, handed to the command as `files`.
examples_option: _Decorator[Any] = click.option(
    "--examples",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help='JSON lines: {"args": [4], "result": 2} or {"args": [-1], "raises": "ValueError"}.',
)
#: `--seed NUMBER`, the setting of that name.
seed_option: _Decorator[Any] = click.option(
    "--seed", "setting_seed", metavar="NUMBER", help="Seed of all chance."
)


def tests_option(words: str) -> _Decorator[Any]:
    """`--tests PATH`, the setting of that name.

    Args:
        words: what the command does with them.
    """
    return click.option(
        "--tests",
        "setting_tests",
        multiple=True,
        type=click.Path(resolve_path=True),
        metavar="PATH",
        help=words,
    )


def budget_option(words: str) -> _Decorator[Any]:
    """`--budget AMOUNT`, the setting of that name.

    Args:
        words: what it is for, and the default.
    """
    return click.option("--budget", "setting_budget", metavar="AMOUNT", help=words)
