"""`fix`: from what a function should do to changes after which it does."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from codegenesis.cli.landing import LandingWish, draw_landed, landing_options, require_landable
from codegenesis.cli.offers import DEFAULT_BUDGET, Errand, draw_asked, draw_offers
from codegenesis.cli.options import budget_option, examples_option, seed_option, tests_option
from codegenesis.cli.output import emit, json_option, talk
from codegenesis.cli.settings import config_options, open_keys, open_store
from codegenesis.config import Config
from codegenesis.core.operator import module_source
from codegenesis.core.synthesis import stated
from codegenesis.errors import UsageError
from codegenesis.ledger import Ledger
from codegenesis.lifecycle import calls_of, locate, observe, recent
from codegenesis.lifecycle.asking import authors
from codegenesis.lifecycle.jails import open_sandbox
from codegenesis.lifecycle.offers.examples import (
    crash_called,
    examples_for,
    examples_of,
    promised_examples,
)
from codegenesis.lifecycle.offers.fixing import Fixer, Fixing
from codegenesis.lifecycle.offers.offer import Cases
from codegenesis.model import Gene, Observation
from codegenesis.store import Store


@click.command()
@click.argument("target")
@tests_option("pytest tests, some of which fail.")
@examples_option
@click.option("--crash", metavar="ID", help="A recorded crash: its number, type or fingerprint.")
@click.option(
    "--inputs",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Calls to hold to the function's invariants, instead of recorded ones.",
)
@budget_option(f"What it may take, like 10min or 5000trials (default {DEFAULT_BUDGET}).")
@seed_option
@click.option("--pick", default=1, show_default=True, help="Which of the fixes is to land.")
@landing_options
@json_option
@config_options
def fix(  # noqa: PLR0917 (options)
    config: Config,
    target: str,
    files: tuple[Path, ...],
    crash: str | None,
    inputs: Path | None,
    pick: int,
    wish: LandingWish,
) -> int:
    """Look for changes after which TARGET passes its tests, its examples, or no longer crashes.

    Examples are those of --examples, or `>>>` in docstrings; without any, recorded calls are held
    to the function's invariants. What is found is plausible: it passes everything that is
    known, which does not make it right. The most believable comes first; nothing is written without
    --apply or --branch. Exit code 3 when there is none, 6 when the budget was spent before, 130
    when it was interrupted.
    """
    gene = locate(target, service=config.service, cwd=Path.cwd())
    require_landable(wish, [Path(gene.path)])
    with open_store(config, create=True) as store:
        store.put_genes([gene])
        cases = _cases(config, store, gene, files=files, crash=crash, inputs=inputs)
        errand = Errand(store, config, gene, command="fix")
        with errand.under_way("fixing") as tell:
            ledger = Ledger(store, open_keys(config))
            with authors(config, meter=errand.meter, tell=tell) as asked:
                fixer = Fixer(store, ledger, config, authors=asked, tell=tell)
                found = fixer.fix(gene, cases, meter=errand.meter)
        errand.end(found.fixes, reason=found.reason)
        subject = f"Fix {gene.qualname}: {len(found.failing)} of {found.cases} cases failed"
        landed = errand.land(found.fixes, wish, pick=pick, subject=subject)
    document = _document(found) | {"run": errand.run, "landed": landed}
    emit(document, lambda out: _draw(out, found))
    draw_landed(talk(), landed)
    return errand.exit_code(found.fixes, landed, cut_short=found.cut_short)


def _cases(
    config: Config,
    store: Store,
    gene: Gene,
    *,
    files: tuple[Path, ...],
    crash: str | None,
    inputs: Path | None,
) -> Cases:
    if sum(map(bool, (files, crash, inputs))) > 1:
        raise UsageError("expected one of --examples, --crash and --inputs")
    if files:
        return Cases(examples=tuple(e for file in files for e in examples_of(file)))
    seen = _seen(config, store, gene, inputs)
    if crash:
        found = crash_called(crash, seen)
        return Cases(examples=tuple(examples_for(found, seen)))
    if config.tests:
        project = Path(config.directory).parent
        calls = tuple(dict.fromkeys(each.call for each in seen if each.call))
        return Cases(tests=tuple(map(Path, config.tests)), project=project, calls=calls)
    if said := stated(module_source(gene), gene.name):
        return Cases(examples=said)
    with open_sandbox(gene, config) as sandbox:
        return Cases(examples=tuple(promised_examples(gene, seen, sandbox)))


def _seen(config: Config, store: Store, gene: Gene, inputs: Path | None) -> list[Observation]:
    return observe(gene, calls_of(inputs), config) if inputs else recent(store, gene)


def _document(found: Fixing) -> dict[str, object]:
    return {
        "target": found.gene.target,
        "plausible": bool(found.fixes),
        "reason": found.reason,
        "fixes": found.fixes,
        "cases": found.cases,
        "failing": found.failing,
        "nearest": found.nearest,
        "suspicious": found.suspicious,
        "generated_inputs": found.fresh,
        "trials": found.trials,
        "first_trial": found.first_trial,
        "first_s": found.first_s,
        "seconds": found.seconds,
        "models": found.asked,
    }


def _draw(console: Console, found: Fixing) -> None:
    name = found.gene.target
    if found.failing:
        console.print(f"{name} fails {len(found.failing)} of {found.cases} cases")
    if not found.fixes:
        console.print(f"{name}: no fix; {found.reason}")
        if found.failing:
            console.print(f"the nearest version passes {found.nearest} of {found.cases}")
        draw_asked(console, found.asked)
        return
    draw_offers(console, found.fixes, fresh=found.fresh)
    draw_asked(console, found.asked)
    console.print(
        f"{found.trials} versions tried in {found.seconds:.1f} s. A plausible fix passes what is "
        "known; read it before you take it."
    )
