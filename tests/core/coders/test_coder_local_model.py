"""A real small model: what it writes about weak code is a version, sooner or later."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from codegenesis.config import Endpoint
from codegenesis.core.coders import (
    Attempt,
    Brief,
    Coder,
    Dud,
    ProgramAttempt,
    ProgramBrief,
    ProgramCoder,
    Region,
)
from codegenesis.core.genetic import identity
from codegenesis.core.models.finding import remote
from codegenesis.core.models.model import Model
from codegenesis.parsing import syntax_tree

pytestmark = pytest.mark.slow

SLOW = """\
def unique_customers(orders):
    seen = []
    for order in orders:
        if order["customer"] not in seen:
            seen.append(order["customer"])
    return seen
"""
PROGRAM = """\
def distance(x):
    return abs(x - 3.7)


# EVOLVE-BLOCK-START
def guess():
    return 1.0


# EVOLVE-BLOCK-END
"""


def first(ask: Callable[[int], object]) -> object:
    """The first answer that is worth a trial, or the last of a few."""
    for turn in range(6):
        found = ask(turn)
        if not isinstance(found, Dud):
            break
    return found


@pytest.fixture
def model(local_model: object) -> Iterator[Model]:
    table = Endpoint(url=f"{local_model.url}/v1", timeout_s=600, pause_s=300)
    with closing(remote("local", table, local_model.name, environ={})) as found:
        yield found


def test_it_writes_another_version_of_a_weak_function(
    model: Model, make_brief: Callable[..., Brief]
) -> None:
    brief = make_brief(
        SLOW,
        "unique_customers",
        module_source=SLOW,
        weakness=("cost grows faster than its input: CPU ~ n^1.96",),
    )
    coder = Coder(model, seed=1)
    version = first(lambda _: coder.write(brief, style="rewrite"))
    assert isinstance(version, Attempt), version
    syntax_tree(version.source)
    assert identity(version.source) != identity(SLOW)
    assert version.usage.output_tokens > 10


def test_it_writes_another_program(model: Model) -> None:
    regions = (Region(first=6, last=7, name="guess"),)
    brief = ProgramBrief(
        program=PROGRAM, regions=regions, goal="Make distance(guess()) as small as it can be."
    )
    coder = ProgramCoder(model)
    found = first(lambda turn: coder.write(brief, seed=turn, style="rewrite"))
    assert isinstance(found, ProgramAttempt), found
    syntax_tree(found.program)
    assert found.program.startswith(PROGRAM[: PROGRAM.index("def guess")])
