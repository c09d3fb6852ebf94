"""What comes of asking a model: a version worth a trial, or nothing, with what it cost."""

from __future__ import annotations

from typing import Literal, get_args

from codegenesis.core.models.model import Usage
from codegenesis.model import Record

#: Ways of asking.
Style = Literal["rewrite", "edit", "crossover", "repair", "reflect", "several"]

#: Why an answer costs no trial. `signature` covers a missing or renamed function, other parameters
#: and another kind; `refused` is what the static gates would say.
Why = Literal["empty", "unparsable", "signature", "unchanged", "duplicate", "refused"]

#: Reasons in the order in which an answer meets them: the last one came furthest.
REASONS: tuple[Why, ...] = get_args(Why)


class Attempt(Record, frozen=True, kw_only=True):
    """A version that a model wrote; nothing of it was run yet.

    Attributes:
        source: a fragment (`codegenesis.fragment`).
        style: how the model was asked, and
        wording: in which words: both are chosen by what came of them before.
        objective: that it was asked for.
        model: that answered.
        prompt: digest of what it was asked.
        words: what the model says of it, at most a sentence or two; data like all the rest.
    """

    source: str
    style: Style
    wording: str
    objective: str
    model: str
    prompt: str
    usage: Usage = Usage()
    words: str = ""


class Dud(Record, frozen=True, kw_only=True):
    """An answer that died before it cost a trial.

    Attributes:
        words: what is wrong with it.
    """

    why: Why
    style: Style
    wording: str
    model: str
    prompt: str = ""
    usage: Usage = Usage()
    words: str = ""
