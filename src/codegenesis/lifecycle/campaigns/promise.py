"""Which function first: the weakest where something was measured, else what its text promises.

What was measured comes first whatever it says, because a share of real CPU beats every guess
(`genome.priority`). For the rest only the text is there: loops inside loops are where rewrites pay,
a long function has more of them, one that calls nothing and loops over nothing has nothing to win.
To that comes what the operators predict; asking them all costs some 50 ms a function, so only the
most promising ones are asked for.
"""

from __future__ import annotations

import ast
import functools
import math
from collections.abc import Sequence

from codegenesis import core, genome
from codegenesis.core.experience import Learner, beginning
from codegenesis.model import Gene, Record
from codegenesis.parsing import syntax_tree
from codegenesis.store import Store

#: Operators are asked about so many functions.
MOST_ASKED = 60
#: No function weighs more than so many times another, or the first would take all the time.
WIDEST = 8.0

_LOOPS = ast.For | ast.While | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class Promise(Record, frozen=True, kw_only=True):
    """What speaks for trying a function.

    Attributes:
        measured: it rests on recorded calls.
        score: higher is sooner; of use only among those measured, or among those not.
        reason: in words.
    """

    measured: bool
    score: float
    reason: str

    @property
    def rank(self) -> tuple[bool, float]:
        """For sorting, the most promising last."""
        return self.measured, self.score


def promises(store: Store, genes: Sequence[Gene]) -> dict[str, Promise]:
    """What speaks for each gene, by `Gene.id`; the same for the same store and sources."""
    found = {gene.id: _measured(store, gene) or _read(gene) for gene in genes}
    guessed = [gene for gene in genes if not found[gene.id].measured]
    guessed.sort(key=lambda gene: -found[gene.id].score)
    for gene in guessed[:MOST_ASKED]:
        found[gene.id] = _asked(gene, found[gene.id])
    return found


def weights(found: Sequence[Promise]) -> list[float]:
    """Shares of what is left to spend, 1 for the least of them."""
    weighed = [(p.score * 100 if p.measured else p.score) for p in found]
    least = min((weight for weight in weighed if weight > 0), default=1.0)
    return [min(WIDEST, max(1.0, weight / least)) for weight in weighed]


def _measured(store: Store, gene: Gene) -> Promise | None:
    traits = store.traits(gene.id)
    if not traits:
        return None
    priority = genome.priority(traits)
    if priority.score <= 0:
        return None
    return Promise(measured=True, score=priority.score, reason=priority.reason)


def _read(gene: Gene) -> Promise:
    tree = syntax_tree(gene.source)
    nodes = sum(1 for _ in ast.walk(tree))
    calls = sum(isinstance(node, ast.Call) for node in ast.walk(tree))
    depth = _depth(tree)
    words = f"{depth} nested loops" if depth > 1 else ("a loop" if depth else "no loop")
    return Promise(
        measured=False,
        score=0.1 + 2.0 * depth + min(nodes, 400) / 400 + min(calls, 20) / 40,
        reason=f"never recorded; {words}, {gene.source.count(chr(10))} lines",
    )


def _asked(gene: Gene, read: Promise) -> Promise:
    """The same, with what the operators predict of it."""
    best, gains = _predicted(gene)
    if not best:
        return read
    words = f"{read.reason}; {best}"
    # Before all those that no operator has anything to say about: only a search could help there.
    return Promise(measured=False, score=10.0 + read.score + 4.0 * gains, reason=words)


@functools.lru_cache(maxsize=4 * MOST_ASKED)  # asked for the order, and again for the weights
def _predicted(gene: Gene) -> tuple[str, float]:
    """The best forecast in words, and the sum of all as logarithms of ratios."""
    proposals = core.propose(gene, (), learner=_learner())
    if not proposals:
        return "", 0.0
    best = max(proposals, key=lambda proposal: proposal.gain)
    gains = sum(math.log(max(1.0, proposal.gain)) for proposal in proposals)
    return f"{best.operator} may make it {best.gain:.1f}×", gains


@functools.cache
def _learner() -> Learner:
    """Knows what everybody begins with: the order of a run must not depend on whose machine."""
    return Learner(beginning())


def _depth(node: ast.AST) -> int:
    below = max((_depth(child) for child in ast.iter_child_nodes(node)), default=0)
    return below + isinstance(node, _LOOPS)
