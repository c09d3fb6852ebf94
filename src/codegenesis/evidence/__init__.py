"""What a variant must survive, and what the original can testify to (DESIGN §7).

`baseline` measures the original against itself first. `case` makes of that what every gate is
given; `run_gates` sends a variant through the gates up to its gate of death. The comparison
happens in this process; original and variant run in the jail and see inputs only.
"""

from codegenesis.evidence.baseline import Baseline, baseline, case
from codegenesis.evidence.case import Case, Gate, run_gates, survived
from codegenesis.evidence.differential import DifferentialGate
from codegenesis.evidence.effects import EffectsGate
from codegenesis.evidence.invariants import InvariantsGate
from codegenesis.evidence.parse import ParseGate
from codegenesis.evidence.policy import PolicyGate
from codegenesis.evidence.replay import ReplayGate
from codegenesis.evidence.standard import gates_for, standard_gates
from codegenesis.evidence.symbolic import SymbolicGate
from codegenesis.evidence.tests import TestBaseline, TestsGate, baseline_tests

__all__ = [
    "Baseline",
    "Case",
    "DifferentialGate",
    "EffectsGate",
    "Gate",
    "InvariantsGate",
    "ParseGate",
    "PolicyGate",
    "ReplayGate",
    "SymbolicGate",
    "TestBaseline",
    "TestsGate",
    "baseline",
    "baseline_tests",
    "case",
    "gates_for",
    "run_gates",
    "standard_gates",
    "survived",
]
