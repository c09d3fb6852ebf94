"""What became of a gene's versions so far, as the next brief tells it.

Gains that a model is told are measured, in a race of half a second that proves nothing: without
them a model is shown "the best" versions in an order that nobody has measured, and believes it.
"""

from __future__ import annotations

from collections.abc import Sequence

from codegenesis.compiler import Terms, race
from codegenesis.evidence import Case
from codegenesis.model import Record, Trial, Variant

#: A race that is over soon, and how many versions are raced so: nobody is asked meanwhile.
_QUICK = Terms(pairs=2, most_pairs=2, budget_s=0.5)
_RACED = 4


class Story(Record, frozen=True, kw_only=True):
    """What became of versions.

    Attributes:
        lived: versions that passed the gates, the best first, each with its CPU ratio old / new.
        died: versions with the trial that they died of, in order.
    """

    lived: tuple[tuple[Variant, float], ...] = ()
    died: tuple[tuple[Variant, Trial], ...] = ()


class Storyteller:
    """Tells the story of a case from the lists that a pass keeps.

    Args:
        variants, trials: all of them so far, kept up to date by their owner.
    """

    def __init__(self, judged: Case, variants: Sequence[Variant], trials: Sequence[Trial]) -> None:
        self._judged, self._variants, self._trials = judged, variants, trials
        self._gains: dict[str, float] = {}

    def story(self) -> Story:
        """As it stands now.

        Raises:
            SandboxError: the sandbox itself has failed.
        """
        tried = {trial.variant for trial in self._trials}
        deaths = {trial.variant: trial for trial in self._trials if trial.verdict == "failed"}
        lived = [each for each in self._variants if each.id in tried - deaths.keys()]
        raced = [(each, self._gain(each)) for each in lived[:_RACED]]
        return Story(
            lived=tuple(sorted(raced, key=lambda pair: -pair[1])),
            died=tuple((each, deaths[each.id]) for each in self._variants if each.id in deaths),
        )

    def _gain(self, variant: Variant) -> float:
        if variant.id not in self._gains:
            case = self._judged
            ended = race(
                case.executor, case.gene.qualname, variant.source, case.calls, terms=_QUICK
            )
            self._gains[variant.id] = ended.gain.ratio
        return self._gains[variant.id]
