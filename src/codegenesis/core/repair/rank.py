"""Which of the versions that pass every case is right? The one that costs least to believe.

Passing is not being right (Qi et al. 2015: most generated patches only delete). Each version is
charged for what makes it hard to believe, in nats where that makes sense:

- what it changed: syntax nodes, and how unlikely its edits were before anything was tried;
- constants that the original never had (an expected result written into the code), special cases,
  and functionality that it deletes;
- names that it leaves unread, calls that it no longer makes, ends that it leaves without a result
  (`smells`);
- on generated inputs: calls that end in an exception or not at all, where others return; answers
  that the other plausible versions do not give (each weighs what it costs, so that forty variants
  of one odd edit do not outvote two likely ones);
- near cases that passed already: answers that are no longer the original's.

The largest cluster does not simply come first: overfitted versions of one kind can be the largest,
because whatever disables the defective branch passes. The weights were set by hand, on defects of
QuixBugs and of students, and not fitted.
"""

from __future__ import annotations

import ast
import math
from collections import Counter
from collections.abc import Callable, Sequence

import msgspec

from codegenesis.arena.messages import Score
from codegenesis.core.repair.found import Plausible
from codegenesis.core.repair.smells import calls, falls_off, unread
from codegenesis.model import Record
from codegenesis.parsing import syntax_tree

#: Tries versions on generated inputs that expect nothing but an end without exception.
Judge = Callable[[Sequence[str]], Sequence[Score]]

_NODE, _PRIOR, _CONSTANT, _DELETED, _BRANCH = 0.12, 1.0, 1.2, 0.15, 0.5
_UNREAD, _UNCALLED, _FALLS = 1.0, 0.8, 0.8
_CRASH, _DISSENT, _CHANGED = 4.0, 2.5, 1.5
_USUAL = frozenset({"0", "1", "-1", "2", "None", "True", "False", "''"})


class Fresh(Record, frozen=True, kw_only=True):
    """Generated inputs.

    Attributes:
        judge: gives a score per source, over all inputs.
        passed: per input, whether it was made from a case that the original passed.
    """

    judge: Judge
    passed: tuple[bool, ...] = ()


def ranked(
    original: str, plausible: Sequence[Plausible], *, fresh: Fresh | None = None
) -> tuple[Plausible, ...]:
    """The same versions, the most believable first, each with its reasons.

    Args:
        fresh: inputs that nobody recorded; without them only the texts are compared.
    """
    charges = [_text_charges(original, each) for each in plausible]
    agreement: list[float | None] = [None] * len(plausible)
    if fresh is not None and plausible:
        scores = fresh.judge([original, *(each.source for each in plausible)])
        weights = [math.exp(-sum(charge.values())) for charge in charges]
        agreement = list(_agreement(scores[1:], weights))
        for at, score in enumerate(scores[1:]):
            charges[at] |= _fresh_charges(scores, score, agreement[at], fresh.passed)
    made = [
        msgspec.structs.replace(
            each,
            agreement=agreed,
            cost=round(sum(charge.values()), 4),
            reasons=_reasons(charge),
        )
        for each, charge, agreed in zip(plausible, charges, agreement, strict=True)
    ]
    return tuple(sorted(made, key=lambda each: (each.cost, each.size, each.trials)))


# --- what is written ----------------------------------------------------------------------------


def _text_charges(original: str, version: Plausible) -> dict[str, float]:
    before, after = syntax_tree(original), syntax_tree(version.source)
    taken, added = _counts(before), _counts(after)
    constants = _constants(after) - _constants(before)
    odd = sum(n for value, n in constants.items() if value not in _USUAL)
    uncalled = max(
        0, (calls(before) - calls(after)).total() - (calls(after) - calls(before)).total()
    )
    branches = max(0, added["If"] + added["IfExp"] - taken["If"] - taken["IfExp"])
    return {
        f"{version.size} changed nodes": _NODE * version.size,
        "unlikely edits": _PRIOR * -math.log(max(version.weight, 1e-9)),
        f"{odd} new constants": _CONSTANT * odd,
        f"{branches} new branches": _BRANCH * branches,
        "a name is no longer read": _UNREAD * len(unread(after) - unread(before)),
        "a call is no longer made": _UNCALLED * uncalled,
        "it can end without a result": _FALLS * (falls_off(after) > falls_off(before)),
        "code deleted": _DELETED * max(0, taken.total() - added.total() - 2),
    }


def _counts(tree: ast.AST) -> Counter[str]:
    return Counter(type(node).__name__ for node in ast.walk(tree))


def _constants(tree: ast.AST) -> Counter[str]:
    return Counter(repr(node.value) for node in ast.walk(tree) if isinstance(node, ast.Constant))


# --- what it does -------------------------------------------------------------------------------


def _agreement(scores: Sequence[Score], weights: Sequence[float]) -> list[float]:
    """How much of the weight of the other versions gives the same answers, per version."""
    shares = []
    for at, mine in enumerate(scores):
        others = [(weights[n], scores[n]) for n in range(len(scores)) if n != at]
        total = sum(weight for weight, _ in others)
        agreed = sum(weight * _alike(mine, score) for weight, score in others)
        shares.append(agreed / total if total else 1.0)
    return shares


def _alike(one: Score, other: Score) -> float:
    """Share of the inputs on which both end alike."""
    same = sum(a == b for a, b in zip(_ends(one), _ends(other), strict=False))
    return same / max(1, len(one.endings))


def _ends(score: Score) -> list[tuple[str, int]]:
    """Per input: a value by its digest, anything else by how it ended."""
    pairs = zip(score.endings, score.outcomes, strict=False)
    return [(end, outcome if end == "passed" else 0) for end, outcome in pairs]


def _fresh_charges(
    scores: Sequence[Score], mine: Score, agreed: float | None, passed: Sequence[bool]
) -> dict[str, float]:
    original, others = scores[0], scores[1:]
    usual = min(_crashes(score) for score in others)
    away = _moved(original, mine, passed)
    crash = _crashes(mine) - usual
    return {
        f"fails on {crash:.0%} of generated inputs where others do not": _CRASH * crash,
        f"disagrees with {1 - (agreed or 0.0):.0%} of the others": _DISSENT * (1 - (agreed or 0.0)),
        f"answers otherwise on {away:.0%} of inputs near passing cases": _CHANGED * away,
    }


def _crashes(score: Score) -> float:
    """Share of inputs that end in an exception or not at all."""
    if not score.endings:
        return 1.0
    return sum(ending != "passed" for ending in score.endings) / len(score.endings)


def _moved(original: Score, mine: Score, passed: Sequence[bool]) -> float:
    """Share of the inputs near passing cases that the original answers, and this one otherwise."""
    near = [
        (before, after)
        for before, after, ok in zip(_ends(original), _ends(mine), passed, strict=False)
        if ok and before[0] == "passed"
    ]
    return sum(before != after for before, after in near) / len(near) if near else 0.0


def _reasons(charges: dict[str, float]) -> tuple[str, ...]:
    """What it was charged for, the dearest first."""
    dear = sorted(charges.items(), key=lambda pair: -pair[1])
    return tuple(words for words, cost in dear if cost > 0.005)
