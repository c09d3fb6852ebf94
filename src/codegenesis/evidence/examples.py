"""Gate: does the version do what examples say?

Unlike the arena's score this counts: every example is put to the version in a jail of its own, and
what comes of it is decoded and compared here, as data.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence

from codegenesis import wire
from codegenesis.arena.comparing import meets
from codegenesis.arena.messages import Example
from codegenesis.errors import FragmentError, WireError
from codegenesis.evidence.promises import Judge
from codegenesis.evidence.words import show, show_call
from codegenesis.model import Gene, Outcome, Record
from codegenesis.sandbox import Executor


class Shortfall(Record, frozen=True, kw_only=True):
    """An example that a version does not meet.

    Attributes:
        number: of the example, from 1.
        words: what was called, what was expected and what came.
    """

    number: int
    words: str


def shortfalls(
    gene: Gene, source: str | None, examples: Sequence[Example], executor: Executor
) -> list[Shortfall]:
    """The examples that a version does not meet; none when it meets them all.

    Args:
        source: its fragment; the original when None.

    Raises:
        SandboxError: the sandbox itself has failed.
    """
    found = []
    with Judge(executor, gene) as judge:
        for number, example in enumerate(examples, start=1):
            try:
                with executor.candidate(gene.qualname, source) as candidate:
                    outcome = candidate.call(example.call)
            except FragmentError as error:
                return [Shortfall(number=number, words=str(error))]
            if words := _missed(example, outcome, judge):
                called = show_call(gene.name, example.call)
                found.append(Shortfall(number=number, words=f"{called}: {words}"))
    return found


def _missed(example: Example, outcome: Outcome, judge: Judge) -> str:
    """What is wrong with an outcome, in words; empty when nothing is."""
    if outcome.kind == "died":
        return f"did not end well ({outcome.detail})"
    if example.raises:
        came = show(outcome)
        return "" if _raised(outcome, example.raises) else f"{came}, expected {example.raises}"
    if outcome.kind == "raised":
        return f"raises {outcome.detail}"
    if example.result is not None and not _met(example, outcome):
        wanted = Outcome(kind="returned", value=example.result)
        return f"{show(outcome)}, expected {show(wanted)}"
    broken = judge.violated(example.call, outcome) if example.keeps else ()
    return "; ".join(f"breaks `{judge.promises[at].words}`" for at in sorted(broken))


def _met(example: Example, outcome: Outcome) -> bool:
    assert example.result is not None
    if not example.lenient:
        return outcome.value == example.result
    try:
        got, wanted = wire.decode(outcome.value), wire.decode(example.result)
    except WireError:
        return False
    return meets(got, wanted, lenient=True)


def _raised(outcome: Outcome, name: str) -> bool:
    """By the name of its type; base classes are looked at among the built-in ones."""
    if outcome.kind != "raised":
        return False
    try:
        raised = wire.decode(outcome.value)
    except WireError:
        return False
    return isinstance(raised, wire.Opaque) and name in _names(raised.type_name)


def _names(type_name: str) -> set[str]:
    bare = type_name.rpartition(".")[2]
    kind = getattr(builtins, bare, None)
    known = kind.__mro__ if isinstance(kind, type) else ()
    return {type_name, bare, *(base.__name__ for base in known)}
