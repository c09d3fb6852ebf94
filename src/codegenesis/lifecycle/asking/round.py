"""Models in one pass over one gene: their answers as variants among the others.

A variant that a model wrote is like any other: it goes through every gate, may be crossed, raced
and minimised, and its death is told to the next that is asked, with the counter-example. What it
was worth goes back to whoever chooses the model and the words: a version that dies late was nearer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence

from codegenesis.core.coders import Attempt, Brief
from codegenesis.core.coders.plain import sentence
from codegenesis.core.genetic import identity
from codegenesis.evidence import Case
from codegenesis.genome import Crash
from codegenesis.lifecycle.asking.asked import Asked
from codegenesis.lifecycle.asking.asking import Asking
from codegenesis.lifecycle.asking.authors import Authors
from codegenesis.lifecycle.asking.briefing import Briefing
from codegenesis.lifecycle.asking.story import Storyteller
from codegenesis.model import Gene, Trait, Trial, Variant

#: Of what was wanted, for a version that died: as much as this if it died at the last of so many
#: gates, and less at an earlier one.
_NEAR, _GATES = 0.2, 6
#: For one that lived and is no faster; and what is added for a gain of twice.
_LIVED, _GAINED = 0.4, 0.6
_LONGEST = 300
OPERATOR = "model:"
RISK = "A language model wrote it: it passed the gates that it names, and nothing else is known."


class Round:
    """Asks models for versions of one gene; closed by its owner.

    Args:
        variants: all versions so far, kept up to date by the owner.
        heal: crashes are to be healed: living is all that is wanted.
    """

    def __init__(
        self,
        authors: Authors,
        gene: Gene,
        briefing: Briefing,
        teller: Storyteller,
        *,
        variants: Sequence[Variant],
        heal: bool = False,
    ) -> None:
        self.name = authors.name
        self._gene, self._briefing, self._teller = gene, briefing, teller
        self._variants, self._heal = variants, heal
        self._asking = Asking(authors, self._assignment)
        self._attempts: dict[str, Attempt] = {}
        self._open: dict[str, Attempt] = {}

    def begin(self) -> None:
        """Put the first calls into flight: they are answered while other variants are tried."""
        self._asking.begin()

    def versions(self, *, until: float, over: Callable[[], bool]) -> Iterator[Variant]:
        """Variants as they come; see `Asking.attempts`. Each must be `judged` before the next."""
        for attempt in self._asking.attempts(until=until, over=over):
            variant = _variant(self._gene, attempt)
            self._attempts[variant.id] = self._open[variant.id] = attempt
            yield variant

    def judged(self, variant: Variant, trials: Sequence[Trial]) -> None:
        """What the gates said; of one that lives, the last word is the race's.

        Args:
            trials: of all variants.
        """
        mine = [trial for trial in trials if trial.variant == variant.id]
        if not mine:  # there was no time left to try it
            del self._open[variant.id]
        elif mine[-1].verdict == "failed":
            near = _NEAR * (len(mine) - 1) / _GATES
            attempt = self._open.pop(variant.id)
            self._asking.died(mine[-1].gate)
            self._asking.judged(attempt, worth=min(_NEAR, near))
        else:
            self._asking.lived()

    def prompt_of(self, variant: Variant) -> str:
        """Digest of what was asked for it; also for what was made of it by minimising."""
        if not variant.operator.startswith(OPERATOR):
            return ""
        if variant.id in self._attempts:
            return self._attempts[variant.id].prompt
        same = [
            attempt.prompt
            for attempt in self._attempts.values()
            if (attempt.model, _words(attempt)) == (variant.author, variant.hypothesis)
        ]
        return same[-1] if same else ""

    def end(self, trials: Sequence[Trial]) -> Asked:
        """Cancel what is in flight, and give those that lived their due.

        Args:
            trials: of all variants; the race's among them.
        """
        self.close()
        won = {t.variant: t for t in trials if t.gate == "race" and t.verdict == "passed"}
        for identifier, attempt in self._open.items():
            gain = won[identifier].measurements["ratio"] if identifier in won else 1.0
            worth = 1.0 if self._heal else _LIVED + _GAINED * min(1.0, math.log2(max(1.0, gain)))
            useful = self._heal or identifier in won
            self._asking.judged(attempt, worth=worth, useful=useful)
        self._open.clear()
        return self._asking.asked

    @property
    def asked(self) -> Asked:
        """What it came to so far."""
        return self._asking.asked

    def close(self) -> None:
        """Cancel what is in flight; idempotent."""
        self._asking.close()

    def _assignment(self) -> tuple[Brief, Collection[bytes]]:
        known = {identity(each.source) for each in self._variants}
        return self._briefing.brief(self._teller.story()), known


def round_of(
    authors: Authors,
    judged: Case,
    *,
    traits: Sequence[Trait] = (),
    crashed: Sequence[Crash] = (),
    redact: Sequence[str] = (),
    variants: Sequence[Variant],
    trials: Sequence[Trial],
) -> Round:
    """A round over one case, with its first calls in flight.

    Args:
        crashed: crashes to heal; empty where a faster version is wanted.
        redact: further patterns of names whose values no model is told.
        variants, trials: of the pass, kept up to date by it.
    """
    briefing = Briefing(
        judged.gene,
        calls=judged.calls,
        outcomes=judged.expected,
        traits=traits,
        crashed=crashed,
        redact=redact,
    )
    teller = Storyteller(judged, variants, trials)
    begun = Round(authors, judged.gene, briefing, teller, variants=variants, heal=bool(crashed))
    begun.begin()
    return begun


def _variant(gene: Gene, attempt: Attempt) -> Variant:
    return Variant(
        gene=gene.id,
        base=gene.base,
        source=attempt.source,
        operator=f"{OPERATOR}{attempt.style}",
        author=attempt.model,
        hypothesis=_words(attempt),
        risk=RISK,
    )


def _words(attempt: Attempt) -> str:
    """What the model says of it, as one line without anything that could steer a terminal."""
    return sentence(attempt.words, _LONGEST) or "A model expects this version to be better."
