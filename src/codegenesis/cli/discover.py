"""`discover`: evolve a program against a score, and say what came of it."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

import click
from msgspec.structs import replace

from codegenesis.cli.discover_report import Report, draw, exit_code
from codegenesis.cli.discover_view import View
from codegenesis.cli.interrupting import stopped_by_signals
from codegenesis.cli.options import budget_option, seed_option
from codegenesis.cli.output import emit, json_option, talk
from codegenesis.cli.settings import config_options, open_keys, open_store
from codegenesis.config import DEFAULT, Config
from codegenesis.core.budget import Budget, Meter
from codegenesis.core.coders.memory import Memory
from codegenesis.core.models.fleet import fleet
from codegenesis.errors import UsageError
from codegenesis.ledger import Ledger
from codegenesis.lifecycle.campaigns import runs
from codegenesis.lifecycle.campaigns.runs import Keeper
from codegenesis.model import digest
from codegenesis.scenarios.discover.evaluating import Evaluators
from codegenesis.scenarios.discover.islands import Habits
from codegenesis.scenarios.discover.landing import apply_best, note_origin
from codegenesis.scenarios.discover.loading import load
from codegenesis.scenarios.discover.modelled import ModelProposer
from codegenesis.scenarios.discover.offline import offline_proposers
from codegenesis.scenarios.discover.outcome import Discovery
from codegenesis.scenarios.discover.problem import Problem
from codegenesis.scenarios.discover.proposer import Proposer
from codegenesis.scenarios.discover.run import discover as evolve_program
from codegenesis.store import Store

_DEFAULT_BUDGET = "10min"
_JOBS = 2

#: Between an evaluator and its program every word passes two threads of ours, and each would wait
#: for the loop to let go of the interpreter: with Python's usual 5 ms a fifth of the rate is lost.
SWITCH_S = 0.0003

#: What `--resume` alone means.
_LATEST = "\0"
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("program", type=_FILE, required=False)
@click.option(
    "--evaluator",
    type=_FILE,
    metavar="FILE",
    help="What scores it; by default looked for beside the program.",
)
@click.option(
    "--config",
    "config_file",
    type=_FILE,
    metavar="FILE",
    help="OpenEvolve's config.yaml; what makes no sense here is named.",
)
@budget_option(
    f"What it may take, like 10min, 500trials, 2usd or 100calls (default {_DEFAULT_BUDGET})."
)
@click.option(
    "--islands", type=click.IntRange(1, 64), help=f"Populations (default {Habits().islands})."
)
@click.option("--jobs", type=click.IntRange(1, 256), help=f"Evaluations at once (default {_JOBS}).")
@click.option(
    "--inputs",
    "inputs_file",
    type=_FILE,
    metavar="FILE",
    help="JSON list of what a function marked @run is called with, one after the other.",
)
@seed_option
@click.option(
    "--resume",
    is_flag=False,
    flag_value=_LATEST,
    metavar="[RUN]",
    help="Go on with a run that was stopped (the last one).",
)
@click.option("--output", type=_FILE, metavar="FILE", help="Write the best program there.")
@click.option("--apply", "apply_", is_flag=True, help="Write the best into PROGRAM itself.")
@json_option
@config_options
def discover(  # noqa: PLR0917 (options)
    config: Config,
    program: Path | None,
    evaluator: Path | None,
    config_file: Path | None,
    islands: int | None,
    jobs: int | None,
    inputs_file: Path | None,
    resume: str | None,
    output: Path | None,
    apply_: bool,
) -> int:
    """Evolve PROGRAM against the score that EVALUATOR gives it, higher being better.

    What may change is between EVOLVE-BLOCK-START and -END, else all functions. The evaluator runs
    in a jail of its own and the program in another. Every program is kept: Ctrl-C stops, keeps what
    was found, and says how to go on.

    Exit code 0 when something better was found, 3 when nothing was, 6 when the budget was spent
    before, 130 when it was interrupted.
    """
    if (program is None) == (resume is None):
        raise UsageError(
            "expected a PROGRAM to begin with, or --resume to go on with a run",
            remedy="codegenesis discover initial_program.py --evaluator evaluator.py",
        )
    with open_store(config, create=resume is None) as store:
        if resume is None:
            assert program
            problem = load(program, evaluator=evaluator, config=config_file, inputs=inputs_file)
            settings = problem.settings
            given = {
                "islands": str(Habits.of(settings, islands=islands).islands),
                "jobs": str(jobs or max(1, int(settings.get("jobs", _JOBS)))),
                "config": _kept(config_file),
                "inputs": _kept(inputs_file),
            }
            config, keeper = _begun(store, config, problem, given)
        else:
            config, keeper, problem = _resumed(store, config, "" if resume == _LATEST else resume)
        found, interrupted = _searched(store, config, keeper, problem)
        report = _landed(store, config, keeper, problem, found, output=output, apply_=apply_)
    emit(report.document(), lambda out: draw(out, report))
    _say_how_to_go_on(report, interrupted)
    return exit_code(report, interrupted=interrupted)


def _kept(file: Path | None) -> str:
    return str(file.absolute()) if file else ""


def _begun(
    store: Store, config: Config, problem: Problem, given: dict[str, str]
) -> tuple[Config, Keeper]:
    config = replace(config, budget=_budget(config.budget, problem))
    if config.origin("seed") == DEFAULT and "seed" in problem.settings:
        config = replace(config, seed=int(problem.settings["seed"]))
    apart = problem.evaluator if problem.evaluator != problem.path else ""
    options = given | {"evaluator": apart, "judge": _judge(problem)}
    keeper = runs.begin(store, config, command="discover", targets=[problem.path], options=options)
    return config, keeper


def _budget(given: str, problem: Problem) -> str:
    """What was asked for, else a peer's number of iterations; money alone ends nothing."""
    usual = _DEFAULT_BUDGET
    if not given and "iterations" in problem.settings:
        return f"{max(1, int(problem.settings['iterations']))}trials"
    if not given:
        return usual
    budget = Budget.parse(given)
    return given if budget.ended_by(Budget.parse(usual)) == budget else f"{given},{usual}"


