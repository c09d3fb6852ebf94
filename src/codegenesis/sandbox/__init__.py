"""The Mutation Sandbox Layer: where mutations live or die (DESIGN §6).

A `Sandbox` starts one *zygote* per environment: an interpreter that is jailed once and then imports
the target's module. Every *candidate* is a clone of it, locked in further, that answers calls over
two pipes until it is killed. The oracle, the clock and the limits are on this side of the pipes.
`run` calls one untrusted function on many inputs. A `Workshop` is the jail for tools that need
more: compilers, test runners, solvers.
"""

from codegenesis.sandbox.environment import Environment
from codegenesis.sandbox.executor import Candidate, Executor, Limits, Tier, Timing
from codegenesis.sandbox.kernel import TIERS, Feature, features, reached
from codegenesis.sandbox.parent import Sandbox
from codegenesis.sandbox.run import Call, Result, run
from codegenesis.sandbox.watch import OUT_OF_CPU
from codegenesis.sandbox.work import Work, WorkLimits
from codegenesis.sandbox.workshop import Workshop

__all__ = [
    "OUT_OF_CPU",
    "TIERS",
    "Call",
    "Candidate",
    "Environment",
    "Executor",
    "Feature",
    "Limits",
    "Result",
    "Sandbox",
    "Tier",
    "Timing",
    "Work",
    "WorkLimits",
    "Workshop",
    "features",
    "reached",
    "run",
]
