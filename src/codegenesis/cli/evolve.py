"""`evolve`: one function or a whole package, offline; the smallest changes proven better, with
their evidence, in the order in which they are likely to pay."""

from __future__ import annotations

from pathlib import Path

import click

from codegenesis.cli.interrupting import stopped_by_signals
from codegenesis.cli.landing import (
    Landed,
    LandingWish,
    draw_landed,
    land,
    landing_options,
    require_landable,
)
from codegenesis.cli.options import budget_option, seed_option, tests_option
from codegenesis.cli.output import emit, json_option, talk, wants_json
from codegenesis.cli.progress import ProgressTalk
from codegenesis.cli.report import Report, draw_report, report_of
from codegenesis.cli.settings import config_options, open_keys, open_store
from codegenesis.config import Config
from codegenesis.core.budget import Budget, Meter
from codegenesis.errors import UsageError
from codegenesis.ledger import Ledger
from codegenesis.lifecycle.asking import Authors, authors
from codegenesis.lifecycle.campaigns import runs
from codegenesis.lifecycle.campaigns.campaign import Campaign
from codegenesis.lifecycle.campaigns.evolving import (
    EvolveWorker,
    changes_of,
    current,
    plan,
    weights_of,
)
from codegenesis.lifecycle.campaigns.feeding import Feeder
from codegenesis.lifecycle.campaigns.runs import Keeper
from codegenesis.lifecycle.campaigns.survey import survey
from codegenesis.store import Store

#: What `--resume` alone means.
_LATEST = "\0"


