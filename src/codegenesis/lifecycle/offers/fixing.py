"""From failing cases to fixes that a person can choose from.

The cases are examples, recorded calls or the user's tests. The search runs on the arena's scores;
what it finds is ranked on inputs that nobody wrote, then judged again from outside, and only what
holds there is offered. It is *plausible*: it passes everything that is known. Whether it is right,
nothing here can say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from codegenesis.arena.messages import Example, Score
from codegenesis.config import Config
from codegenesis.core.budget import Meter
from codegenesis.core.coders import Attempt
from codegenesis.core.operator import module_source
from codegenesis.core.repair import Found, Fresh, Plausible, neighbours, ranked, repair
from codegenesis.evidence.arena import Arena
from codegenesis.evidence.hosting import Host
from codegenesis.ledger import Ledger
from codegenesis.lifecycle.asking import OPERATOR, Asked, Authors
from codegenesis.lifecycle.jails import open_sandbox
from codegenesis.lifecycle.offers.asked import Guests, briefing_of
from codegenesis.lifecycle.offers.offer import Cases, Judge, Offer, failures
from codegenesis.lifecycle.offers.share import Share
from codegenesis.model import OURS, Gene, Record, Variant
from codegenesis.store import Store

#: Steps allowed for a case are found by asking for more and more.
_STEPS = (10_000, 100_000, 1_000_000)
#: Fixes need not be as quick as what is wrong.
_ROOM = 5
#: Generated inputs on which plausible versions are compared.
_FRESH = 400
#: Plausible versions that are judged from outside, at most; the most believable first.
_JUDGED = 12
#: Share of the seconds that the search may have (the rest is for judging), and of those what is
#: kept for generous steps.
_SEARCH_SHARE, _GENEROUS_SHARE = 0.85, 0.3
_SHOWN = 5
#: Share of the seconds in which the tests may be watched for the calls that they make.
_WATCH_SHARE, _WATCH_S = 0.15, 60.0

Tell = Callable[[str], None]


class Fixing(Record, frozen=True, kw_only=True):
    """What a search for fixes came to.

    Attributes:
        fixes: the most believable first.
        reason: how it ended, in words.
        failing: cases that the original fails.
        nearest: cases that the best version passes, when there is no fix.
        suspicious: lines of the function, from 1, with their suspiciousness, the worst first.
        fresh: generated inputs that fixes were compared on.
        asked: what models were asked, and what it came to; None where there are none.
        first_trial, first_s: when the first plausible version was found.
        cut_short: the search was ended by its budget.
    """

    gene: Gene
    fixes: tuple[Offer, ...] = ()
    reason: str
    cases: int = 0
    failing: tuple[str, ...] = ()
    nearest: int = 0
    suspicious: tuple[tuple[int, float], ...] = ()
    fresh: int = 0
    trials: int = 0
    first_trial: int = 0
    first_s: float = 0.0
    seconds: float = 0.0
    cut_short: bool = False
    asked: Asked | None = None


class Fixer:
    """Looks for fixes; one function at a time.

    Args:
        authors: models whose versions join the search; None for the search alone.
        tell: told in words what is being done.
    """

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        config: Config,
        *,
        authors: Authors | None = None,
        tell: Tell = lambda _words: None,
    ) -> None:
        self._store, self._ledger, self._config, self._tell = store, ledger, config, tell
        self._authors = authors
        self._guests: Guests | None = None

    def fix(self, gene: Gene, cases: Cases, *, meter: Meter) -> Fixing:
        """Look for versions of the gene that pass all cases.

        Args:
            meter: what it may spend; when it is cancelled, what was found is kept.

        Raises:
            UsageError: the cases cannot be used.
            SandboxUnavailableError: this machine cannot isolate code.
            SandboxError: the arena has failed.
        """
        self._tell("trying the original")
        cases = _with_calls(gene, cases, wall_s=_WATCH_SHARE * meter.left_s)
        with self._arena(gene, cases) as arena:
            before = _allow(arena, gene.source)
            failing = failures(arena, before.endings)
            if before.error or not failing:
                words = before.error or f"it passes all of {len(arena.cases)} cases"
                return Fixing(gene=gene, reason=words, cases=len(arena.cases))
            search = Share(meter, _SEARCH_SHARE * meter.left_s)
            if self._authors:
                told = briefing_of(gene, cases, failing, before, redact=self._config.redact)
                self._guests = Guests(self._authors, told, arena.cases, search)
            try:
                found = self._search(gene, arena, search, hangs="steps" in before.endings)
            finally:
                if self._guests:
                    self._guests.close()
            fixes, fresh = self._believable(gene, cases, found, before, arena)
        first = min((each.trials for each in found.plausible), default=0)
        return Fixing(
            gene=gene,
            fixes=fixes,
            reason=found.reason,
            cases=len(arena.cases),
            failing=failing,
            nearest=found.best.score.passed,
            suspicious=found.suspicious,
            fresh=fresh,
            trials=meter.trials,
            first_trial=first,
            first_s=min((each.seconds for each in found.plausible), default=0.0),
            seconds=meter.seconds,
            cut_short=bool(search.over),
            asked=self._guests.asked if self._guests else None,
        )

    def _arena(self, gene: Gene, cases: Cases) -> Arena:
        return Arena(
            gene,
            examples=cases.examples,
            tests=cases.tests,
            project=cases.project,
            setup=self._config.sandbox_setup,
        )

    def _search(self, gene: Gene, arena: Arena, meter: Share, *, hangs: bool) -> Found:
        """Once; where the original hangs, with few steps first and then with many."""
        if not hangs:
            return self._repair(gene, arena, meter)
        found = self._repair(gene, arena, Share(meter, (1 - _GENEROUS_SHARE) * meter.left_s))
        if found.plausible or meter.over:
            return found
        arena.steps *= _ROOM
        return self._repair(gene, arena, meter)

    def _repair(self, gene: Gene, arena: Arena, meter: Meter) -> Found:
        return repair(
            gene.source,
            arena,
            meter=meter,
            module_source=module_source(gene),
            qualname=gene.qualname,
            seed=self._config.seed,
            visitors=self._guests,
            tell=self._tell,
        )

    def _believable(
        self, gene: Gene, cases: Cases, found: Found, before: Score, arena: Arena
    ) -> tuple[tuple[Offer, ...], int]:
        """The plausible versions that hold outside, the most believable first."""
        if not found.plausible:
            return (), 0
        self._tell(f"comparing {len(found.plausible)} versions on inputs that nobody wrote")
        made = neighbours(cases.inputs, seed=self._config.seed, n=_FRESH)
        plausible = found.plausible
        if made:
            examples = [Example(call=each.call, alive=True) for each in made]
            passed = _by_case(cases, before)
            near = tuple(passed[each.of] for each in made)
            with self._arena(gene, Cases(examples=tuple(examples))) as fresh:
                fresh.steps = arena.steps
                plausible = ranked(
                    gene.source, plausible, fresh=Fresh(judge=fresh.score, passed=near)
                )
        else:
            plausible = ranked(gene.source, plausible)
        return self._judged(gene, cases, plausible, arena), len(made)

    def _judged(
        self, gene: Gene, cases: Cases, plausible: Sequence[Plausible], arena: Arena
    ) -> tuple[Offer, ...]:
        self._tell("judging the most believable from outside")
        fixes: list[Offer] = []
        with open_sandbox(gene, self._config) as sandbox:
            judge = Judge(
                gene,
                cases,
                executor=sandbox,
                arena=arena,
                store=self._store,
                ledger=self._ledger,
                objective="fix",
            )
            for each in plausible[:_JUDGED]:
                author = self._guests.author_of(each.stage) if self._guests else None
                offer = judge.offer(
                    self._variant(gene, each, len(arena.cases), author),
                    words=tuple(edit.words for edit in each.edits),
                    size=each.size,
                    agreement=each.agreement,
                    reasons=each.reasons,
                    prompt=author.prompt if author else "",
                )
                fixes += [offer] if offer else []
                if len(fixes) >= _SHOWN:
                    break
        return tuple(fixes)

    def _variant(
        self, gene: Gene, version: Plausible, cases: int, author: Attempt | None
    ) -> Variant:
        edits = "; ".join(edit.words for edit in version.edits)
        return Variant(
            gene=gene.id,
            base=gene.base,
            source=version.source,
            operator=f"{OPERATOR}{author.style}" if author else "genetic",
            author=author.model if author else OURS,
            hypothesis=f"{edits}: passes all {cases} cases.",
            risk="Passing the cases is not being right; read it.",
            seed=self._config.seed,
        )


def _with_calls(gene: Gene, cases: Cases, *, wall_s: float) -> Cases:
    """The same with the calls that the tests make, where none are known."""
    if cases.inputs or not cases.tests:
        return cases
    host = Host(gene, project=cases.project or Path(gene.root), paths=cases.tests)
    notes, _ = host.watch(wall_s=min(wall_s, _WATCH_S))
    return msgspec.structs.replace(cases, calls=tuple(notes.calls))


def _allow(arena: Arena, source: str) -> Score:
    """Let cases take as many steps as the original needs where it ends, with room, and score it."""
    for steps in _STEPS:
        arena.steps = steps
        score = arena.score([source])[0]
        if "steps" not in score.endings:
            break
    pairs = zip(score.endings, score.used, strict=False)
    most = max((used for ending, used in pairs if ending != "steps"), default=0)
    arena.steps = max(_STEPS[0], _ROOM * most)
    return score


def _by_case(cases: Cases, before: Score) -> list[bool]:
    """For each known call, whether it is one that the original deals with."""
    known = [ending == "passed" for ending in before.endings[: len(cases.examples)]]
    return known + [True] * (len(cases.inputs) - len(known))
