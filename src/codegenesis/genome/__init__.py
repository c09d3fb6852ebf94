"""Feedback Genome System: what is known about every gene, with intervals and in words."""

from codegenesis.genome.bursts import bursts, sizes
from codegenesis.genome.crash import Crash, crashes
from codegenesis.genome.statistics import Estimate
from codegenesis.genome.traits import measure
from codegenesis.genome.weakness import Priority, priority, weaknesses

__all__ = [
    "Crash",
    "Estimate",
    "Priority",
    "bursts",
    "crashes",
    "measure",
    "priority",
    "sizes",
    "weaknesses",
]
