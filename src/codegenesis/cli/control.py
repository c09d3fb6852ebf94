"""`approve`, `rollback`, `freeze`, `thaw`: the owner's hand on the wheel."""

from __future__ import annotations

import click

from codegenesis.cli.output import emit, json_option, printable
from codegenesis.cli.settings import config_options, one_gene, open_keys, open_store
from codegenesis.config import Config
from codegenesis.delivery import Delivery
from codegenesis.errors import UsageError
from codegenesis.ledger import Ledger
from codegenesis.model import ACTIVE_STAGES, Release
from codegenesis.store import Store


def _delivery(store: Store, config: Config) -> Delivery:
    return Delivery(store, Ledger(store, open_keys(config)), config)


def _said(release: Release) -> None:
    target = release.gene.partition("/")[2]
    words = f"{release.id} {target}: {release.stage} ({printable(release.reason)})"
    emit(release, lambda out: out.print(words, markup=False))


@click.command()
@click.argument("release_id", metavar="ID")
@json_option
@config_options
def approve(config: Config, release_id: str) -> None:
    """Let a proposed release go ahead; it still has to pass shadow and canary."""
    with open_store(config) as store:
        _said(_delivery(store, config).approve(release_id))


@click.command()
@click.argument("target")
@click.option("--reason", default="asked for on the command line", help="For the record.")
@json_option
@config_options
def rollback(config: Config, target: str, reason: str) -> None:
    """Take the evolved version of TARGET out of every process; works with the engine dead."""
    with open_store(config) as store:
        gene = one_gene(store, target)
        active = store.releases(gene=gene.id, stages=ACTIVE_STAGES)
        if not active:
            raise UsageError(
                f"{gene.target} runs its original code already",
                remedy=f"`codegenesis lineage {gene.target}` shows its history.",
            )
        delivery = _delivery(store, config)
        for release in active:
            _said(delivery.rollback(release.id, reason))


@click.command()
@click.option("--reason", default="asked for on the command line", help="For the record.")
@json_option
@config_options
def freeze(config: Config, reason: str) -> None:
    """Stop all change: canaries go back, nothing new gets in or is watched; live code stays."""
    with open_store(config) as store:
        store.freeze(reason)
        Ledger(store, open_keys(config)).event("", "", "freeze", reason)
    emit({"frozen": True, "reason": reason}, lambda out: out.print("frozen"))


@click.command()
@json_option
@config_options
def thaw(config: Config) -> None:
    """Let change go on after a freeze."""
    with open_store(config) as store:
        store.thaw()
        Ledger(store, open_keys(config)).event("", "", "thaw", "asked for on the command line")
    emit({"frozen": False}, lambda out: out.print("thawed"))
