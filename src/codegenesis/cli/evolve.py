"""`evolve`: one function, offline; the smallest change that is proven better, with its evidence."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.syntax import Syntax

from codegenesis.cli.inspect import draw_explanation, draw_funnel, draw_trials
from codegenesis.cli.output import emit, json_option, talk, wants_json
from codegenesis.cli.settings import config_options, open_keys, open_store
from codegenesis.compiler import explain
from codegenesis.config import Config
from codegenesis.errors import TargetError, UsageError
from codegenesis.ledger import Ledger
from codegenesis.lifecycle import Evolution, Evolver, calls_of, locate, observe, recent
from codegenesis.model import Champion, Gene, Observation
from codegenesis.store import Store


@click.command()
@click.argument("target")
@click.option(
    "--inputs",
    default="recorded",
    show_default=True,
    metavar="recorded|FILE",
    help='Calls to work from: recorded in a live app, or a file of JSON lines {"args": []}.',
)
@click.option(
    "--tests",
    "setting_tests",
    multiple=True,
    type=click.Path(resolve_path=True),
    metavar="PATH",
    help="pytest tests that a version must pass as well; without recorded calls, theirs are used.",
)
@click.option(
    "--objective",
    "setting_objective",
    metavar="NAME",
    help="What is better: fastest, frugal, resilient, balanced, or module:function of your own.",
)
@click.option(
    "--native",
    "setting_native",
    flag_value="approve",
    help="Compile as well, with what is installed of Cython, mypyc and numba.",
)
@json_option
@config_options
def evolve(config: Config, target: str, inputs: str) -> int:
    """Look for a better version of TARGET and print the minimal diff with its evidence.

    Nothing is changed: neither the file nor a running app. Exit code 3 when no better version was
    proven, 6 when the budget (--set budget_s=…) was spent before.
    """
    with open_store(config, create=inputs != "recorded" or bool(config.tests)) as store:
        gene = _gene(store, config, target)
        observations = _observations(store, config, gene, inputs)
        found = _evolve(store, config, gene, observations)
    emit(_document(found), lambda out: _draw(out, found))
    if found.champion is not None:
        return 0
    return 6 if found.out_of_budget else 3


def _gene(store: Store, config: Config, target: str) -> Gene:
    """The gene as the file has it now; its identity (service) as the store knows it."""
    known = store.find_genes(target)
    if len(known) == 1:
        if known[0].refused:
            raise UsageError(f"{known[0].target} is not evolved: {known[0].refused}")
        if known[0].module == "__main__":
            return known[0]
        where, root = f"{known[0].path}:{known[0].qualname}", Path(known[0].root)
        gene = locate(where, service=known[0].service, cwd=root)
    else:
        gene = locate(target, service=config.service, cwd=Path.cwd())
    store.put_genes([gene])
    return gene


def _observations(store: Store, config: Config, gene: Gene, inputs: str) -> list[Observation]:
    if inputs != "recorded":
        return observe(gene, calls_of(Path(inputs)), config)
    seen = recent(store, gene)
    if not any(each.call for each in seen) and not config.tests:
        raise TargetError(
            f"no recorded call of {gene.target} can be replayed",
            remedy="Watch it first: codegenesis run --target "
            f"'{gene.target}' -- COMMAND; or give calls with --inputs FILE or --tests PATH.",
        )
    return seen


def _evolve(store: Store, config: Config, gene: Gene, observations: list[Observation]) -> Evolution:
    console = talk()
    with console.status(f"evolving {gene.target}") as status:

        def tell(words: str) -> None:
            status.update(f"evolving {gene.target}: {words}")
            if not console.is_terminal and not wants_json():
                console.print(words)

        ledger = Ledger(store, open_keys(config))
        return Evolver(store, ledger, config, tell=tell).evolve(gene, observations)


def _document(found: Evolution) -> dict[str, object]:
    return {
        "target": found.gene.target,
        "found": found.champion is not None,
        "reason": found.reason,
        "champion": found.champion,
        "explanation": explain(found.champion, gene=found.gene) if found.champion else None,
        "funnel": found.funnel,
        "excluded_calls": found.baseline.excluded if found.baseline else 0,
        "pure": found.baseline.pure if found.baseline else False,
        "strength": _score(found.champion),
        "seconds": found.seconds,
    }


def _score(champion: Champion | None) -> float | None:
    return champion.strength.score if champion and champion.strength else None


def _draw(console: Console, found: Evolution) -> None:
    champion = found.champion
    if champion is None:
        console.print(f"{found.gene.target}: no better version; {found.reason}")
        draw_trials(console, [trial for trial in found.trials if trial.verdict == "failed"])
        return
    console.print(Syntax(champion.diff, "diff", background_color="default"))
    again = f"nothing was changed; codegenesis diff {champion.variant.id} shows it again"
    draw_explanation(console, explain(champion, gene=found.gene), undo=again)
    draw_trials(console, list(champion.trials))
    draw_funnel(console, found.funnel)
