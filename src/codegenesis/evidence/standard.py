"""The gates that a variant goes through, cheap first: each one costs more than all before it."""

from __future__ import annotations

from codegenesis.evidence.case import Gate
from codegenesis.evidence.differential import DifferentialGate
from codegenesis.evidence.effects import EffectsGate
from codegenesis.evidence.invariants import InvariantsGate
from codegenesis.evidence.parse import ParseGate
from codegenesis.evidence.policy import PolicyGate
from codegenesis.evidence.replay import ReplayGate
from codegenesis.evidence.symbolic import SymbolicGate
from codegenesis.evidence.tests import TestBaseline, TestsGate
from codegenesis.sandbox import Workshop


def standard_gates() -> tuple[Gate, ...]:
    """parse → policy → replay → effects → differential."""
    return (ParseGate(), PolicyGate(), ReplayGate(), EffectsGate(), DifferentialGate())


def gates_for(
    *,
    tests: TestBaseline | None = None,
    invariants: bool = True,
    symbolic: bool = False,
    symbolic_s: float = 40.0,
    workshop: Workshop | None = None,
) -> tuple[Gate, ...]:
    """parse → policy → replay → [tests] → effects → differential → [invariants] → [symbolic].

    A gate that has nothing to go by for a gene (no test calls it, nothing is promised, CrossHair is
    not installed) skips with a word, so it does no harm to leave it in.

    Args:
        tests: what the user's tests can testify to (`baseline_tests`); None for no such gate.
        invariants: hold variants to what is promised of the function.
        symbolic: search with CrossHair; some 10 seconds a variant, for the few that are left.
        symbolic_s: after which CrossHair is ended.
        workshop: for tests and CrossHair; by default each has one that sees the project only.
    """
    cheap: tuple[Gate, ...] = (ParseGate(), PolicyGate(), ReplayGate())
    own: tuple[Gate, ...] = (TestsGate(tests, workshop=workshop),) if tests is not None else ()
    fresh: tuple[Gate, ...] = (EffectsGate(), DifferentialGate())
    promised: tuple[Gate, ...] = (InvariantsGate(),) if invariants else ()
    solver: tuple[Gate, ...] = (
        (SymbolicGate(seconds=symbolic_s, workshop=workshop),) if symbolic else ()
    )
    return (*cheap, *own, *fresh, *promised, *solver)
