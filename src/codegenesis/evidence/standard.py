"""The gates that every variant goes through, cheap first."""

from __future__ import annotations

from codegenesis.evidence.case import Gate
from codegenesis.evidence.differential import DifferentialGate
from codegenesis.evidence.effects import EffectsGate
from codegenesis.evidence.parse import ParseGate
from codegenesis.evidence.policy import PolicyGate
from codegenesis.evidence.replay import ReplayGate


def standard_gates() -> tuple[Gate, ...]:
    """parse → policy → replay → effects → differential."""
    return (ParseGate(), PolicyGate(), ReplayGate(), EffectsGate(), DifferentialGate())