@click.command()
@click.argument("target", required=False)
@click.option(
    "--inputs",
    default="recorded",
    show_default=True,
    metavar="recorded|doctests|FILE",
    help="Calls to work from: recorded in a live app (else those of --tests, else the examples in "
    "docstrings), only the examples, or a file of JSON lines "
    '{"args": []}, with a "target" where there are several functions.',
)
@tests_option(
    "pytest tests that a version must pass as well; without recorded calls, theirs are used."
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
@budget_option("For all functions together: 10min, 500trials, 2usd, or several with commas.")
@seed_option
@click.option(
    "--resume",
    is_flag=False,
    flag_value=_LATEST,
    metavar="[RUN]",
    help="Go on with a run that was stopped (the last one); --apply and --branch land all of it.",
)
@landing_options
@json_option
@config_options
def evolve(
    config: Config, target: str | None, inputs: str, resume: str | None, wish: LandingWish
) -> int:
    """Look for better versions of TARGET and print the minimal diffs with their evidence.

    TARGET is a function (shop.pricing:quote, app.py:quote), a module, a package, a file or a
    directory; of many functions those that weigh most come first. Nothing is changed without
    --apply. Ctrl-C stops, keeps what was found, and says how to go on.

    Exit code 0 when something was found, 3 when nothing was, 6 when the budget was spent before,
    130 when it was interrupted.
    """
    _require_one(target, resume, wish)
    with open_store(config, create=resume is None) as store:
        if resume is None:
            assert target
            session = _begun(store, config, target, inputs, wish)
        else:
            session = _resumed(store, config, "" if resume == _LATEST else resume, wish)
        return session.through(wish)


def _require_one(target: str | None, resume: str | None, wish: LandingWish) -> None:
    if (target is None) == (resume is None):
        taken = wish.branch or (resume if resume != _LATEST else "")
        hint = f"If {taken} is what to evolve, name it first: codegenesis evolve {taken} --branch"
        raise UsageError(
            "expected a TARGET to begin with, or --resume to go on with a run",
            remedy=hint if target is None and taken else "codegenesis evolve shop.pricing:quote",
        )


def _begun(store: Store, config: Config, target: str, inputs: str, wish: LandingWish) -> _Session:
    found = survey(target, store=store, service=config.service, cwd=Path.cwd())
    require_landable(wish, (Path(gene.path) for gene in found.genes))
    feeder = Feeder(store, config, found.genes, inputs=inputs, single=found.single)
    with talk().status(f"looking at {len(found.genes)} functions"):
        steps = plan(found, feeder, store)
    named = inputs if inputs in ("recorded", "doctests") else str(Path(inputs).resolve())
    options = {"inputs": named, "single": "yes" if found.single else ""}
    keeper = runs.begin(store, config, command="evolve", targets=[target], options=options)
    keeper.plan(steps)
    return _Session(store, config, keeper, feeder)


def _resumed(store: Store, config: Config, run_id: str, wish: LandingWish) -> _Session:
    keeper = runs.resume(store, config, command="evolve", run_id=run_id)
    config = runs.settings_of(keeper.run, config)
    genes, gone = current(keeper.left, store)
    for step in gone:
        keeper.note(step)
    store.put_genes(genes)
    known = (store.gene(step.gene) for step in keeper.steps)
    require_landable(wish, (Path(gene.path) for gene in known if gene))
    options = keeper.run.options
    single = bool(options.get("single"))
    feeder = Feeder(store, config, genes, inputs=options.get("inputs", "recorded"), single=single)
    return _Session(store, config, keeper, feeder)


class _Session:
    """One sitting of one run."""

    def __init__(self, store: Store, config: Config, keeper: Keeper, feeder: Feeder) -> None:
        self._store, self._config, self._keeper, self._feeder = store, config, keeper, feeder
        self._single = bool(keeper.run.options.get("single"))

    def through(self, wish: LandingWish) -> int:
        """Give what is left its turns, print what came of all of it, land what is to land."""
        keeper = self._keeper
        waiting = keeper.left
        meter = Meter(runs.remaining(keeper.run) if waiting else Budget())
        progress = ProgressTalk(total=len(waiting), meter=meter, detailed=self._single)
        self._announce(len(waiting))
        with authors(self._config, meter=meter, tell=progress.say) as asked:
            worker = self._worker(progress, asked)
            weights = weights_of(waiting, self._store)
            campaign = Campaign(keeper, meter, worker, progress, weights=weights)
            with stopped_by_signals(campaign.stop), progress.shown():
                campaign.run()
        report = report_of(self._store, keeper, worker.evolutions)
        if not wants_json():  # what is found is seen before anybody is asked about it
            emit(report, lambda out: draw_report(out, report, wish))
        changes, refused = changes_of(keeper.steps, self._store)
        landed = land(changes, wish, store=self._store, run=keeper.run.id, refused=refused)
        emit(report.document(landed), lambda out: draw_landed(out, landed))
        self._say_how_to_go_on(campaign)
        return _exit_code(report, campaign, landed)

    def _worker(self, progress: ProgressTalk, asked: Authors | None) -> EvolveWorker:
        genes = [self._store.gene(step.gene) for step in self._keeper.left]
        return EvolveWorker(
            self._store,
            Ledger(self._store, open_keys(self._config)),
            self._config,
            self._feeder,
            [gene for gene in genes if gene],
            single=self._single,
            authors=asked,
            tell=progress.say,
        )

    def _announce(self, waiting: int) -> None:
        if self._single or wants_json() or not waiting:
            return
        run, most = self._keeper.run, waiting * self._config.budget_s / 60
        limit = run.budget or f"no budget: up to {most:.0f} min, --budget 10min would limit it"
        out = len(self._keeper.steps) - waiting
        words = f"run {run.id}: {waiting} functions to try ({limit}); {out} not, or tried already"
        talk().print(words, markup=False, soft_wrap=True)

    def _say_how_to_go_on(self, campaign: Campaign) -> None:
        run = self._keeper.run
        if run.state == "stopped":
            why = "interrupted" if campaign.interrupted else "the budget is spent"
            more = "" if campaign.interrupted else " --budget 10min"
            talk().print(
                f"{why}; what was found is kept. Go on: codegenesis evolve --resume {run.id}{more}",
                markup=False,
                soft_wrap=True,
            )


def _exit_code(report: Report, campaign: Campaign, landed: Landed) -> int:
    if campaign.interrupted:
        return 130
    if report.found:
        return landed.exit_code
    return 6 if campaign.cut_short or report.left else 3
