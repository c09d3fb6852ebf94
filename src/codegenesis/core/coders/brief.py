"""What a model is told of a gene: plain words and texts, measured, shortened and redacted.

All of it is data from elsewhere (sources, docstrings, recorded values, earlier answers). Nothing
here is trusted to be polite: it only ever becomes text between fences of a prompt.
"""

from __future__ import annotations

from typing import Literal

from codegenesis.model import Gene, Record

Objective = Literal["speed", "heal", "fill"]


class Sample(Record, frozen=True):
    """A call and what must come of it, both in words.

    Attributes:
        call: `quote([1, 2], currency='EUR')`.
        result: `returns 3` or `raises ValueError('empty')`.
        crash: what the call does now is the fault, so that it is no example to follow.
    """

    call: str
    result: str
    crash: bool = False


class Relative(Record, frozen=True, kw_only=True):
    """A version of the same function that lived.

    Attributes:
        words: what is different about it.
        gain: CPU of the original over its own; higher is better.
    """

    source: str
    words: str = ""
    gain: float = 1.0


class Failure(Record, frozen=True, kw_only=True):
    """A version of the same function that died.

    Attributes:
        gate: that it died at.
        detail: the counter-example in words: the call, what was expected, what came.
    """

    source: str
    gate: str
    detail: str = ""


class Brief(Record, frozen=True, kw_only=True):
    """Everything that a prompt may be made of.

    Attributes:
        module_source: text of the gene's module; empty when unknown. Answers are read against it.
        objective: `speed` (equal and faster), `heal` (right where it fails), `fill` (write a body).
        weakness: sentences, the gravest first.
        callees: sources of what the function uses in its own module, the nearest first.
        samples: calls with results.
        relatives: versions that lived, the best first.
        failures: versions that died, the latest first.
        notes: for `fill`, further text that says what is wanted (tests); empty for none.
    """

    gene: Gene
    module_source: str = ""
    objective: Objective = "speed"
    weakness: tuple[str, ...] = ()
    callees: tuple[str, ...] = ()
    samples: tuple[Sample, ...] = ()
    relatives: tuple[Relative, ...] = ()
    failures: tuple[Failure, ...] = ()
    notes: tuple[str, ...] = ()
