"""A whole FunSearch program in one jail: its own `@run` function says what it is worth.

That steers a search (decision 15) and is not believed further than that: what is reported was
scored by the skeleton in the evaluator's jail.
"""

from __future__ import annotations

import math

from codegenesis import wire
from codegenesis.errors import WireError
from codegenesis.hosted.evaluating import messages
from codegenesis.hosted.evaluating.messages import Verdict
from codegenesis.parsing import literal
from codegenesis.scenarios.discover.evaluating.stage import Stage
from codegenesis.scenarios.discover.problem import Problem

_MODULE = "program"


def run_inside(problem: Problem, stage: Stage) -> Verdict:
    """Load the program and call its `@run` function on each input."""
    inputs = literal(problem.inputs) if problem.inputs else [()]
    opened = stage.open(_MODULE)
    if error := _error(opened):
        return Verdict(error=error)
    values: list[float] = []
    for given in inputs:
        call = messages.Rate(problem.run, wire.encode((given, {}), max_bytes=1 << 24))
        ask = messages.Ask(stage.token, stage.loaded, 0.0, messages.encode(call))
        heard = stage.ask(ask)
        if error := _error(heard):
            return Verdict(error=error)
        value = _value(heard)
        if value is None:
            return Verdict(error=f"expected a finite score of {problem.run}, came something else")
        values.append(value)
    by_input = {f"input_{at}": value for at, value in enumerate(values)} if len(values) > 1 else {}
    return Verdict(metrics={"combined_score": sum(values) / len(values), **by_input})


def _error(heard: messages.Heard) -> str:
    if not isinstance(heard, messages.Answered):
        return heard.words if isinstance(heard, messages.Gone) else "the program gave no answer"
    said = messages.of_program(heard.body)
    return said.text or "it raises an exception" if isinstance(said, messages.Raised) else ""


def _value(heard: messages.Heard) -> float | None:
    said = messages.of_program(heard.body) if isinstance(heard, messages.Answered) else None
    if not isinstance(said, messages.Returned):
        return None
    try:
        value = wire.decode(said.value)
    except WireError:
        return None
    return value if type(value) is float and math.isfinite(value) else None
