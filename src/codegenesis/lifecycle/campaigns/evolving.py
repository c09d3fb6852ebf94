"""`evolve` over many functions: what is worth a turn, and what a turn is.

Plans from the files and the store alone, so that the list of what is going to happen is there
before the first jail is; takes inputs and the jail when a function's turn has come.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from codegenesis.config import Config
from codegenesis.core.budget import Budget
from codegenesis.errors import (
    CodeGenesisError,
    SandboxUnavailableError,
    StoreError,
    TargetError,
)
from codegenesis.ledger import Ledger
from codegenesis.lifecycle.asking import Authors
from codegenesis.lifecycle.campaigns.campaign import Attempt
from codegenesis.lifecycle.campaigns.feeding import Feed, Feeder
from codegenesis.lifecycle.campaigns.promise import Promise, promises, weights
from codegenesis.lifecycle.campaigns.survey import Survey
from codegenesis.lifecycle.evolution import Evolver
from codegenesis.lifecycle.evolved import Evolution
from codegenesis.lifecycle.landing.applying import Refused
from codegenesis.lifecycle.landing.changes import Change, evidence_entry, of_champion, read
from codegenesis.lifecycle.targets import locate
from codegenesis.model import Champion, Gene, RunStep, digest
from codegenesis.store import Store

Tell = Callable[[str], None]


def plan(found: Survey, feeder: Feeder, store: Store) -> list[RunStep]:
    """The steps of a run to be: what has inputs by promise, then what cannot have a turn, and why.

    Raises:
        TargetError: it is one function, and there is nothing to try it on.
    """
    store.put_genes(found.genes)
    feeds = {gene.id: feeder.feed(gene) for gene in found.genes}
    fed = [gene for gene in found.genes if feeds[gene.id].source != "none"]
    if found.single and not fed:
        gene = found.genes[0]
        said = feeds[gene.id]
        raise TargetError(f"{gene.target} has {said.words}", remedy=said.remedy)
    ranked = promises(store, fed)
    fed.sort(key=lambda gene: ranked[gene.id].rank, reverse=True)
    files = {gene.path: digest(read(gene)) for gene in found.genes}
    steps = [
        RunStep(
            run="",
            position=0,
            target=gene.target,
            gene=gene.id,
            reason=f"{ranked[gene.id].reason}; on {feeds[gene.id].words}",
            file_digest=files[gene.path],
        )
        for gene in fed
    ]
    hungry = [gene for gene in found.genes if feeds[gene.id].source == "none"]
    steps += [_skipped(gene.target, feeds[gene.id]) for gene in hungry]
    steps += [
        RunStep(
            run="",
            position=0,
            target=each.target,
            state="skipped",
            reason=each.reason,
            remedy=each.remedy,
        )
        for each in found.unfit
    ]
    return [msgspec.structs.replace(step, position=n) for n, step in enumerate(steps)]


def weights_of(steps: Sequence[RunStep], store: Store) -> dict[int, float]:
    """Weights of steps that wait for their turn, by position."""
    genes = [(step.position, store.gene(step.gene)) for step in steps]
    known = [(position, gene) for position, gene in genes if gene]
    ranked = promises(store, [gene for _, gene in known])
    listed: list[Promise] = [ranked[gene.id] for _, gene in known]
    return dict(zip([position for position, _ in known], weights(listed), strict=True))


def current(steps: Iterable[RunStep], store: Store) -> tuple[list[Gene], list[RunStep]]:
    """The genes of steps that wait, as their files have them now.

    Returns:
        Those, and the steps whose function is gone, as skipped ones.
    """
    genes: list[Gene] = []
    gone: list[RunStep] = []
    for step in steps:
        gene = store.gene(step.gene)
        try:
            if gene is None:
                raise TargetError("it is gone from the store")
            where = f"{gene.path}:{gene.qualname}"
            genes.append(
                gene
                if gene.module == "__main__"
                else locate(where, service=gene.service, cwd=Path(gene.root))
            )
        except CodeGenesisError as error:
            gone.append(
                msgspec.structs.replace(
                    step, state="skipped", reason=str(error), remedy=error.remedy
                )
            )
    return genes, gone


def changes_of(steps: Iterable[RunStep], store: Store) -> tuple[list[Change], list[Refused]]:
    """What a run has found so far, ready to land, in the order of the files; and what cannot."""
    found: list[Change] = []
    refused: list[Refused] = []
    for step in steps:
        champion, gene = store.champion(step.variant), store.gene(step.gene)
        if step.state != "found" or champion is None or gene is None:
            continue
        if reason := _unlandable(champion, gene):
            refused.append(Refused(target=step.target, path=gene.path, where="", reason=reason))
            continue
        there = read(gene)
        before = there if digest(there) == step.file_digest else b""
        entry = evidence_entry(store.entries(variant=step.variant))
        found.append(of_champion(champion, gene, before=before, run=step.run, entry=entry))
    return sorted(found, key=lambda change: (str(change.path), change.gene.line)), refused


def _unlandable(champion: Champion, gene: Gene) -> str:
    if champion.variant.backend != "python":
        return "it is compiled: it goes live as a release, not into the file"
    if champion.variant.base != gene.base:
        return "the function has another source by now"
    return ""


class EvolveWorker:
    """Evolves the functions of one run; see `campaign.Worker`.

    Args:
        genes: of the steps, in any order.
        single: there is one function, so that what goes wrong with it is an error.
        authors: models that write as well; what they cost is counted by whoever opened them.
        tell: told in words what is being done.
    """

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        config: Config,
        feeder: Feeder,
        genes: Iterable[Gene],
        *,
        single: bool,
        authors: Authors | None = None,
        tell: Tell,
    ) -> None:
        self._authors = authors
        self._store, self._ledger, self._config = store, ledger, config
        self._feeder, self._single, self._tell = feeder, single, tell
        self._genes = {gene.id: gene for gene in genes}
        self._evolver: Evolver | None = None
        self._cancelled = threading.Event()
        #: What came of each function in this sitting, by `Gene.id`.
        self.evolutions: dict[str, Evolution] = {}

    def cancel(self) -> None:
        """See `campaign.Worker`."""
        self._cancelled.set()
        if self._evolver is not None:
            self._evolver.cancel()

    def attempt(self, step: RunStep, share: Budget) -> Attempt:
        """See `campaign.Worker`."""
        gene = self._genes[step.gene]
        try:
            return self._evolved(gene, share)
        except (SandboxUnavailableError, StoreError):
            raise  # the next function would fare no better
        except CodeGenesisError as error:
            if self._single:
                raise
            return Attempt(state="failed", reason=str(error), remedy=error.remedy)

    def _evolved(self, gene: Gene, share: Budget) -> Attempt:
        feed = self._feeder.feed(gene)
        config = _narrowed(self._config, share)
        if feed.source == "tests" and self._single:
            seen = []
        else:
            self._tell("running the original")
            seen = self._feeder.observations(gene, feed)
            if not seen:
                return self._hungry(gene)
        if not self._feeder.tested(gene):
            config = msgspec.structs.replace(config, tests=())
        self._evolver = Evolver(
            self._store, self._ledger, config, authors=self._authors, tell=self._tell
        )
        if self._cancelled.is_set():
            self._evolver.cancel()
        done = self.evolutions[gene.id] = self._evolver.evolve(gene, seen)
        champion = done.champion
        return Attempt(
            state="found" if champion else "nothing",
            reason=done.reason,
            variant=champion.variant.id if champion else "",
            gained=f"{champion.gain.ratio:.3g}×" if champion else "",
            trials=len(done.trials),
            cut_short=done.out_of_budget,
        )

    def _hungry(self, gene: Gene) -> Attempt:
        said = self._feeder.without_examples(gene)
        if self._single:
            raise TargetError(f"{gene.target} has {said.words}", remedy=said.remedy)
        return Attempt(state="skipped", reason=said.words, remedy=said.remedy)


def _narrowed(config: Config, share: Budget) -> Config:
    """The settings with a function's share of what is left, where that is the smaller."""
    return msgspec.structs.replace(
        config,
        budget_s=min(config.budget_s, max(1.0, share.seconds)),
        budget_trials=int(min(config.budget_trials, max(1, share.trials))),
    )


def _skipped(target: str, feed: Feed) -> RunStep:
    return RunStep(
        run="", position=0, target=target, state="skipped", reason=feed.words, remedy=feed.remedy
    )
