"""What a search found, judged from outside and offered to a person.

Fixes and filled bodies pass every case in the workshop, where they scored themselves. Here they are
put to the same cases where they cannot: examples in a jail of their own, compared in this process;
tests in a fresh process. What holds is written down with its origin, and is offered; it is
*plausible*, not proven right.
"""

from __future__ import annotations

import time
from pathlib import Path

from codegenesis.arena.messages import Example
from codegenesis.compiler import patch
from codegenesis.errors import FragmentError
from codegenesis.evidence.arena import Arena
from codegenesis.evidence.examples import shortfalls
from codegenesis.evidence.rules import RULES, Subjects
from codegenesis.ledger import Ledger
from codegenesis.lifecycle.landing.changes import Change
from codegenesis.model import Entry, Gene, Record, Trial, Variant
from codegenesis.sandbox import Executor
from codegenesis.store import Store


class Cases(Record, frozen=True, kw_only=True):
    """What the function should do.

    Attributes:
        examples: calls and what is expected of them.
        tests: files and directories with pytest tests, relative to `project`.
        calls: further calls of the function, to make up inputs from.
    """

    examples: tuple[Example, ...] = ()
    tests: tuple[Path, ...] = ()
    project: Path | None = None
    calls: tuple[bytes, ...] = ()

    @property
    def inputs(self) -> tuple[bytes, ...]:
        """Calls that are known."""
        return (*(each.call for each in self.examples), *self.calls)


class Offer(Record, frozen=True, kw_only=True):
    """One plausible version.

    Attributes:
        diff: against the gene's file.
        words: what was done, a line each.
        size: of the change; smaller is easier to believe.
        agreement: with the other plausible versions on made-up inputs, 0..1; None when there is
            nothing to compare.
        reasons: what speaks against it.
        cases: that it passes.
        entry: of the ledger, with its origin.
    """

    variant: Variant
    diff: str
    words: tuple[str, ...] = ()
    size: float = 0.0
    agreement: float | None = None
    reasons: tuple[str, ...] = ()
    cases: int = 0
    entry: Entry | None = None


class Judge:
    """Puts versions of one gene to its cases from outside.

    Args:
        executor: sandbox of the gene's environment.
        arena: open on the tests; None where there are only examples.
        objective: what is written down as the purpose, like `fix`.
    """

    def __init__(
        self,
        gene: Gene,
        cases: Cases,
        *,
        executor: Executor,
        arena: Arena | None,
        store: Store,
        ledger: Ledger,
        objective: str,
    ) -> None:
        self._gene, self._cases = gene, cases
        self._executor, self._arena = executor, arena if cases.tests else None
        self._store, self._ledger, self._objective = store, ledger, objective

    def offer(
        self,
        variant: Variant,
        *,
        words: tuple[str, ...] = (),
        size: float = 0.0,
        agreement: float | None = None,
        reasons: tuple[str, ...] = (),
        prompt: str = "",
    ) -> Offer | None:
        """The version as an offer, written down; None when it does not hold.

        Args:
            prompt: digest of what a model was asked for it.
        """
        began = time.monotonic()
        wrong = self._wrong(variant)
        trial = Trial(
            variant=variant.id,
            gate="examples" if self._cases.examples else "tests",
            verdict="failed" if wrong else "passed",
            checks=self._count,
            detail=wrong,
            seconds=time.monotonic() - began,
            at_ns=time.time_ns(),
        )
        self._store.put_variant(variant)
        self._store.add_trials([trial])
        entry = self._ledger.provenance(
            self._gene, variant, objective=self._objective, seed=variant.seed, prompt=prompt
        )
        if wrong:
            return None
        return Offer(
            variant=variant,
            diff=patch(self._gene, variant.source),
            words=words,
            size=size,
            agreement=agreement,
            reasons=reasons,
            cases=self._count,
            entry=entry,
        )

    @property
    def _count(self) -> int:
        return len(self._cases.examples) + (len(self._arena.cases) if self._arena else 0)

    def _wrong(self, variant: Variant) -> str:
        """Why it is not to be had, in words; empty when nothing speaks against it."""
        try:
            subjects = Subjects.of(self._gene, variant)
            patch(self._gene, variant.source)
        except (SyntaxError, FragmentError) as error:
            return str(error)
        if broken := [words for rule in RULES for words in rule(subjects)]:
            return "; ".join(broken[:3])
        examples = self._cases.examples
        missed = shortfalls(self._gene, variant.source, examples, self._executor)
        if missed or self._arena is None:
            return missed[0].words if missed else ""
        alone = self._arena.alone(variant.source)
        failing = failures(self._arena, alone.endings)
        return alone.error or (f"alone it fails {failing[0]}" if failing else "")


def failures(arena: Arena, endings: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the cases that were not passed."""
    pairs = zip(arena.cases, endings, strict=False)
    return tuple(name for name, ending in pairs if ending != "passed")


def change_of(offer: Offer, gene: Gene, *, subject: str, before: bytes, run: str) -> Change:
    """An offer as a change of the working tree, or of a branch.

    Args:
        subject: what it does, in a line.
        before: the file as the gene was read from it.
        run: `Run.id`.
    """
    variant = offer.variant
    trailers = [
        ("Cases", str(offer.cases)),
        ("Agreement", "" if offer.agreement is None else f"{offer.agreement:.2f}"),
        ("Operator", variant.operator),
        ("Author", variant.author),
        ("Variant", variant.id),
        ("Run", run),
        ("Ledger", f"{offer.entry.seq} {offer.entry.hash}" if offer.entry else ""),
    ]
    undo = f"Undo with `git revert`; where it was applied, with `codegenesis undo {run}`."
    return Change(
        gene=gene,
        source=variant.source,
        before=before,
        subject=subject,
        body="\n\n".join([variant.hypothesis, f"Risk: {variant.risk}", undo]),
        trailers=tuple(trailers),
        variant=variant.id,
    )
