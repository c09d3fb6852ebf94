"""What a function should do, as people can say it: examples, recorded calls, recorded crashes.

A file of examples has one JSON object a line, `{"args": [...], "kwargs": {...}, "result": ...}` or
`{..., "raises": "ValueError"}`. JSON has fewer types than Python, so a list in it stands for a
tuple, a set or what a generator gives as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from codegenesis import wire
from codegenesis.arena.messages import Example
from codegenesis.errors import TargetError, UsageError, WireError
from codegenesis.evidence.promises import Judge
from codegenesis.genome import Crash, crashes
from codegenesis.lifecycle.inputs import lines_of
from codegenesis.model import Gene, Observation
from codegenesis.sandbox import Executor

_REMEDY = 'Write one object a line: {"args": [4], "result": 2} or {"args": [-1], "raises": "E"}'
_KEYS = frozenset({"args", "kwargs", "result", "raises"})
#: So many recorded calls that went well are enough to hold a fix to.
_MOST_RECORDED = 200


def examples_of(path: Path) -> list[Example]:
    """The examples of a file.

    Raises:
        UsageError: the file cannot be read, is empty, or a line is no example; says which line.
    """
    found = [_example(line, f"{path}:{number}") for number, line in lines_of(path)]
    if not found:
        raise UsageError(f"there is no example in {path}", remedy=_REMEDY)
    return found


def crash_called(name: str, observations: Sequence[Observation]) -> Crash:
    """The recorded crash that `name` means: its number from 1, its type, or its fingerprint.

    Raises:
        TargetError: none or several; says which there are.
    """
    known = crashes(observations)
    by_number = {str(number): crash for number, crash in enumerate(known, start=1)}
    if name in by_number:
        return by_number[name]
    named = [each for each in known if name in (each.fingerprint, each.type, each.name)]
    if len(named) == 1:
        return named[0]
    listed = "; ".join(f"{n}: {crash.fingerprint}" for n, crash in by_number.items())
    raise TargetError(
        f"expected one recorded crash called {name!r}, found {len(named)}",
        remedy=f"Name one by its number: {listed}." if listed else "No crash was recorded.",
    )


def examples_for(crash: Crash, observations: Iterable[Observation]) -> list[Example]:
    """The crashed calls, which must end well, and recorded calls that did, which must stay so."""
    must_live = [Example(call=call, alive=True, keeps=True) for call in crash.calls]
    return [*must_live, *recorded_examples(observations)]


def recorded_examples(observations: Iterable[Observation]) -> list[Example]:
    """Recorded calls that returned, with what they returned."""
    found: dict[bytes, Example] = {}
    for each in observations:
        if each.call is None or each.outcome is None or each.variant:
            continue
        if each.outcome.kind == "returned" and each.call not in found:
            found[each.call] = Example(call=each.call, result=each.outcome.value)
    return list(found.values())[-_MOST_RECORDED:]


def promised_examples(
    gene: Gene, observations: Iterable[Observation], executor: Executor
) -> list[Example]:
    """Recorded calls held to the owner's promises; what they returned counts where it keeps them.

    Raises:
        TargetError: nothing is promised of the function, or no recorded call breaks a promise.
    """
    found: list[Example] = []
    broken = 0
    with Judge(executor, gene) as judge:
        if not judge.promises:
            raise TargetError(
                f"it is not said what {gene.target} should do",
                remedy="Say it with --tests PATH, --examples FILE, --crash ID, or by @invariant.",
            )
        for each in observations:
            if each.call is None or each.outcome is None or each.outcome.kind != "returned":
                continue
            wrong = bool(judge.violated(each.call, each.outcome))
            broken += wrong
            result = None if wrong else each.outcome.value
            found.append(Example(call=each.call, result=result, alive=wrong, keeps=True))
    if not broken:
        raise TargetError(
            f"{gene.target} keeps what is promised of it on all of {len(found)} known calls",
            remedy="Give calls on which it does not: --inputs FILE.",
        )
    return found[-_MOST_RECORDED:]


def _example(line: str, place: str) -> Example:
    try:
        given = json.loads(line)
        _require_form(given)
        call = wire.encode_call(tuple(given.get("args", [])), dict(given.get("kwargs", {})))
        if "raises" in given:
            return Example(call=call, raises=given["raises"], lenient=True)
        return Example(call=call, result=wire.encode(given["result"]), lenient=True)
    except (ValueError, TypeError, WireError) as error:
        raise UsageError(f"{place}: {error}, in {line[:80]!r}", remedy=_REMEDY) from error


def _require_form(given: object) -> None:
    if not isinstance(given, dict):
        raise ValueError("expected an object")
    if unknown := given.keys() - _KEYS:
        raise ValueError(f"expected args, kwargs, result and raises, got {min(unknown)!r}")
    if ("result" in given) == ("raises" in given):
        raise ValueError("expected either a result or what it raises")
    if not isinstance(given.get("args", []), list) or not isinstance(given.get("kwargs", {}), dict):
        raise ValueError("expected a list of args and an object of kwargs")
    if "raises" in given and not (isinstance(given["raises"], str) and given["raises"]):
        raise ValueError("expected the name of an exception")
