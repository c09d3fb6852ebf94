"""What an answer costs, and the most that it may cost, before it is asked for.

Prices of public models come from `genai-prices` (extra `models`), a table that others keep, read
from the package without the network; or from the endpoint's own settings. What runs here is free. A
price that nobody knows is None, and under a budget of money such a model is not asked.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Protocol

from codegenesis.core.models.model import Request
from codegenesis.model import Record

if TYPE_CHECKING:
    from genai_prices.types import PriceCalculation

_MILLION = 1_000_000

#: Most tokens that a server's template may add to a question: roles, a system prompt of its own.
TEMPLATE = 2048

#: Least that is held for a template, however small those before were.
_LEAST = 256

#: Tokens by which an answer may be longer than it should, like one that ends it.
_BEYOND = 8


class Price(Protocol):
    """What tokens cost."""

    def usd(self, *, input_tokens: int, output_tokens: int, cached_tokens: int = 0) -> float:
        """For one answer; the cached tokens are among those of the input."""


class FlatPrice(Record, frozen=True):
    """So much for a million tokens; what was cached costs the same, at most."""

    usd_per_million_in: float = 0.0
    usd_per_million_out: float = 0.0

    def usd(self, *, input_tokens: int, output_tokens: int, cached_tokens: int = 0) -> float:
        """See `Price`."""
        del cached_tokens
        paid_in = input_tokens * self.usd_per_million_in
        return (paid_in + output_tokens * self.usd_per_million_out) / _MILLION


#: Of what runs here.
FREE = FlatPrice()


class ListPrice(Record, frozen=True):
    """The public price of a model, dearer long prompts and cheaper cached ones included.

    Attributes:
        url: of the provider's endpoint.
        context: most tokens of question and answer together; 0 is unknown.
    """

    url: str
    model: str
    context: int = 0

    def usd(self, *, input_tokens: int, output_tokens: int, cached_tokens: int = 0) -> float:
        """See `Price`."""
        found = _look_up(self.url, self.model, input_tokens, output_tokens, cached_tokens)
        return float(found.total_price) if found else 0.0


def listed(url: str, model: str) -> ListPrice | None:
    """The public price of a model at an endpoint; None when it is not known, or for lack of the
    extra."""
    found = _look_up(url, model, _MILLION, _MILLION, 0)
    if found is None:
        return None
    return ListPrice(url=url, model=model, context=found.model.context_window or 0)


def most_input(request: Request, *, template: int = TEMPLATE) -> int:
    """The most tokens that a question can have.

    Tokenisers of today's models work on bytes: no token is shorter than one. An average is about
    four bytes, so most of what is held for a question comes back.

    Args:
        template: tokens that the server may add; no more than any whole question had that it
            counted.
    """
    text = sum(len(message.text.encode(errors="replace")) for message in request.messages)
    return text + max(_LEAST, min(template, TEMPLATE))


def most_output(request: Request) -> int:
    """The most tokens that an answer can have."""
    return request.max_tokens + _BEYOND


def guessed_tokens(text: str) -> int:
    """About how many tokens a text has, rather too many; for servers that do not count."""
    return -(-len(text.encode(errors="replace")) // 3)


def _look_up(
    url: str, model: str, input_tokens: int, output_tokens: int, cached_tokens: int
) -> PriceCalculation | None:
    if not _installed():
        return None
    from genai_prices import Usage, calc_price

    usage = Usage(
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cache_read_tokens=min(cached_tokens, input_tokens),
    )
    try:
        return calc_price(usage, model, provider_api_url=url)
    except (LookupError, ValueError):  # no such model; or one that has no price for text
        return None


@cache
def _installed() -> bool:
    from importlib.util import find_spec

    return find_spec("genai_prices") is not None
