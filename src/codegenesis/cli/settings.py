"""Options that every command shares: where the store is, and any setting by name."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from codegenesis.config import Config, load
from codegenesis.errors import TargetError, UsageError
from codegenesis.ledger import KeyRing
from codegenesis.model import Gene
from codegenesis.store import Store

_SETTING = "setting_"


def config_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: adds `--directory` and `--set`, and hands the command a `config`.

    An option of the command whose name begins with `setting_` is the setting of that name.
    """

    @click.option("--directory", metavar="DIR", help="Where the store is (default .codegenesis).")
    @click.option(
        "--set", "assignments", metavar="NAME=VALUE", multiple=True, help="Any setting, by name."
    )
    @functools.wraps(command)
    def configured(
        *args: Any, directory: str | None, assignments: tuple[str, ...], **kwargs: Any
    ) -> Any:
        overrides = dict(_split(assignment) for assignment in assignments)
        for name in [name for name in kwargs if name.startswith(_SETTING)]:
            value = kwargs.pop(name)
            if value is not None and value != ():
                overrides[name.removeprefix(_SETTING)] = value
        if directory:
            overrides["directory"] = directory
        return command(*args, config=load(overrides=overrides), **kwargs)

    return configured


def _split(assignment: str) -> tuple[str, object]:
    name, equals, value = assignment.partition("=")
    if not equals:
        raise UsageError(
            f"--set expects NAME=VALUE, got {assignment!r}",
            remedy="`codegenesis config` lists the names.",
        )
    return name.strip(), value.strip()


def store_directory(config: Config) -> Path:
    """The directory that holds the store, keys and evolved sources."""
    return Path(config.directory)


def open_store(config: Config, *, create: bool = False) -> Store:
    """Open the store; without `create`, a missing one is an error that says how to get one."""
    return Store.open(config.location, create=create, directory=config.directory)


def open_keys(config: Config) -> KeyRing:
    """The key ring beside the store, made on first use."""
    ring = KeyRing(store_directory(config) / "keys")
    ring.ensure()
    return ring


def one_gene(store: Store, target: str) -> Gene:
    """The gene that TARGET names.

    Raises:
        TargetError: when none or several match.
    """
    found = store.find_genes(target)
    if len(found) == 1:
        return found[0]
    if not found:
        raise TargetError(
            f"no gene of the store is named {target!r}",
            remedy="`codegenesis genome` lists those that are known.",
        )
    names = ", ".join(sorted(gene.target for gene in found))
    raise TargetError(
        f"{target!r} matches {len(found)} genes: {names}",
        remedy="Name one in full, as package.module:qualname.",
    )
