"""`status`: what is going on."""

from __future__ import annotations

import time

import click
from rich.console import Console
from rich.text import Text

from codegenesis.cli.output import emit, json_option, printable, table
from codegenesis.cli.settings import config_options, open_store
from codegenesis.config import Config
from codegenesis.delivery import OPEN_STAGES
from codegenesis.lifecycle import Snapshot, snapshot
from codegenesis.model import Process


@click.command()
@json_option
@config_options
def status(config: Config) -> int:
    """Processes, the engine, releases under way; exit code 7 when something is unhealthy."""
    with open_store(config) as store:
        now = snapshot(store, at_ns=time.time_ns())
    emit(now, lambda console: _draw_status(console, now))
    return 7 if now.problems else 0


def _watching(process: Process) -> str:
    """Share of the process' CPU now, and at most."""
    if process.role == "engine":
        return ""
    return f"{process.watching:.2%} of {process.probe_budget:.2%}"


def _said(process: Process) -> str:
    if process.role == "engine":
        return process.note
    shares = f"canaries {process.canaries:.2%}, agent thread {process.agent:.2%}"
    dropped = f"{process.dropped} records dropped" if process.dropped else ""
    return ", ".join(filter(None, (process.note, shares, dropped)))


def _draw_status(console: Console, now: Snapshot) -> None:
    if now.frozen is not None:
        console.print(f"FROZEN: {now.frozen or 'no reason given'} (codegenesis thaw)")
    console.print(
        table(
            "",
            ["process", "role", ">pid", "python", ">seen", ">watching", "note"],
            (
                (
                    p.id,
                    p.role,
                    str(p.pid),
                    p.python,
                    f"{(now.at_ns - p.seen_ns) / 1e9:.1f} s ago",
                    _watching(p),
                    Text(printable(_said(p))),
                )
                for p in now.processes
            ),
        )
    )
    active = [release for release in now.releases if release.stage in OPEN_STAGES]
    console.print(f"{len(now.genes)} genes, {now.observations} observations")
    console.print(
        table(
            "",
            ["release", "function", "stage", "variant", "why"],
            (
                (r.id, r.gene.partition("/")[2], r.stage, r.variant, Text(printable(r.reason)))
                for r in active
            ),
        )
    )
    waiting = [release.id for release in active if release.stage == "proposed"]
    if waiting:
        console.print(f"waiting for a person: codegenesis approve {' '.join(waiting)}")
    for problem in now.problems:
        console.print(f"problem: {problem}")
