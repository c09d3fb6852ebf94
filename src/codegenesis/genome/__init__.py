"""Feedback Genome System: what is known about every gene, with intervals and in words."""

from codegenesis.genome.bursts import bursts, sizes
from codegenesis.genome.crash import Crash, crashes
from codegenesis.genome.standing import ages, proven, solidity
from codegenesis.genome.statistics import Estimate
from codegenesis.genome.strong import strengths
from codegenesis.genome.traits import measure
from codegenesis.genome.weakness import Priority, apart, priority, weaknesses

__all__ = [
    "Crash",
    "Estimate",
    "Priority",
    "ages",
    "apart",
    "bursts",
    "crashes",
    "measure",
    "priority",
    "proven",
    "sizes",
    "solidity",
    "strengths",
    "weaknesses",
]
