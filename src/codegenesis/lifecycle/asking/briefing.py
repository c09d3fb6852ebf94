"""What models are told of a gene: its source, its measured weakness, calls, relatives, and deaths.

A model may be somewhere else, so what is recorded is told as it would be kept: a call that holds
what may not be recorded (`runtime.redaction`) is not told, and where a gene has such calls or such
parameters, no value of any call is, counter-examples included: they are made from recorded values.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from codegenesis import genome
from codegenesis.core.coders import Brief, Failure, Objective, Relative, Sample
from codegenesis.core.operator import module_source
from codegenesis.evidence.duel import result_kind
from codegenesis.evidence.words import show, show_call
from codegenesis.genome import Crash
from codegenesis.lifecycle.asking.callees import callees
from codegenesis.lifecycle.asking.story import Story
from codegenesis.model import Gene, Outcome, Trait, Trial, Variant
from codegenesis.parsing import syntax_tree
from codegenesis.runtime.redaction import Redactor

#: Versions that a model is shown, of each kind, at most.
_RELATIVES, _FAILURES = 3, 4
_SAMPLES, _CONSIDERED = 6, 24
#: A call in more characters tells a model little more, and small models read ten tokens a second.
_LONGEST = 200


class Briefing:
    """Writes the briefs of one gene.

    Args:
        calls, outcomes: recorded calls and what the original makes of them.
        crashed: crashes that are to be healed; empty for speed.
        redact: further patterns of names whose values are not told.
    """

    def __init__(
        self,
        gene: Gene,
        *,
        calls: Sequence[bytes] = (),
        outcomes: Sequence[Outcome] = (),
        traits: Iterable[Trait] = (),
        crashed: Sequence[Crash] = (),
        redact: Iterable[str] = (),
    ) -> None:
        self._gene, self._crashed = gene, tuple(crashed)
        self._module = module_source(gene)
        self._callees = callees(gene, self._module)
        self._telling = may_tell(gene, calls, redact)
        weak = [] if crashed else genome.weaknesses(gene, traits)
        self._weakness = (*self._crashes(outcomes), *weak)
        self._samples = self._told(calls, outcomes) if self._telling else ()

    def brief(self, story: Story) -> Brief:
        """What to tell a model now."""
        objective: Objective = "heal" if self._crashed else "speed"
        return Brief(
            gene=self._gene,
            module_source=self._module,
            objective=objective,
            weakness=self._weakness,
            callees=self._callees,
            samples=self._samples,
            relatives=tuple(
                Relative(source=each.source, words=each.hypothesis, gain=gain)
                for each, gain in story.lived[:_RELATIVES]
            ),
            failures=tuple(self._failure(*each) for each in story.died[: -_FAILURES - 1 : -1]),
        )

    def _failure(self, variant: Variant, trial: Trial) -> Failure:
        detail = trial.detail if self._telling else ""
        return Failure(source=variant.source, gate=trial.gate, detail=detail)

    def _crashes(self, outcomes: Sequence[Outcome]) -> Iterator[str]:
        """What it fails with, and what the gates ask for instead."""
        kinds = {result_kind(each) for each in outcomes if each.kind == "returned"}
        wanted = " or ".join(sorted(kinds)[:_SAMPLES])
        for crash in self._crashed:
            where = f" at line {crash.line}" if crash.line else ""
            how = f"raises {crash.name} in {crash.share:.0%} of calls{where}"
            yield f"{how}; there it must return {wanted} as it does elsewhere" if wanted else how

    def _told(self, calls: Sequence[bytes], outcomes: Sequence[Outcome]) -> tuple[Sample, ...]:
        """Crashes first, then the calls that take fewest words."""
        name = self._gene.name
        crashing = [
            Sample(show_call(name, call), f"raises {crash.detail or crash.name}", crash=True)
            for crash in self._crashed
            for call in crash.calls[:1]
        ]
        pairs = dict(zip(calls, outcomes, strict=False))
        smallest = sorted(pairs, key=lambda call: len(call) + len(pairs[call].value))
        kept = [
            Sample(show_call(name, call), show(pairs[call]))
            for call in smallest[:_CONSIDERED]
            if pairs[call].kind == "returned" or not self._crashed
        ]
        kept.sort(key=_length)
        short = [each for each in kept if _length(each) <= _LONGEST] or kept[:1]
        return (*crashing, *short)[:_SAMPLES]


def _length(sample: Sample) -> int:
    return len(sample.call) + len(sample.result)


def may_tell(gene: Gene, calls: Iterable[bytes], redact: Iterable[str]) -> bool:
    """Whether a model may see values of its calls: none of them is of a kind that is not recorded.

    Args:
        redact: further patterns of names whose values are not told.
    """
    redactor = Redactor(redact, instances=True)
    names = [n.arg for n in ast.walk(syntax_tree(gene.source)) if isinstance(n, ast.arg)]
    return not any(map(redactor.sensitive, names)) and not redactor.refuses(*calls)
