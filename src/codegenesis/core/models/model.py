"""The seam to a language model: one request, one answer, and what it cost.

Everything a model says is text of unknown intent. It is parsed as data, and what is made of it goes
through every gate like anything else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal, Protocol

from codegenesis.model import Record

Role = Literal["system", "user", "assistant"]

#: How an answer came to its end.
Finish = Literal["stop", "length", "refused"]


class Message(Record, frozen=True):
    """One turn of a conversation."""

    role: Role
    text: str


class Request(Record, frozen=True, kw_only=True):
    """What a model is asked.

    Attributes:
        messages: the conversation so far; the last one is the user's.
        max_tokens: most tokens of the answer.
        temperature: 0 for the likeliest words only.
        seed: for endpoints that take one; a fixed seed and prompt give the same answer again.
        stop: words that end the answer.
        purpose: what it is for, for the record and for the choice of a model (like `rewrite`).
    """

    messages: tuple[Message, ...]
    max_tokens: int = 1024
    temperature: float = 0.8
    seed: int | None = None
    stop: tuple[str, ...] = ()
    purpose: str = ""


class Usage(Record, frozen=True, kw_only=True):
    """What one answer cost.

    Attributes:
        input_tokens, output_tokens: as the endpoint counts them, else estimated.
        cached_tokens: of the input, those that the endpoint had from before.
        usd: price; 0 for a model that runs here.
        seconds: on the wall clock, waiting and retries included.
        estimated: the endpoint told no counts.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    usd: float = 0.0
    seconds: float = 0.0
    estimated: bool = False


class Answer(Record, frozen=True, kw_only=True):
    """What a model said.

    Attributes:
        model: which one said it.
        cached: it is an earlier answer to the same request; it cost nothing now.
    """

    text: str
    model: str
    usage: Usage = Usage()
    finish: Finish = "stop"
    cached: bool = False


class Model(Protocol):
    """Answers requests; may be asked from several threads at once."""

    @property
    def name(self) -> str: ...

    def ask(
        self,
        request: Request,
        *,
        told: Callable[[str], None] | None = None,
        cancelled: threading.Event | None = None,
    ) -> Answer:
        """Ask, and wait for the whole answer.

        Args:
            told: gets the words as they come, where the endpoint streams.
            cancelled: ends the waiting when it is set.

        Raises:
            ModelError: no answer is to be had (after retries), the budget is spent, or it was
                cancelled.
        """
