"""Wrong versions of the originals, through the real gates in the real jail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

from codegenesis.evidence import baseline, case, run_gates, standard_gates
from codegenesis.evidence.mutants import mutants
from codegenesis.model import Variant
from codegenesis.sandbox import Environment, Limits, Sandbox
from wrong.offline import Workbench, hash_of
from wrong.originals import ORIGINALS, Original
from wrong.wrapping import Wrong, wrapped

#: Calls by hand with which a wrong version must be proven wrong to be counted.
_PROOF = 600
_LIMITS = Limits(cpu_s=0.5, wall_s=5.0)
_OF_KNOWLEDGE = frozenset({"chance", "environment", "bomb"})


class Verdict(NamedTuple):
    """What became of one wrong version.

    Attributes:
        gate: of death; empty for a survivor.
        witness: a call that shows the mistake, found by hand beforehand; empty when none was.
    """

    target: str
    wrong: Wrong
    gate: str
    detail: str
    witness: str
    seconds: float


class Tally(NamedTuple):
    """The sum of a run."""

    verdicts: list[Verdict]
    refused: dict[str, str]

    @property
    def killed(self) -> Counter[str]:
        """Wrong versions by gate of death."""
        return Counter(each.gate for each in self.verdicts if each.gate)

    @property
    def missed(self) -> list[Verdict]:
        """Survivors that a longer check can tell apart: failures of the gates."""
        return [each for each in self.verdicts if not each.gate and each.witness]

    @property
    def equivalent(self) -> list[Verdict]:
        """Survivors that nothing tells apart."""
        return [each for each in self.verdicts if not each.gate and not each.witness]


def wrong_versions(bench: Workbench, *, by_hand: int, by_operator: int) -> list[Wrong]:
    """Versions that are wrong beyond doubt: each has a call that shows it, or must not be.

    Args:
        by_hand: breakages around the original, taken in turn over all originals.
        by_operator: small mistakes in its source.
    """
    chance = Random(hash_of(bench.original.target))
    found = list(wrapped(bench.gene.source, bench.profile()))
    chance.shuffle(found)
    turn = Counter[str]()

    def place(wrong: Wrong) -> int:
        """The first of each group before the second of any."""
        turn[wrong.group] += 1
        return turn[wrong.group]

    ordered = sorted(found, key=place)
    proven = (each for each in ordered if shown(bench, each))
    kept = [each for each, _ in zip(proven, range(by_hand), strict=False)]
    small = mutants(bench.gene.source, most=3 * by_operator, seed=1)
    mistakes = [Wrong(each.words, "operator", each.source) for each in small]
    chance.shuffle(mistakes)
    proven = (each for each in mistakes if shown(bench, each))
    return kept + [each for each, _ in zip(proven, range(by_operator), strict=False)]


def shown(bench: Workbench, wrong: Wrong) -> str:
    """Why it counts as wrong; empty when it may be equivalent."""
    if wrong.group in _OF_KNOWLEDGE:
        return "wrong by construction"
    return bench.witness(wrong, n=_PROOF, seed=99)


def judged(
    original: Original, versions: Sequence[Wrong] | None = None, *, by_hand: int, by_operator: int
) -> Iterator[Verdict | str]:
    """Send the wrong versions of one original through the gates; a word when it is refused."""
    bench = Workbench(original)
    if versions is None:
        versions = wrong_versions(bench, by_hand=by_hand, by_operator=by_operator)
    with Sandbox(Environment.for_gene(bench.gene), limits=_LIMITS) as sandbox:
        known = baseline(bench.gene, sandbox, bench.recorded())
        if not known.usable:
            yield known.reason
            return
        judge = case(bench.gene, sandbox, known, fresh=200, seed=5)
        for wrong in versions:
            variant = Variant(
                gene=bench.gene.id, base=bench.gene.base, source=wrong.source, operator=wrong.group
            )
            trials = run_gates(standard_gates(), variant, judge)
            last = trials[-1]
            gate = last.gate if last.verdict == "failed" else ""
            witness = "" if gate else shown(bench, wrong)
            seconds = sum(trial.seconds for trial in trials)
            yield Verdict(original.target, wrong, gate, last.detail, witness, seconds)


def tally(
    originals: Sequence[Original] = ORIGINALS, *, by_hand: int = 6, by_operator: int = 3
) -> Tally:
    """All of it."""
    verdicts: list[Verdict] = []
    refused: dict[str, str] = {}
    for original in originals:
        for verdict in judged(original, by_hand=by_hand, by_operator=by_operator):
            if isinstance(verdict, Verdict):
                verdicts.append(verdict)
            else:
                refused[original.target] = verdict
    return Tally(verdicts, refused)
