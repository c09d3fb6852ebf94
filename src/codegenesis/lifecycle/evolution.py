"""One gene's way from traits to champion: baseline, variants, gates, race, minimal diff, record.

The same pass serves the engine and `codegenesis evolve`; only what happens to the champion differs
(a release, or a diff for a person). Crashes come first: a function that fails is healed before it
is made faster, because speed gained on calls that fail is worth nothing.
"""

from __future__ import annotations

import math
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from codegenesis import core, genome
from codegenesis.compiler import FASTEST, Objective, crown, objective
from codegenesis.config import Config
from codegenesis.core.budget import Budget, Meter
from codegenesis.core.experience import Foresight, book
from codegenesis.evidence import Baseline, Case, Gate, case, run_gates, survived
from codegenesis.evidence.strength import strength
from codegenesis.ledger import Ledger
from codegenesis.lifecycle import native
from codegenesis.lifecycle.asking import Authors, Round, round_of
from codegenesis.lifecycle.evolved import Evolution
from codegenesis.lifecycle.grounds import Grounds, lay_grounds
from codegenesis.lifecycle.improving import improved
from codegenesis.lifecycle.jails import bounded, limits_for, open_sandbox, require_found
from codegenesis.lifecycle.schedule import recent, refresh
from codegenesis.lifecycle.tuning import tune
from codegenesis.model import Champion, Gene, Observation, Strength, Trait, Trial, Variant
from codegenesis.sandbox import Sandbox
from codegenesis.store import Store

#: Fresh inputs for each variant before the race; who wins has to pass them all again, and more.
FIRST_LOOK = 100
#: Share of a gene's seconds in which variants go through the gates; the rest is for the race.
GATES_SHARE = 0.35
#: One gate may take this part of a gene's seconds for one variant.
GATE_SHARES = 6
#: Part of a gene's seconds in which wrong versions are put to the gates.
STRENGTH_SHARE = 0.2
LEAST_STRENGTH_S = 6.0
#: Fewer seconds than these are not worth opening an arena for.
LEAST_SEARCH_S = 2.0
#: Part of a gene's seconds that the race has at least, however long models take to answer.
RACE_SHARE = 0.25
#: Part of a gene's seconds in which other values for its numbers and choices are looked for.
TUNE_SHARE = 0.15
#: A healing version may cost this much more CPU per call in the jail, where a race of functions
#: of a microsecond is mostly noise; the canary is stricter (1.25).
HEAL_SLOWDOWN = 2.0

Tell = Callable[[str], None]