def _resumed(store: Store, config: Config, run_id: str) -> tuple[Config, Keeper, Problem]:
    keeper = runs.resume(store, config, command="discover", run_id=run_id)
    run, options = keeper.run, keeper.run.options
    files = (_file(options[name]) for name in ("evaluator", "config", "inputs"))
    evaluator, config_file, inputs_file = files
    problem = load(
        Path(run.targets[0]), evaluator=evaluator, config=config_file, inputs=inputs_file
    )
    first = store.discoveries.first_program(run.id)
    if first and first != problem.program:
        raise UsageError(
            f"{problem.path} has changed since run {run.id} began",
            remedy=f"Take it back (`codegenesis undo {run.id}` where it was applied), or begin a "
            "new run.",
        )
    if options["judge"] != _judge(problem):
        raise UsageError(
            f"{problem.evaluator} has changed since run {run.id} began: scores would not compare",
            remedy="Take it back, or begin a new run.",
        )
    # What is recorded was spent, even where a kill came before the count was kept.
    keeper.run = replace(run, trials=max(run.trials, store.discoveries.count(run.id)))
    return runs.settings_of(run, config), keeper, problem


def _file(path: str) -> Path | None:
    return Path(path) if path else None


def _judge(problem: Problem) -> str:
    """Digest of what scores."""
    text = Path(problem.evaluator).read_bytes().decode("utf-8", "replace")
    return digest(text, problem.inputs)[:16]


def _searched(
    store: Store, config: Config, keeper: Keeper, problem: Problem
) -> tuple[Discovery, bool]:
    """Run it, with everything open that it needs."""
    options = keeper.run.options
    jobs = int(options["jobs"])
    meter = Meter(runs.remaining(keeper.run))
    view = View(Path(problem.path).name, meter, run=keeper.run.id)
    for note in problem.notes:
        view.tell(note)
    sys.setswitchinterval(SWITCH_S)
    with ExitStack() as stack:
        evaluators = stack.enter_context(Evaluators(problem, jobs=jobs, config=config))
        proposers: list[Proposer] = list(offline_proposers(problem))
        if (models := fleet(config, meter=meter, tell=view.tell)) is not None:
            stack.enter_context(models)
            memory = Memory(config.experience, programs=True)
            proposers.append(
                ModelProposer(models, parallel=models.parallel, tell=view.tell, memory=memory)
            )
        stack.enter_context(stopped_by_signals(view.stop))
        stack.enter_context(view.shown())
        found = evolve_program(
            problem,
            evaluators,
            proposers,
            meter=meter,
            store=store,
            keeper=keeper,
            islands=int(options["islands"]),
            seed=keeper.run.seed,
            jobs=jobs,
            tell=view.tell,
            watch=view.watch,
        )
    return found, meter.cancelled


def _landed(
    store: Store,
    config: Config,
    keeper: Keeper,
    problem: Problem,
    found: Discovery,
    *,
    output: Path | None,
    apply_: bool,
) -> Report:
    """Write down where the best comes from, and put it where it was asked for."""
    report = Report(problem=problem, found=found)
    if not found.better:
        return report
    ledger = Ledger(store, open_keys(config))
    seed = keeper.run.seed
    entry = note_origin(store, ledger, problem, found, service=config.service, seed=seed)
    if output:
        output.write_text(found.best.program, encoding="utf-8")
    refused = apply_best(store, problem, found) if apply_ else ""
    return replace(
        report,
        entry=entry,
        output=str(output or ""),
        applied=problem.path if apply_ and not refused else "",
        refused=refused,
    )


def _say_how_to_go_on(report: Report, interrupted: bool) -> None:
    if not report.can_go_on:
        return
    why = "interrupted" if interrupted else report.found.reason
    more = "" if interrupted else f" --budget {_DEFAULT_BUDGET}"
    talk().print(
        f"{why}; everything is kept. Go on: codegenesis discover --resume {report.found.run}{more}",
        markup=False,
        soft_wrap=True,
    )
