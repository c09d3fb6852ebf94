"""One question to a model: the prompt in a style and wording, the answer, and what it cost."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from codegenesis.core.coders import prompts
from codegenesis.core.coders.attempt import Style
from codegenesis.core.coders.blocks import uncut
from codegenesis.core.coders.brief import Brief
from codegenesis.core.coders.plain import sentence, tokens
from codegenesis.core.coders.room import Part, fitted
from codegenesis.core.models.model import Answer, Message, Model, Request, Usage
from codegenesis.model import Record, digest

#: Tokens of an answer: a version is about as long as the function, and something is said of it.
_LEAST, _MOST = 256, 2048
#: Tokens of advice, and characters of it that go into the next prompt.
_ADVICE, _ADVICE_TEXT = 120, 400


class Asked(Record, frozen=True, kw_only=True):
    """What a model said and what it was asked.

    Attributes:
        prompt: digest of all that it was asked.
        usage: of all calls together.
    """

    answer: Answer
    prompt: str
    usage: Usage

    @property
    def text(self) -> str:
        """What it said, without what was cut off."""
        return uncut(self.answer.text) if self.answer.finish == "length" else self.answer.text


class Asker:
    """Asks one model about one brief.

    Args:
        context: tokens that the model reads and writes at most in one go.
    """

    def __init__(
        self, model: Model, *, context: int, seed: int, cancelled: threading.Event | None = None
    ) -> None:
        self._model = model
        self._context = context
        self._seed = seed
        self._cancelled = cancelled

    def ask(self, brief: Brief, style: Style, wording: str) -> Asked:
        """Ask for a version.

        Raises:
            ModelError: no answer is to be had.
        """
        if style == "reflect":
            return self._reflected(brief)
        parts = prompts.WRITERS[style](brief, wording)
        return self.say(parts, style, answer_tokens(brief, style))

    def _reflected(self, brief: Brief) -> Asked:
        first = self.say(prompts.ask_why(brief), "reflect", _ADVICE)
        advice = sentence(first.answer.text, _ADVICE_TEXT)
        parts = prompts.reflect(brief, advice)
        second = self.say(parts, "reflect", answer_tokens(brief, "rewrite"))
        usage = together(first.usage, second.usage)
        return Asked(answer=second.answer, prompt=digest(first.prompt, second.prompt), usage=usage)

    def say(self, parts: Iterator[Part], purpose: str, most: int) -> Asked:
        """Ask something that is made of parts, for an answer of `most` tokens at most."""
        text = fitted(parts, room=self._context - most - tokens(prompts.SYSTEM) - 32)
        request = Request(
            messages=(Message(role="system", text=prompts.SYSTEM), Message(role="user", text=text)),
            max_tokens=most,
            seed=self._seed,
            purpose=purpose,
        )
        answer = self._model.ask(request, cancelled=self._cancelled)
        return Asked(answer=answer, prompt=digest(prompts.SYSTEM, text), usage=answer.usage)


def answer_tokens(brief: Brief, style: Style) -> int:
    """Tokens that an answer may have."""
    text = brief.gene.source
    if style == "several":
        text += "".join(brief.callees[:3])
    return min(_MOST, max(_LEAST, 2 * tokens(text) + 128))


def together(first: Usage, second: Usage) -> Usage:
    """What two answers cost."""
    return Usage(
        input_tokens=first.input_tokens + second.input_tokens,
        output_tokens=first.output_tokens + second.output_tokens,
        cached_tokens=first.cached_tokens + second.cached_tokens,
        usd=first.usd + second.usd,
        seconds=first.seconds + second.seconds,
        estimated=first.estimated or second.estimated,
    )
