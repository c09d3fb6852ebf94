"""Several models as one: the one that promises most is asked, and another when it fails.

Whatever is wrong with an endpoint (dead, slow, busy, lying) costs the questions that it was asked
and nothing else: the next model is asked, a fuse keeps later questions away from it, and the budget
is charged no more than was held for the question.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import msgspec

from codegenesis.config import Config
from codegenesis.core.budget import Budget, Hold, Meter
from codegenesis.core.models.bandit import Bandit
from codegenesis.core.models.breaker import Breaker
from codegenesis.core.models.cache import AnswerCache
from codegenesis.core.models.failing import Failure
from codegenesis.core.models.model import Answer, Model, Request, Usage
from codegenesis.core.models.prices import FREE, TEMPLATE, Price, most_input, most_output
from codegenesis.errors import BudgetSpentError, ModelError

#: A usual answer, to guess what one costs before there was any.
_USUAL_IN, _USUAL_OUT = 1000, 400

#: How often whoever waits looks whether to go on.
_LOOK_S = 0.05

_NOTHING = "No model answers: `codegenesis models` shows what is configured and found."


def _keep_quiet(_words: str) -> None:
    pass


class _Member:
    """One model of a fleet."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.name = model.name
        self.breaker = Breaker()
        self.price: Price | None = getattr(model, "price", FREE)
        self.strength: float = getattr(model, "strength", 0.0)
        self.identity: str = getattr(model, "identity", model.name)
        self.template = TEMPLATE

    def usd(self, input_tokens: int, output_tokens: int) -> float:
        price = self.price or FREE
        return price.usd(input_tokens=input_tokens, output_tokens=output_tokens)

    @property
    def rank(self) -> tuple[float, float]:
        """What is said to be stronger is; of the rest, what is dearer."""
        return self.strength, self.usd(_USUAL_IN, _USUAL_OUT)


class Fleet:
    """Models as one; see `Model`. Use it as a context manager, or call `close`.

    Args:
        models: with different names; one may have `price`, `strength` and `identity` (what tells
            its answers from others' in the cache), and `close`.
        meter: what is asked counts against it.
        file: of answers that were had before; None to keep none.
        seed: of all chance.
        tell: is told of endpoints that fail, in words.
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
        self._lock = threading.Lock()
        self._cache = AnswerCache(file) if file else None
        self._by_name = {model.name: _Member(model) for model in models}
        ranked = sorted(self._by_name.values(), key=lambda each: each.rank, reverse=True)
        usual = {name: m.usd(_USUAL_IN, _USUAL_OUT) for name, m in self._by_name.items()}
        self._strongest = tuple(member.name for member in ranked)
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
        until = _Until(cancelled, time.monotonic() + self._meter.left_s)
        troubles: list[ModelError | BudgetSpentError] = []
        for name in self._bandit.order(self._by_name, strong=strong):
            if self._meter.over:
                break
            try:
                return self._asked(self._by_name[name], request, told, until)
            except (ModelError, BudgetSpentError) as error:
                troubles.append(error)
                if until.is_set():
                    break
        raise self._no_answer(troubles, cancelled)

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

    def _remembered(self, request: Request, *, strong: bool) -> Answer | None:
        names = self._strongest[:1] if strong else self._strongest
        for name in names if self._cache else ():
            assert self._cache
            if found := self._cache.get(self._by_name[name].identity, request):
                return found
        return None

    def _asked(
        self,
        member: _Member,
        request: Request,
        told: Callable[[str], None] | None,
        until: _Until,
    ) -> Answer:
        """Its answer, paid for."""
        if not member.breaker.enter():
            raise member.breaker.reason or Failure(f"{member.name}: not asked now", kind="busy")
        try:
            with self._held(member, request, until) as hold:
                answer = self._answer(member, request, told, until, hold)
        except BaseException as error:
            member.breaker.failed(_as_failure(error))
            if isinstance(error, ModelError) and not until.is_set():
                self._tell(str(error))
            raise
        member.breaker.succeeded()
        return answer

    def _answer(
        self,
        member: _Member,
        request: Request,
        told: Callable[[str], None] | None,
        until: _Until,
        hold: Hold,
    ) -> Answer:
        try:
            answer = member.model.ask(request, told=told, cancelled=until)
        except ModelError as error:
            free = not isinstance(error, Failure) or error.free
            hold.settle() if free else hold.spend_all()
            raise
        except BaseException:
            hold.spend_all()
            raise
        usage = answer.usage
        hold.settle(usd=usage.usd, tokens=usage.input_tokens + usage.output_tokens)
        answer = msgspec.structs.replace(answer, model=member.name)
        if not usage.estimated:  # a template has no more tokens than a question with it
            member.template = min(member.template, usage.input_tokens)
        self._bandit.paid(member.name, usd=usage.usd, seconds=usage.seconds)
        with self._lock:
            self.spent = _sum(self.spent, usage)
        if self._cache:
            self._cache.put(member.identity, request, answer)
        return answer

    def _held(self, member: _Member, request: Request, until: _Until) -> Hold:
        if member.price is None and math.isfinite(self._meter.budget.usd):
            raise Failure(
                f"{member.name}: its price is not known, and the budget is money",
                kind="refused",
                remedy="Set usd_per_million_in and usd_per_million_out of its endpoint, or give a "
                "budget of tokens.",
                free=True,
            )
        question = most_input(request, template=member.template)
        answer = most_output(request)
        return self._meter.reserve(
            usd=member.usd(question, answer), tokens=question + answer, cancelled=until
        )

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


def _as_failure(error: BaseException) -> Failure:
    """What an error says of the endpoint; those that are not a model's own say nothing."""
    if isinstance(error, Failure):
        return error
    return Failure(str(error), kind="failing" if isinstance(error, ModelError) else "cancelled")


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


class _Until(threading.Event):
    """Set when another event is, or when a time has come: so every model knows one kind of end."""

    def __init__(self, other: threading.Event | None, at: float) -> None:
        super().__init__()
        self._other = other
        self._at = at

    def is_set(self) -> bool:
        """Whether to stop."""
        if self._other is not None and self._other.is_set():
            return True
        return time.monotonic() >= self._at or super().is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for that, at most so many seconds."""
        end = math.inf if timeout is None else time.monotonic() + timeout
        while not self.is_set() and (left := end - time.monotonic()) > 0:
            super().wait(min(_LOOK_S, left))
        return self.is_set()


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
