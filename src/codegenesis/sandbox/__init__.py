"""The Mutation Sandbox Layer: where mutations live or die (DESIGN §6)."""

from codegenesis.sandbox.environment import Environment
from codegenesis.sandbox.executor import Candidate, Executor, Limits, Timing

__all__ = ["Candidate", "Environment", "Executor", "Limits", "Timing"]
