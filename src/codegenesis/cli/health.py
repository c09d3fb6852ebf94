"""`doctor`, `verify`, `config`: is this machine fit, does the record hold, what is set."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Iterator

import click
from rich.console import Console

from codegenesis.cli.output import emit, json_option, table
from codegenesis.cli.settings import config_options, open_keys, open_store
from codegenesis.compiler.native import BACKENDS, missing_for
from codegenesis.config import Config
from codegenesis.errors import StoreError
from codegenesis.ledger import Report, verify_all
from codegenesis.model import Record
from codegenesis.sandbox import TIERS, Feature, Tier, features, reached


class Finding(Record, frozen=True, kw_only=True):
    """One thing that the doctor looked at.

    Attributes:
        needed: without it nothing is evolved here.
    """

    name: str
    ok: bool
    needed: bool
    purpose: str
    remedy: str


@click.command()
@json_option
@config_options
def doctor(config: Config) -> int:
    """Check that this machine can isolate code; exit code 8 if it cannot."""
    findings = [_python(), *_kernel(config.tier), *_backends(), *_helpers(), _store(config)]
    emit(findings, lambda out: _draw(out, findings))
    return 8 if any(f.needed and not f.ok for f in findings) else 0


def _python() -> Finding:
    supported = (3, 11) <= sys.version_info[:2] <= (3, 13) and sys.platform == "linux"
    return Finding(
        name=f"{sys.implementation.name} {sys.version.split()[0]} on {sys.platform}",
        ok=supported and sys.implementation.name == "cpython",
        needed=True,
        purpose="evolving is promised on Linux with CPython 3.11 to 3.13",
        remedy="Run the engine in a Linux container; apps elsewhere serve on, unevolved.",
    )


def _kernel(lowest: Tier) -> list[Finding]:
    found = features()
    told = [_feature(each, needed=each.tier <= lowest) for each in found]
    return [*told, _tier(reached(found), lowest)]


def _feature(feature: Feature, *, needed: bool) -> Finding:
    return Finding(
        name=f"{feature.name}, {feature.detail}" if feature.detail else feature.name,
        ok=bool(feature.available),
        needed=needed,
        purpose=feature.purpose,
        remedy=feature.remedy,
    )


def _tier(tier: Tier | None, lowest: Tier) -> Finding:
    return Finding(
        name=f"tier {tier}" if tier else "no tier",
        ok=tier is not None and tier >= lowest,
        needed=True,
        purpose=f"how strongly code is kept in: {TIERS[tier] if tier else 'not at all'}",
        remedy="Mend what is missing above"
        + (', or be content with it: tier = "L2" in [tool.codegenesis].' if tier else "."),
    )


def _backends() -> Iterator[Finding]:
    for name in BACKENDS:
        lacks = missing_for(name)
        yield Finding(
            name=f"backend {name}",
            ok=not lacks,
            needed=False,
            purpose="compiled versions, where the setting native asks for them",
            remedy=f"{lacks[:1].upper()}{lacks[1:]}",
        )


def _helpers() -> Iterator[Finding]:
    yield Finding(
        name="CrossHair",
        ok=importlib.util.find_spec("crosshair") is not None,
        needed=False,
        purpose="a solver's search for a difference in what is about to win",
        remedy="pip install 'codegenesis[symbolic]'",
    )
    yield Finding(
        name="valgrind",
        ok=shutil.which("valgrind") is not None,
        needed=False,
        purpose="instruction counts, to break ties between versions that are equally fast",
        remedy="On Debian: apt install valgrind",
    )


def _store(config: Config) -> Finding:
    remedy = ""
    try:
        open_store(config).close()
    except StoreError as error:
        remedy = f"{error}. {error.remedy}"
    return Finding(
        name=f"store {config.place}",
        ok=not remedy,
        needed=False,
        purpose="what is known and decided",
        remedy=remedy,
    )


def _draw(console: Console, findings: list[Finding]) -> None:
    for finding in findings:
        mark = "ok     " if finding.ok else ("MISSING" if finding.needed else "absent ")
        console.print(f"{mark}  {finding.name}: {finding.purpose}")
        if not finding.ok:
            console.print(f"         {finding.remedy}")


@click.command()
@click.option("--all", "everything", is_flag=True, help="Show every check, not only failures.")
@json_option
@config_options
def verify(config: Config, everything: bool) -> int:
    """Check signatures, chain, decisions and the code loaded; exit code 5 if one fails."""
    with open_store(config) as store:
        report = verify_all(store, open_keys(config))
    document = {"ok": report.ok, "checks": report.checks}
    emit(document, lambda out: draw_report(out, report, everything=everything))
    return 0 if report.ok else 5


def draw_report(console: Console, report: Report, *, everything: bool) -> None:
    """One line a check, and the verdict."""
    for check in report.checks:
        if everything or not check.ok:
            console.print(f"{'ok    ' if check.ok else 'FAILED'}  {check.name}: {check.detail}")
    failed = sum(not check.ok for check in report.checks)
    verdict = f"{failed} of {len(report.checks)} checks FAILED" if failed else "the record holds"
    console.print(f"{verdict} ({len(report.checks)} checks)")


@click.command()
@json_option
@config_options
def config(config: Config) -> None:
    """Every setting with its value, and where that came from."""
    rows = config.describe()
    emit(
        rows,
        lambda out: out.print(
            table(
                "",
                ["setting", "value", "from", "what it is for"],
                ((r.name, str(r.value), r.origin, r.help) for r in rows),
            )
        ),
    )
