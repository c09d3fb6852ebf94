"""Where in a function the time goes, and which lines are suspicious: recorded calls, line by line.

The function is run in the ordinary sandbox with a decorator that keeps count (`genome.ticks`);
what it tells is data from inside the jail, good for words and for no verdict. Suspicious is a line
that runs in calls that fail and not in others: Ochiai's coefficient (Abreu et al. 2007), the best
of the simple ones for single faults.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from codegenesis import wire
from codegenesis.errors import FragmentError, WireError
from codegenesis.model import Gene, Record
from codegenesis.sandbox import Executor

#: From this coefficient on a line is suspected of a crash, and so many lines at most.
SUSPICIOUS, SUSPECTS = 0.5, 3
#: Calls looked at, at most, and seconds after which no further one is.
MOST_CALLS, ENOUGH_S = 60, 5.0
_PRELUDE = "from codegenesis.genome.ticks import per_line as _per_line\n\n\n@_per_line\n"


class Line(Record, frozen=True, kw_only=True):
    """One line of a function.

    Attributes:
        number: from 1, the `def`.
        text: as it stands in the source.
        hits: how often it ran, over all calls looked at.
        share: of the function's time, 0..1; what it calls included.
        suspicion: Ochiai's coefficient, 0..1; 0 where no call failed.
    """

    number: int
    text: str
    hits: int = 0
    share: float = 0.0
    suspicion: float = 0.0


class Profile(Record, frozen=True, kw_only=True):
    """What became of the calls, line by line.

    Attributes:
        calls, failed: that were looked at, and that ended with an exception.
        died: that came to no end within the limits.
        suspects: by exception type, the lines that calls run which fail so and others do not; the
            most suspicious first.
        reason: why there is nothing, in words; empty when there is.
    """

    lines: tuple[Line, ...] = ()
    calls: int = 0
    failed: int = 0
    died: int = 0
    suspects: dict[str, tuple[int, ...]] = {}
    reason: str = ""


class _Told(msgspec.Struct, array_like=True):
    """What one call told, once it has this form."""

    error: str
    lines: list[tuple[int, int, int]]


def profile(gene: Gene, executor: Executor, calls: Iterable[bytes]) -> Profile:
    """Run recorded calls line by line.

    Args:
        calls: encoded; the shorter ones of each kind come first, so that many are seen.

    Raises:
        SandboxError: the sandbox itself has failed.
    """
    told, died = list[_Told](), 0
    started = time.monotonic()
    try:
        for call in _spread(calls):
            if told and time.monotonic() - started > ENOUGH_S:
                break
            found = _one(gene, executor, call)
            told += [found] if found else []
            died += found is None
    except FragmentError as error:
        return Profile(reason=f"it cannot be watched line by line: {error}")
    if not told:
        return Profile(died=died, reason="no call could be watched line by line")
    failed = sum(bool(each.error) for each in told)
    lines = tuple(_lines(gene.source, told))
    return Profile(lines=lines, calls=len(told), failed=failed, died=died, suspects=_suspects(told))


def _spread(calls: Iterable[bytes]) -> Sequence[bytes]:
    distinct = sorted(dict.fromkeys(calls), key=len)
    step = max(1, math.ceil(len(distinct) / MOST_CALLS))
    return distinct[::-1][::step]


def _one(gene: Gene, executor: Executor, call: bytes) -> _Told | None:
    with executor.candidate(gene.qualname, _PRELUDE + gene.source) as candidate:
        outcome = candidate.call(call)
    if outcome.kind != "returned":
        return None
    try:
        return msgspec.convert(wire.decode(outcome.value), _Told)
    except (WireError, msgspec.ValidationError):
        return None


def _lines(source: str, told: Sequence[_Told]) -> list[Line]:
    texts = source.splitlines()
    hits, spent = Counter[int](), Counter[int]()
    bad, good = Counter[int](), Counter[int]()
    for each in told:
        for number, count, ns in each.lines:
            hits[number] += count
            spent[number] += max(0, ns)
            (bad if each.error else good)[number] += 1
    failed = sum(bool(each.error) for each in told)
    whole = sum(spent[number] for number in range(1, len(texts) + 1)) or 1
    return [
        Line(
            number=number,
            text=text,
            hits=hits[number],
            share=spent[number] / whole,
            suspicion=ochiai(bad[number], good[number], failed=failed),
        )
        for number, text in enumerate(texts, start=1)
    ]


def _suspects(told: Sequence[_Told]) -> dict[str, tuple[int, ...]]:
    """Per way of failing: lines that failing calls have in common tell nothing of each."""
    reached = Counter(number for each in told for number, _, _ in each.lines)
    found = {}
    for error in sorted({each.error for each in told if each.error}):
        calls = [each for each in told if each.error == error]
        bad = Counter(number for each in calls for number, _, _ in each.lines)
        score = {n: ochiai(bad[n], reached[n] - bad[n], failed=len(calls)) for n in bad}
        ranked = sorted(score, key=lambda number: (-score[number], number))
        # A line that every call runs through is where none of them differ.
        found[error] = tuple(
            n for n in ranked if score[n] >= SUSPICIOUS and reached[n] < len(told)
        )[:SUSPECTS]
    return found


def ochiai(bad: int, good: int, *, failed: int) -> float:
    """How suspicious a line is, 0..1 (Abreu, Zoeteweij & van Gemund 2006).

    Args:
        bad, good: runs that failed and that passed, of those which reached the line.
        failed: all runs that failed.
    """
    return bad / math.sqrt(failed * (bad + good)) if bad else 0.0
