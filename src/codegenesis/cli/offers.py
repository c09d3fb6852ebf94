"""What `fix` and `synthesise` share: showing what they offer, keeping the run, landing one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.syntax import Syntax

from codegenesis.cli.landing import Landed, LandingWish, land
from codegenesis.cli.output import printable
from codegenesis.cli.searching import Tell, searching
from codegenesis.config import Config
from codegenesis.core.budget import Budget, Meter
from codegenesis.errors import UsageError
from codegenesis.lifecycle.asking import Asked
from codegenesis.lifecycle.campaigns.runs import Keeper, begin
from codegenesis.lifecycle.landing.changes import read
from codegenesis.lifecycle.offers.offer import Offer, change_of
from codegenesis.model import OURS, Gene, RunStep
from codegenesis.store import Store

DEFAULT_BUDGET = "60s"


class Errand:
    """One function's turn, kept as a run.

    Args:
        command: its name.

    Attributes:
        meter: what it may spend, from now on.

    Raises:
        UsageError: the budget makes no sense.
    """

    def __init__(self, store: Store, config: Config, gene: Gene, *, command: str) -> None:
        self._store, self._gene = store, gene
        self._before = read(gene)
        default = Budget.parse(DEFAULT_BUDGET)
        given = Budget.parse(config.budget) if config.budget else default
        self.meter = Meter(given.ended_by(default))
        self._interrupted = False
        self._keeper: Keeper = begin(store, config, command=command, targets=[gene.target])
        step = RunStep(run=self.run, position=0, target=gene.target, gene=gene.id)
        self._keeper.plan([step])

    @property
    def run(self) -> str:
        """`Run.id`."""
        return self._keeper.run.id

    @contextmanager
    def under_way(self, doing: str) -> Iterator[Tell]:
        """While the search runs; gives what to tell its progress to."""
        with searching(f"{doing} {self._gene.target}", self.meter) as tell:
            yield tell
        self._interrupted = self.meter.cancelled

    def end(self, offers: Sequence[Offer], *, reason: str) -> None:
        """Keep what came of it."""
        step = RunStep(
            run=self.run,
            position=0,
            target=self._gene.target,
            gene=self._gene.id,
            state="found" if offers else "nothing",
            reason=reason,
            variant=offers[0].variant.id if offers else "",
            trials=self.meter.trials,
            seconds=self.meter.seconds,
        )
        self._keeper.note(step)
        self._keeper.keep(self.meter, state="finished")

    def land(
        self, offers: Sequence[Offer], wish: LandingWish, *, pick: int, subject: str
    ) -> Landed:
        """Let one of the offers land as it was wished for.

        Raises:
            UsageError: there is no such offer.
        """
        if not offers or (not wish.apply and wish.branch is None):
            return Landed()
        if not 1 <= pick <= len(offers):
            raise UsageError(f"expected --pick 1 to {len(offers)}, got {pick}")
        change = change_of(
            offers[pick - 1], self._gene, subject=subject, before=self._before, run=self.run
        )
        return land([change], wish, store=self._store, run=self.run)

    def exit_code(self, offers: Sequence[Offer], landed: Landed, *, cut_short: bool) -> int:
        """What the command ends with.

        Args:
            cut_short: the search was ended by its budget.
        """
        if self._interrupted:
            return 130
        if offers:
            return landed.exit_code
        return 6 if cut_short else 3


def draw_asked(console: Console, asked: Asked | None) -> None:
    """What asking models came to, where any were."""
    if asked is not None:
        console.print(f"models: {printable(asked.words)}", markup=False, soft_wrap=True)


def draw_offers(console: Console, offers: Sequence[Offer], *, fresh: int = 0) -> None:
    """Each offer with what speaks for and against it, and its diff."""
    for number, offer in enumerate(offers, start=1):
        agreed = ""
        if offer.agreement is not None and len(offers) > 1:
            on = f"{fresh} " if fresh else ""
            agreed = f", agrees with {offer.agreement:.0%} of the others on {on}made-up inputs"
        author = "" if offer.variant.author == OURS else f", by {printable(offer.variant.author)}"
        passes = f"{number}: {offer.variant.id}{author} passes all {offer.cases} cases{agreed}"
        console.print(passes, markup=False)
        for words in (*offer.words, *offer.reasons[:2]):
            console.print(f"   {words}", markup=False)
        console.print(Syntax(offer.diff, "diff", background_color="default"))
