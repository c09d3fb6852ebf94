"""What `fix` and `synthesise` share: showing what they offer, keeping the run, landing one."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.syntax import Syntax

from codegenesis.cli.landing import Landed, LandingWish, land
from codegenesis.config import Config
from codegenesis.core.budget import Budget, Meter
from codegenesis.errors import UsageError
from codegenesis.lifecycle.campaigns.runs import Keeper, begin
from codegenesis.lifecycle.landing.changes import read
from codegenesis.lifecycle.offers.offer import Offer, change_of
from codegenesis.model import Gene, RunStep
from codegenesis.store import Store


class Errand:
    """One function's turn, kept as a run.

    Args:
        command: its name.
    """

    def __init__(self, store: Store, config: Config, gene: Gene, *, command: str) -> None:
        self._store, self._gene = store, gene
        self._before = read(gene)
        self._meter = Meter(Budget())
        self._keeper: Keeper = begin(store, config, command=command, targets=[gene.target])
        step = RunStep(run=self.run, position=0, target=gene.target, gene=gene.id)
        self._keeper.plan([step])

    @property
    def run(self) -> str:
        """`Run.id`."""
        return self._keeper.run.id

    def end(self, offers: Sequence[Offer], *, reason: str, trials: int) -> None:
        """Keep what came of it."""
        self._meter.spend(trials=trials)
        step = RunStep(
            run=self.run,
            position=0,
            target=self._gene.target,
            gene=self._gene.id,
            state="found" if offers else "nothing",
            reason=reason,
            variant=offers[0].variant.id if offers else "",
            trials=trials,
            seconds=self._meter.seconds,
        )
        self._keeper.note(step)
        self._keeper.keep(self._meter, state="finished")

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


def draw_offers(console: Console, offers: Sequence[Offer], *, fresh: int = 0) -> None:
    """Each offer with what speaks for and against it, and its diff."""
    for number, offer in enumerate(offers, start=1):
        agreed = ""
        if offer.agreement is not None and len(offers) > 1:
            on = f"{fresh} " if fresh else ""
            agreed = f", agrees with {offer.agreement:.0%} of the others on {on}made-up inputs"
        console.print(f"{number}: {offer.variant.id} passes all {offer.cases} cases{agreed}")
        for words in (*offer.words, *offer.reasons[:2]):
            console.print(f"   {words}", markup=False)
        console.print(Syntax(offer.diff, "diff", background_color="default"))


def spent(reason: str) -> bool:
    """Whether a search ended because of its budget."""
    return reason.endswith(("are over", "are used up", "are spent"))
