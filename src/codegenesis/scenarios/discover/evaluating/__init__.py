"""Scoring programs: the evaluator in one jail, the program in another, the engine between them."""

from codegenesis.scenarios.discover.evaluating.evaluators import Evaluators

__all__ = ["Evaluators"]
