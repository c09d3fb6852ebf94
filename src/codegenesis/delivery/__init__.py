"""Delivery: control, not chaos. How a champion gets into production, and out again."""

from codegenesis.delivery.policy import policy_digest
from codegenesis.delivery.release import OPEN_STAGES, Delivery
from codegenesis.delivery.sequential import Judgement, Rule, judge
from codegenesis.delivery.shadow import ExecutorFactory
from codegenesis.delivery.tally import Tally

__all__ = [
    "OPEN_STAGES",
    "Delivery",
    "ExecutorFactory",
    "Judgement",
    "Rule",
    "Tally",
    "judge",
    "policy_digest",
]
