"""Where the arena starts, in the workshop: imports the target, gathers the cases, answers."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from codegenesis.arena import messages
from codegenesis.arena.examples import ExampleCase
from codegenesis.arena.installing import Place
from codegenesis.arena.scoring import Case, Scorer
from codegenesis.arena.working import Crew
from codegenesis.errors import CodeGenesisError
from codegenesis.hosted.line import Line
from codegenesis.sandbox.environment import Environment
from codegenesis.sandbox.loading import load
from codegenesis.sandbox.serving import find, resolver

#: A worker speaks once for each version, and a version may run into its time twice; so long it may
#: be silent, and this longer, and this for each case.
_GRACE_S, _EACH_S = 2.0, 0.05


def main(file: str) -> None:
    """Do what the plan in this file says, until the engine has had enough."""
    plan = messages.plan(Path(file).read_bytes())
    line = Line.of_environment()
    try:
        _open(plan, line)
    except EOFError:
        pass  # the engine has gone
    except CodeGenesisError as error:
        _give_up(line, str(error))
    except (Exception, SystemExit) as error:  # noqa: BLE001 (boundary: the target's import)
        _give_up(line, f"the module cannot be imported: {type(error).__name__}: {error}")
    sys.stdout.flush()
    os._exit(0)


def _open(plan: messages.Plan, line: Line) -> None:
    if plan.tests:
        from codegenesis.arena.testing import run

        run(plan, lambda place, cases: _serve(plan, line, place, cases))
        return
    environment = Environment(root=plan.root, module=plan.module, path=plan.path, setup=plan.setup)
    module = load(environment)
    place = Place([find(module, plan.qualname)])
    target, resolve = f"{plan.module}:{plan.qualname}", resolver(module)
    cases = [
        ExampleCase(each, place.function, name=f"example {number}", target=target, resolve=resolve)
        for number, each in enumerate(plan.examples, start=1)
    ]
    _serve(plan, line, place, cases)


def _give_up(line: Line, words: str) -> None:
    with suppress(EOFError):
        line.exchange(messages.encode(messages.Ready([], words[:500])))


def _serve(plan: messages.Plan, line: Line, place: Place, cases: Sequence[Case]) -> None:
    """Answer until the engine closes; raises EOFError when it is gone."""
    crew = Crew(
        Scorer(place, cases, case_s=plan.case_s),
        stateless=all(case.stateless for case in cases),
        silence_s=2 * plan.case_s + _GRACE_S + _EACH_S * len(cases),
        memory_bytes=plan.memory_bytes,
    )
    answer: messages.Said = messages.Ready([case.name for case in cases])
    while True:
        match messages.heard(line.exchange(messages.encode(answer))):
            case messages.Try(sources, steps, first_failure, alone):
                scores = crew.score(sources, steps=steps, first_failure=first_failure, alone=alone)
                answer = messages.Scored(scores)
            case messages.Trace(source, steps):
                answer = messages.Went(crew.trace(source, cases, steps=steps))
            case _:
                return
