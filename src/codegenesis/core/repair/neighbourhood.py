"""All versions one edit away from a version, the most likely ones first, a few at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from codegenesis.core.genetic import Edit, applied, edits, ingredients
from codegenesis.core.repair.found import Draft, Version
from codegenesis.core.repair.kinds import Kinds
from codegenesis.core.repair.localise import Suspicion, module_names
from codegenesis.core.repair.promise import Promise
from codegenesis.core.repair.trials import Trials

#: Suspicion of the lines of a source, and the types that its variables were seen with.
Seen = tuple[Suspicion, dict[str, tuple[str, ...]]]


class Surroundings:
    """What does not change while one function is repaired, and who writes its neighbourhoods."""

    def __init__(self, trials: Trials, *, module_source: str, qualname: str) -> None:
        self.trials = trials
        self.kinds = Kinds()
        self.module_source = module_source
        self.qualname = qualname
        self.known = module_names(module_source) if module_source else frozenset()
        self._traced: tuple[str, Seen] = ("", (Suspicion("", ()), {}))

    def learn(self, versions: Iterable[Version], promise: Promise) -> None:
        """Note which kinds of edits brought something."""
        for version in versions:
            if version.trail:
                self.kinds.learn(version.trail[-1].kind, gained=promise.gains(version))

    def suspicion(self, source: str) -> Seen:
        """Suspicious lines of a source, and the types that its variables were seen with."""
        if source == self._traced[0]:
            return self._traced[1]
        traced = self.trials.evaluator.trace(source)
        types: dict[str, set[str]] = {}
        for each in traced:
            for name, seen in each.types.items():
                types.setdefault(name, set()).update(seen)
        found = {name: tuple(sorted(seen)) for name, seen in sorted(types.items())}
        self._traced = source, (Suspicion(source, traced, known=self.known), found)
        return self._traced[1]

    def edits(self, source: str, *, history: bool = True) -> tuple[list[Edit], Suspicion]:
        """All edits of a source in the order in which they are worth trying.

        Args:
            history: whether what kinds of edits have brought so far counts.
        """
        suspicion, types = self.suspicion(source)
        given = ingredients(source, module_source=self.module_source, qualname=self.qualname)
        found = edits(source, given=given, types=types)
        priority = [self.priority(edit, suspicion, history=history) for edit in found]
        order = sorted(range(len(found)), key=lambda at: (-priority[at], at))
        return [found[at] for at in order], suspicion

    def priority(self, edit: Edit, suspicion: Suspicion, *, history: bool = True) -> float:
        """Prior of the edit × suspiciousness of its line × what its kind has brought."""
        brought = self.kinds.factor(edit.kind) if history else 1.0
        return edit.weight * suspicion.of(edit.line) * brought


class Neighbourhood:
    """The versions one edit away from one version, lazily.

    Args:
        history: as for `Surroundings.edits`.

    Attributes:
        taken: drafts handed out so far.
    """

    def __init__(
        self,
        around: Surroundings,
        source: str,
        trail: tuple[Edit, ...] = (),
        *,
        history: bool = True,
    ) -> None:
        self._around = around
        self._history = history
        self._source = source
        self._trail = trail
        self._drafts: Iterator[Draft] | None = None
        self.taken = 0

    def take(self, most: int) -> list[Draft]:
        """The next drafts; none when all were handed out."""
        if self._drafts is None:
            self._drafts = self._write()
        taken = list(islice(self._drafts, most))
        self.taken += len(taken)
        return taken

    def _write(self) -> Iterator[Draft]:
        for edit in self._around.edits(self._source, history=self._history)[0]:
            source = applied(self._source, (edit,))
            if source is not None:
                trail = (*self._trail, edit)
                yield Draft(source=source, trail=trail, weight=weight_of(trail))


def weight_of(trail: tuple[Edit, ...]) -> float:
    """Prior of several edits together: that of independent ones."""
    product = 1.0
    for edit in trail:
        product *= edit.weight
    return product
