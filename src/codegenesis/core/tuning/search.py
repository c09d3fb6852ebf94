"""Which values next? A tree-structured Parzen estimator (Optuna) or, without it, climbing.

Spaces are conditional: a place counts only under the options that lead to it, so it is not varied,
and nothing is learned of it, elsewhere. Optuna (extra `tune`) learns which regions are good from
all that was scored; what is built in moves one place at a time and doubles what helped, which finds
the same in small spaces. Both begin with what stands in the source and ask for every option of a
choice. Rejected: nevergrad (has no conditional spaces), hyperopt (is no longer kept), and a grid
(three places are too many for one).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from codegenesis.core.tuning.site import Site, Value

if TYPE_CHECKING:
    from optuna.trial import Trial

Values = Mapping[str, Value]
#: What a version that cannot be used scores: clearly worse than any that can.
UNUSABLE = -3.0
#: How far the climb goes at first, and then.
_STRIDES = (2.0, 1.4)


class Search(Protocol):
    """Proposes values, and is told how good they are (logarithm of a ratio; higher is better)."""

    def ask(self) -> Values | None:
        """Values not asked before, of the places that count; None when there are no more."""

    def tell(self, score: float) -> None:
        """How good the last ones are."""


def search(places: Sequence[Site], *, seed: int) -> tuple[Search, str]:
    """The best search that is installed, and words about what is missing."""
    try:
        import optuna  # noqa: F401
    except ImportError:
        words = "numbers are tuned by climbing; for a better search: pip install codegenesis[tune]"
        return Climb(places), words
    return Parzen(places, seed=seed), ""


def effective(places: Sequence[Site], values: Values) -> dict[str, Value]:
    """Values of all places that count next to each other; defaults for what is not named."""
    found: dict[str, Value] = {}
    for site in places:
        if site.counts(found):
            found[site.name] = values.get(site.name, site.default)
    return found


class Climb:
    """One place at a time: every option, and numbers as long as doubling or halving helps."""

    def __init__(self, places: Sequence[Site]) -> None:
        self._places = places
        self._best: Values = effective(places, {})
        self._best_score = 0.0
        self._score = 0.0
        self._seen = {_key(self._best)}
        self._steps = self._walk()

    def ask(self) -> Values | None:
        """See `Search`."""
        return next(self._steps, None)

    def tell(self, score: float) -> None:
        """See `Search`."""
        self._score = score

    def _walk(self) -> Iterator[Values]:
        for stride in _STRIDES:
            for site in self._places:
                if not site.counts(self._best):
                    continue
                if site.choices:
                    for option in site.choices:
                        yield from self._try(site, option)
                else:
                    yield from self._climb(site, stride)

    def _climb(self, site: Site, stride: float) -> Iterator[Values]:
        for factor in (stride, 1 / stride):
            before = None
            while before != self._best.get(site.name, site.default):
                before = self._best.get(site.name, site.default)
                assert not isinstance(before, str)
                yield from self._try(site, within(site, before * factor))

    def _try(self, site: Site, value: Value) -> Iterator[Values]:
        values = effective(self._places, {**self._best, site.name: value})
        if _key(values) in self._seen:
            return
        self._seen.add(_key(values))
        yield values
        if self._score > self._best_score:
            self._best, self._best_score = values, self._score


class Parzen:
    """Optuna's sampler, asked and told."""

    def __init__(self, places: Sequence[Site], *, seed: int) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `group` is called experimental since 2021
            sampler = optuna.samplers.TPESampler(
                seed=seed, multivariate=True, group=True, n_startup_trials=6
            )
        self._study = optuna.create_study(direction="maximize", sampler=sampler)
        self._places = places
        self._seen = {_key(effective(places, {}))}
        self._trial: Trial | None = None
        self._study.enqueue_trial(effective(places, {}))
        for site in places:
            for option in site.choices:
                self._study.enqueue_trial(
                    effective(places, {**dict(site.under), site.name: option})
                )
        self._suggested()
        self.tell(0.0)

    def ask(self) -> Values | None:
        """See `Search`."""
        for _ in range(12):
            values = self._suggested()
            if _key(values) not in self._seen:
                self._seen.add(_key(values))
                return values
            self.tell(UNUSABLE / 10)  # known already: look elsewhere
        return None

    def tell(self, score: float) -> None:
        """See `Search`."""
        assert self._trial is not None
        self._study.tell(self._trial, score)

    def _suggested(self) -> dict[str, Value]:
        self._trial = self._study.ask()
        values: dict[str, Value] = {}
        for site in self._places:
            if site.counts(values):
                values[site.name] = _suggest(self._trial, site)
        return values


def _suggest(trial: Trial, site: Site) -> Value:
    if site.choices:
        chosen = trial.suggest_categorical(site.name, site.choices)
        assert chosen is not None
        return chosen
    if isinstance(site.default, int):
        low, high = math.ceil(site.low), math.floor(site.high)
        return trial.suggest_int(site.name, low, high, log=site.log and low > 0)
    return trial.suggest_float(site.name, site.low, site.high, log=site.log)


def within(site: Site, value: float) -> Value:
    """The nearest value that the place may have."""
    bounded = min(max(value, site.low), site.high)
    return round(bounded) if isinstance(site.default, int) else bounded


def _key(values: Values) -> str:
    return repr(sorted(values.items()))
