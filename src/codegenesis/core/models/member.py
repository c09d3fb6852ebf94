"""One model of a fleet: paid from the fleet's meter, kept from harm's way by a fuse."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

import msgspec

from codegenesis.core.budget import Hold, Meter
from codegenesis.core.models.breaker import Breaker
from codegenesis.core.models.failing import Failure
from codegenesis.core.models.model import Answer, Model, Request
from codegenesis.core.models.prices import FREE, TEMPLATE, Price, most_input, most_output
from codegenesis.errors import BudgetSpentError, ModelError

#: A usual answer, to guess what one costs before there was any.
_USUAL_IN, _USUAL_OUT = 1000, 400


class Member:
    """A model, and what is known of it beside its name.

    Args:
        model: it may have `price` (None: nobody knows), `strength` and `identity` (what tells its
            answers from others' in the cache).
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.name = model.name
        self.identity: str = getattr(model, "identity", model.name)
        self._strength: float = getattr(model, "strength", 0.0)
        self._price: Price | None = getattr(model, "price", FREE)
        self._template = TEMPLATE
        self._breaker = Breaker()

    @property
    def usual_usd(self) -> float:
        """Price of a usual answer."""
        return self._usd(_USUAL_IN, _USUAL_OUT)

    @property
    def rank(self) -> tuple[float, float]:
        """What is said to be stronger is; of the rest, what is dearer."""
        return self._strength, self.usual_usd

    def ask(
        self,
        request: Request,
        *,
        told: Callable[[str], None] | None,
        cancelled: threading.Event,
        meter: Meter,
    ) -> Answer:
        """See `Model.ask`; the answer is paid for.

        Raises:
            ModelError: there is none, or it would not be wise to ask for one now.
            BudgetSpentError: the meter does not allow it.
        """
        if not self._breaker.enter():
            raise self._left_alone()
        try:
            with self._held(request, cancelled, meter) as hold:
                answer = self._paid(request, told, cancelled, hold)
        except BaseException as error:
            self._breaker.failed(_as_failure(error))
            raise
        self._breaker.succeeded()
        return answer

    def _held(self, request: Request, cancelled: threading.Event, meter: Meter) -> Hold:
        if self._price is None and math.isfinite(meter.budget.usd):
            raise Failure(
                f"{self.name}: its price is not known, and the budget is money",
                kind="refused",
                remedy="Set usd_per_million_in and usd_per_million_out of its endpoint, or give a "
                "budget of tokens.",
                free=True,
            )
        answer = most_output(request)
        while True:
            template = self._template
            question = most_input(request, template=template)
            usd = self._usd(question, answer)
            try:
                return meter.reserve(usd=usd, tokens=question + answer, cancelled=cancelled)
            except BudgetSpentError:
                if self._template >= template:  # else others' answers show that less will do
                    raise

    def _paid(
        self,
        request: Request,
        told: Callable[[str], None] | None,
        cancelled: threading.Event,
        hold: Hold,
    ) -> Answer:
        try:
            answer = self.model.ask(request, told=told, cancelled=cancelled)
        except Failure as failure:
            hold.settle() if failure.free else hold.spend_all()
            raise
        except ModelError:
            hold.settle()
            raise
        except BaseException:
            hold.spend_all()
            raise
        usage = answer.usage
        hold.settle(usd=usage.usd, tokens=usage.input_tokens + usage.output_tokens)
        if not usage.estimated:  # a template has no more tokens than a question with it
            self._template = min(self._template, usage.input_tokens)
        return msgspec.structs.replace(answer, model=self.name)

    def _left_alone(self) -> Failure:
        why = self._breaker.reason
        if why is None:
            return Failure(f"{self.name}: it is being tried just now", kind="busy", free=True)
        return Failure(str(why), kind=why.kind, remedy=why.remedy, free=True)

    def _usd(self, input_tokens: int, output_tokens: int) -> float:
        price = self._price or FREE
        return price.usd(input_tokens=input_tokens, output_tokens=output_tokens)


def _as_failure(error: BaseException) -> Failure:
    """What an error says of the endpoint; those that are not a model's own say nothing."""
    if isinstance(error, Failure):
        return error
    return Failure(str(error), kind="failing" if isinstance(error, ModelError) else "cancelled")
