"""Several models as one: the one that promises most is asked, and another when it fails.

Whatever is wrong with an endpoint (dead, slow, busy, lying) costs the questions that it was asked
and nothing else: the next model is asked, a fuse keeps later questions away from it, and the budget
is charged no more than was held for the question.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from codegenesis.config import Config, Endpoint
from codegenesis.core.budget import Budget, Meter
from codegenesis.core.models.bandit import Bandit
from codegenesis.core.models.cache import AnswerCache
from codegenesis.core.models.failing import Failure
from codegenesis.core.models.member import Member
from codegenesis.core.models.model import Answer, Model, Request, Usage
from codegenesis.core.models.until import Until
from codegenesis.errors import BudgetSpentError, ModelError, StoreError

_NOTHING = "`codegenesis models` shows what is configured and found."


def _keep_quiet(_words: str) -> None:
    pass


class Fleet:
    """Models as one; see `Model`. Use it as a context manager, or call `close`.

    Args:
        models: with different names; see `Member` for what they may have beside it.
        meter: what is asked counts against it.
        file: of answers that were had before; None to keep none.
        seed: of all chance.
        tell: is told of endpoints that fail, in words.

    Attributes:
        spent: on all answers so far.
    """

    def __init__(
        self,
        models: Sequence[Model],
        *,
        meter: Meter | None = None,
        file: Path | None = None,
        seed: int = 0,
        tell: Callable[[str], None] = _keep_quiet,
    ) -> None:
        self.members = tuple(models)
        self.name = ", ".join(model.name for model in models)
        self.spent = Usage()
        self._meter = meter or Meter(Budget())
        self._tell = tell
        self._complaints: set[str] = set()
        self._lock = threading.Lock()
        self._cache = self._opened(file) if file else None
        self._by_name = {model.name: Member(model) for model in models}
        ranked = sorted(self._by_name.values(), key=lambda each: each.rank, reverse=True)
        self._strongest = tuple(member.name for member in ranked)
        usual = {member.name: member.usual_usd for member in ranked}
        self._bandit = Bandit(usual, strongest=self._strongest, seed=seed)

    def ask(
        self,
        request: Request,
        *,
        told: Callable[[str], None] | None = None,
        cancelled: threading.Event | None = None,
        strong: bool = False,
    ) -> Answer:
        """See `Model.ask`.

        Args:
            strong: ask the strongest one, whatever it costs.
        """
        if found := self._remembered(request, strong=strong):
            if told:
                told(found.text)
            return found
        until = Until(cancelled, seconds=self._meter.left_s)
        troubles: list[ModelError | BudgetSpentError] = []
        for name in self._bandit.order(self._by_name, strong=strong):
            try:
                return self._asked(self._by_name[name], request, told, until)
            except (ModelError, BudgetSpentError) as error:
                troubles.append(error)
            if self._meter.over or until.is_set():
                break
        raise self._no_answer(troubles, cancelled)

    @property
    def parallel(self) -> int:
        """Questions that may be under way at once; one for a model that does not say."""
        tables = (getattr(member, "endpoint", None) for member in self.members)
        return sum(each.parallel if isinstance(each, Endpoint) else 1 for each in tables)

    @property
    def stronger(self) -> Model:
        """This fleet, with its strongest model asked first."""
        return _Stronger(self)

    def reward(self, model: str, value: float) -> None:
        """Note what came of an answer, for the choice of whom to ask next.

        Args:
            model: `Answer.model`.
            value: 0 nothing came of it, 1 the best that could.
        """
        self._bandit.reward(model, value)

    def close(self) -> None:
        """End what was started for it."""
        for model in self.members:
            if close := getattr(model, "close", None):
                close()
        if self._cache:
            self._cache.close()

    def __enter__(self) -> Fleet:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _opened(self, file: Path) -> AnswerCache | None:
        """Without it every answer is asked for anew, which is no reason to ask for none."""
        try:
            return AnswerCache(file)
        except StoreError as error:
            self._tell(f"{error}. {error.remedy}")
            return None

    def _remembered(self, request: Request, *, strong: bool) -> Answer | None:
        """An earlier answer, whoever of those that may be asked gave it."""
        if self._cache is None:
            return None
        names = self._strongest[:1] if strong else self._strongest
        identities = (self._by_name[name].identity for name in names)
        found = (self._cache.get(identity, request) for identity in identities)
        return next(filter(None, found), None)

    def _asked(
        self,
        member: Member,
        request: Request,
        told: Callable[[str], None] | None,
        until: Until,
    ) -> Answer:
        try:
            answer = member.ask(request, told=told, cancelled=until, meter=self._meter)
        except ModelError as error:
            self._complain(str(error), until)
            raise
        usage = answer.usage
        self._bandit.paid(member.name, usd=usage.usd, seconds=usage.seconds)
        with self._lock:
            self.spent = _sum(self.spent, usage)
        if self._cache:
            self._cache.put(member.identity, request, answer)
        return answer

    def _complain(self, words: str, until: Until) -> None:
        """Tell of what went wrong, once."""
        with self._lock:
            known = until.is_set() or words in self._complaints
            self._complaints.add(words)
        if not known:
            self._tell(words)

    def _no_answer(
        self, troubles: Sequence[ModelError | BudgetSpentError], cancelled: threading.Event | None
    ) -> ModelError:
        if cancelled is not None and cancelled.is_set():
            return Failure("cancelled", kind="cancelled", free=True)
        if troubles and all(isinstance(each, BudgetSpentError) for each in troubles):
            self._meter.exhaust(str(troubles[0]))
        if self._meter.over:
            return ModelError(self._meter.over, remedy="Give it more: --budget …")
        if len(troubles) == 1 and isinstance(troubles[0], ModelError):
            return troubles[0]
        words = "; ".join(str(each) for each in troubles) or "there is no model to ask"
        remedy = next((each.remedy for each in troubles if each.remedy), _NOTHING)
        return ModelError(words, remedy=remedy)


class _Stronger:
    """A fleet as one model, the strongest first."""

    def __init__(self, fleet: Fleet) -> None:
        self.name = fleet.name
        self._fleet = fleet

    def ask(
        self,
        request: Request,
        *,
        told: Callable[[str], None] | None = None,
        cancelled: threading.Event | None = None,
    ) -> Answer:
        """See `Model.ask`."""
        return self._fleet.ask(request, told=told, cancelled=cancelled, strong=True)


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(
        input_tokens=one.input_tokens + other.input_tokens,
        output_tokens=one.output_tokens + other.output_tokens,
        cached_tokens=one.cached_tokens + other.cached_tokens,
        usd=one.usd + other.usd,
        seconds=one.seconds + other.seconds,
        estimated=one.estimated or other.estimated,
    )


def fleet(
    config: Config,
    *,
    meter: Meter | None = None,
    environ: Mapping[str, str] | None = None,
    tell: Callable[[str], None] = _keep_quiet,
) -> Fleet | None:
    """The models that the settings name.

    Args:
        meter: what is asked counts against it.
        environ: where keys are; `os.environ` when left out.
        tell: is told of endpoints that fail, in words.

    Returns:
        None when models are off, or none is configured or found.

    Raises:
        ConfigError: a name means nothing.
    """
    from codegenesis.core.models.finding import find

    models = find(config, environ=environ)
    if not models:
        return None
    file = Path(config.directory) / "answers.db"
    return Fleet(models, meter=meter, file=file, seed=config.seed, tell=tell)
