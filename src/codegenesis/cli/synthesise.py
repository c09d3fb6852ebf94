"""`synthesise`: a body for a function that has none yet, from examples of what it should do."""

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
from codegenesis.ledger import Ledger
from codegenesis.lifecycle import locate
from codegenesis.lifecycle.asking import authors
from codegenesis.lifecycle.offers.examples import examples_of
from codegenesis.lifecycle.offers.filling import Filler, Filling, cases_for


@click.command()
@click.argument("target")
@examples_option
@tests_option("pytest tests that it must pass; asserts on literal values in them are examples.")
@budget_option(f"What it may take, like 10min or 500000trials (default {DEFAULT_BUDGET}).")
@seed_option
@click.option("--pick", default=1, show_default=True, help="Which of the bodies is to land.")
@landing_options
@json_option
@config_options
def synthesise(
    config: Config, target: str, files: tuple[Path, ...], pick: int, wish: LandingWish
) -> int:
    """Write the body of TARGET, which raises NotImplementedError, from examples.

    Examples are those of --examples, `>>>` in docstrings, and asserts in --tests. What is found
    does what they say; the most believable comes first, and nothing is written without --apply
    or --branch. Exit code 3 when there is none, 6 when the budget was spent before, 130 when it
    was interrupted.
    """
    gene = locate(target, service=config.service, cwd=Path.cwd())
    require_landable(wish, [Path(gene.path)])
    given = [example for file in files for example in examples_of(file)]
    project = Path(config.directory).parent
    cases = cases_for(gene, given, tests=map(Path, config.tests), project=project)
    with open_store(config, create=True) as store:
        store.put_genes([gene])
        errand = Errand(store, config, gene, command="synthesise")
        with errand.under_way("synthesising") as tell:
            ledger = Ledger(store, open_keys(config))
            with authors(config, meter=errand.meter, tell=tell) as asked:
                filler = Filler(store, ledger, config, authors=asked, tell=tell)
                found = filler.fill(gene, cases, meter=errand.meter)
        errand.end(found.bodies, reason=found.reason)
        subject = f"Write {gene.qualname} from {found.cases} examples"
        landed = errand.land(found.bodies, wish, pick=pick, subject=subject)
    document = _document(found) | {"run": errand.run, "landed": landed}
    emit(document, lambda out: _draw(out, found))
    draw_landed(talk(), landed)
    return errand.exit_code(found.bodies, landed, cut_short=found.cut_short)


def _document(found: Filling) -> dict[str, object]:
    return {
        "target": found.gene.target,
        "plausible": bool(found.bodies),
        "reason": found.reason,
        "bodies": found.bodies,
        "cases": found.cases,
        "trials": found.trials,
        "first_s": found.first_s,
        "seconds": found.seconds,
        "models": found.asked,
    }


def _draw(console: Console, found: Filling) -> None:
    if not found.bodies:
        console.print(f"{found.gene.target}: no body; {found.reason}")
        draw_asked(console, found.asked)
        return
    draw_offers(console, found.bodies)
    draw_asked(console, found.asked)
    console.print(
        f"{found.trials} expressions tried in {found.seconds:.1f} s. Examples say little about "
        "other inputs; read it before you take it."
    )