class Evolver:
    """Evolves genes of one store, one at a time.

    Args:
        authors: models that write versions beside the rules; None for rules alone.
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
        self.store = store
        self.ledger = ledger
        self.config = config
        self.authors = authors
        self.tell = tell
        self.cancelled = threading.Event()

    def cancel(self) -> None:
        """End the pass under way at the next step; what was learned is kept."""
        self.cancelled.set()

    def evolve(self, gene: Gene, observations: Sequence[Observation] | None = None) -> Evolution:
        """One pass over one gene.

        Args:
            observations: calls to work from; the latest recorded ones when None.

        Raises:
            SandboxUnavailableError: this machine cannot isolate code.
            SandboxImportError: the gene's module cannot be imported in the jail.
            NotEvolvableError: the function cannot be found in it.
            StoreError: the store cannot be written.
        """
        started = time.monotonic()
        seen = recent(self.store, gene) if observations is None else observations
        run = _Pass(self, gene)
        with closing(run), open_sandbox(gene, self.config, limits=limits_for(seen)) as executor:
            require_found(gene, executor)
            found = run.through(executor, seen)
        return msgspec.structs.replace(found, seconds=time.monotonic() - started)


class _Pass:
    """One pass: what is shared by its steps."""

    def __init__(self, evolver: Evolver, gene: Gene) -> None:
        self._store = evolver.store
        self._ledger = evolver.ledger
        self._config = evolver.config
        self._authors = evolver.authors
        self._tell = evolver.tell
        self._cancelled = evolver.cancelled
        self._gene = gene
        self._deadline = time.monotonic() + self._config.budget_s
        self._gates: tuple[Gate, ...] = ()
        self._foresight = Foresight(gene, ())
        self._trials: list[Trial] = []
        self._variants: list[Variant] = []
        self._cut_short = False
        self._round: Round | None = None

    def close(self) -> None:
        """Ask nobody any longer."""
        if self._round:
            self._round.close()

    def through(self, sandbox: Sandbox, observations: Sequence[Observation]) -> Evolution:
        """All steps; the sandbox must be open."""
        self._tell("measuring the original")
        grounds = lay_grounds(self._gene, sandbox, observations, self._config)
        original = grounds.baseline
        self._store.put_traits(_proven(self._gene, original))
        if not original.usable:
            return self._ended(original, f"not evolved: it {original.reason}")
        sandbox.limit(bounded(sandbox.limits, original.outcomes))
        self._gates = grounds.gates()
        crashed = genome.crashes(grounds.observations)
        healing = bool(crashed) and self._config.heal != "off"
        judged = case(
            self._gene,
            sandbox,
            original,
            objective="heal" if healing else "speed",
            crashes=[crash.type for crash in crashed] if healing else (),
            budget_s=self._config.budget_s / GATE_SHARES,
            rtol=self._config.float_tolerance,
            seed=self._config.seed,
        )
        self._tell("writing variants")
        traits = self._write(original, grounds.observations)
        if self._authors:  # they begin to write while the gates are busy with what rules wrote
            self._round = round_of(
                self._authors,
                judged,
                traits=traits,
                crashed=crashed if healing else (),
                redact=self._config.redact,
                variants=self._variants,
                trials=self._trials,
            )
        survivors = self._sift(judged, tuple(self._variants))
        if not healing:
            survivors += self._sift(judged, self._search(original))
            survivors += self._sift(judged, self._tune(judged, survivors))
        survivors += self._ask(judged)
        if healing or self._config.native == "off":
            return self._decide(judged, original, survivors, isolation=sandbox.tier)
        written = self._compile(judged, survivors)
        limits = limits_for(grounds.observations, native=True)  # compilers need memory too
        with open_sandbox(
            self._gene, self._config, limits=limits, preload=native.preload(written)
        ) as roomy:
            judged = msgspec.structs.replace(judged, executor=roomy)
            survivors += self._sift(judged, written)
            return self._decide(judged, original, survivors, isolation=sandbox.tier)

    def _write(self, original: Baseline, observations: Sequence[Observation]) -> list[Trait]:
        traits = refresh(self._store, self._gene, observations)
        context = core.context_for(
            self._gene,
            observations,
            traits=traits,
            pure=original.pure,
            deterministic=original.deterministic,
        )
        proposals = core.propose(self._gene, traits)
        wanted = {proposal.operator for proposal in proposals}
        operators = [each for each in core.operators() if each.name in wanted]
        written = core.generate(
            self._gene, context=context, operators=operators, seed=self._config.seed
        )
        for variant in written:
            self._keep(variant)
        self._foresight = Foresight(
            self._gene,
            traits,
            proposals=proposals,
            book=book(self._config.experience),
            seed=self._config.seed,
        )
        return traits

    def _keep(self, variant: Variant) -> None:
        self._variants.append(variant)
        self._store.put_variant(variant)
        self._ledger.provenance(
            self._gene,
            variant,
            objective=variant.operator,
            seed=variant.seed,
            prompt=self._round.prompt_of(variant) if self._round else "",
        )

    def _ask(self, judged: Case) -> list[Variant]:
        """Versions by models that live, as many as come within their share of the time."""
        if self._round is None:
            return []
        self._tell(f"asking {self._round.name}")
        budget_s = self._config.budget_s
        latest = self._deadline - RACE_SHARE * budget_s - self._strength_s()
        until = min(time.monotonic() + self._config.model_share * budget_s, latest)
        survivors: list[Variant] = []
        for variant in self._round.versions(until=until, over=self._over):
            self._keep(variant)
            survivors += self._sift(judged, [variant])
            self._round.judged(variant, self._trials)
        self._round.close()  # nothing else is to run beside the race
        return survivors

    def _search(self, original: Baseline) -> list[Variant]:
        """Versions that no rule writes: small edits that do less."""
        seconds = self._config.search_share * self._config.budget_s
        if seconds < LEAST_SEARCH_S or self._over():
            return []
        self._tell("trying small edits")
        meter = Meter(Budget(seconds=seconds))
        found = improved(self._gene, original, self._config, meter=meter, over=self._over)
        for variant in found:
            self._keep(variant)
        return found

    def _tune(self, judged: Case, survivors: Sequence[Variant]) -> list[Variant]:
        """The most promising survivor, or else the original, with other values in it."""
        self._tell("tuning numbers and choices")
        promise = {each.id: self._foresight.believe(each).log_gain for each in survivors}
        done = tune(
            judged,
            max(survivors, key=lambda each: promise[each.id], default=None),
            budget_s=TUNE_SHARE * self._config.budget_s,
            seed=self._config.seed,
            over=self._over,
        )
        if done.words:
            self._tell(done.words)
        for variant in done.variants:
            self._keep(variant)
        return list(done.variants)

    def _compile(self, judged: Case, survivors: Sequence[Variant]) -> list[Variant]:
        """Compiled versions of the first survivor, or else of the original."""
        self._tell("compiling")
        source = survivors[0].source if survivors else None
        built = native.compiled(self._gene, judged.calls, self._config, source=source)
        for words in (*built.missing, *built.failed):
            self._tell(words)
        for variant in built.variants:
            self._keep(variant)
        return list(built.variants)

    def _sift(self, judged: Case, variants: Sequence[Variant]) -> list[Variant]:
        quick = msgspec.structs.replace(judged, fresh=FIRST_LOOK)
        survivors: list[Variant] = []
        race_begins = time.monotonic() + GATES_SHARE * (self._deadline - time.monotonic())
        for variant in self._foresight.order(variants):
            if self._over() or (survivors and time.monotonic() > race_begins):
                self._cut_short = True
                break
            self._tell(f"trying {variant.operator}")
            trials = run_gates(self._gates, variant, quick)
            self._note(trials)
            if survived(trials):
                survivors.append(variant)
            else:
                self._foresight.learn(variant, trials)
        return survivors

    def _decide(
        self, judged: Case, original: Baseline, survivors: list[Variant], *, isolation: str
    ) -> Evolution:
        if not survivors:
            return self._ended(original, self._no_survivor())
        healing = judged.objective == "heal"
        self._tell(f"racing {len(survivors)} survivors, looking for the smallest change")
        done = crown(
            judged,
            survivors,
            gates=self._gates,
            last=Grounds.last_gates(self._config),
            pure=original.pure,
            min_gain=1 / HEAL_SLOWDOWN if healing else self._config.min_gain,
            budget_s=max(1.0, self._deadline - time.monotonic() - self._strength_s()),
            objective=FASTEST if healing else self._objective(),
        )
        for variant in done.variants:
            self._keep(variant)
        self._note(done.trials)
        self._learn(survivors)
        if done.champion is None:
            return self._ended(original, done.reason)
        champion = msgspec.structs.replace(
            done.champion, strength=self._strength(judged), isolation=isolation
        )
        self._store.put_champion(champion)
        self._ledger.evidence(self._gene, champion)
        words = "handles what the original crashes on" if healing else "is proven better"
        return self._ended(original, f"{champion.variant.operator} {words}", champion)

    def _learn(self, survivors: Sequence[Variant]) -> None:
        """What became of those that lived: what they gained, where they were raced."""
        for variant in survivors:
            mine = [trial for trial in self._trials if trial.variant == variant.id]
            gates = [trial for trial in mine if trial.gate != "race"]
            races = [trial for trial in mine if trial.gate == "race"]
            log_gain = _log_gain(races[-1], self._config.min_gain) if races else None
            self._foresight.learn(variant, gates, log_gain=log_gain)

    def _objective(self) -> Objective:
        """What the owner is after; a function of their own is looked for in the project as well."""
        home = str(Path(self._config.directory).parent)
        if home not in sys.path:
            sys.path.append(home)
        return objective(self._config.objective)

    def _strength_s(self) -> float:
        wanted = max(LEAST_STRENGTH_S, STRENGTH_SHARE * self._config.budget_s)
        return wanted if self._config.min_strength else 0.0

    def _strength(self, judged: Case) -> Strength | None:
        """How much the evidence would notice; None where the owner does not ask."""
        if not self._config.min_strength:
            return None
        self._tell("measuring how much the evidence would notice")
        found = strength(judged, self._gates, seed=self._config.seed, budget_s=self._strength_s())
        self._store.put_traits(genome.solidity(self._gene, found))
        return found

    def _note(self, trials: Sequence[Trial]) -> None:
        self._trials += trials
        self._store.add_trials(trials)

    def _over(self) -> bool:
        spent = len(self._trials) >= self._config.budget_trials
        return spent or self._cancelled.is_set() or time.monotonic() > self._deadline

    def _no_survivor(self) -> str:
        if not self._variants:
            return "no operator has anything to change"
        return f"none of {len(self._variants)} variants survived the gates"

    def _ended(
        self, original: Baseline, reason: str, champion: Champion | None = None
    ) -> Evolution:
        return Evolution(
            gene=self._gene,
            champion=champion,
            reason=reason,
            variants=tuple(self._variants),
            trials=tuple(self._trials),
            baseline=original,
            out_of_budget=self._cut_short,
            experience=self._foresight.digest,
            asked=self._round.end(self._trials) if self._round else None,
        )


def _proven(gene: Gene, original: Baseline) -> list[Trait]:
    """What the A/A look says of the gene; what repeats itself only with chance given does not."""
    kept = len(original.calls)
    return genome.proven(
        gene,
        calls=kept + original.excluded,
        same=kept if original.deterministic else 0,
        pure=original.pure,
        impure=original.impure or original.reason,
    )


def _log_gain(raced: Trial, min_gain: float) -> float:
    """Logarithm of what a race showed; nothing where that is less than the owner asks for."""
    ratio = raced.measurements["ratio"]
    return math.log(ratio) if ratio >= max(min_gain, 1.0) else 0.0
