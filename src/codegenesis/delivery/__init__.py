"""Delivery: control, not chaos. How a champion gets into production, and out again."""

from codegenesis.delivery.sequential import Judgement, Rule, judge
from codegenesis.delivery.tally import Tally

__all__ = ["Judgement", "Rule", "Tally", "judge"]
