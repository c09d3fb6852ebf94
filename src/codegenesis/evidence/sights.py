"""Runs a program with probes in it and bends calls towards what it has not done yet, in rounds.

A comparison behind another comparison shows only when the first has been met, so what was bent is
run and bent again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TypeVar

from codegenesis.errors import FragmentError, WireError
from codegenesis.evidence.bend import suspicious, towards, unmet
from codegenesis.evidence.case import Case
from codegenesis.evidence.duel import Subject
from codegenesis.evidence.literals import Literals, literals
from codegenesis.evidence.plain import Call, data_of
from codegenesis.evidence.probes import Trail, probed, trail
from codegenesis.parsing import syntax_tree

_T = TypeVar("_T")
_ROUNDS = 4
_PER_PAIR = 40  # bent calls for one comparison
_PER_ROUND = 160
_FRESH_LITERALS = 240


class Sights:
    """A program under probes.

    Args:
        source: a fragment for the case's gene.

    Raises:
        FragmentError: from `trail`, when it cannot be probed.
    """

    def __init__(self, case: Case, source: str) -> None:
        self._subject = Subject(
            case.executor, case.gene.qualname, probed(source, free=case.gene.free)
        )

    def trail(self, data: bytes) -> Trail:
        """Where an encoded call goes."""
        return trail(self._subject.ask(data))

    def close(self) -> None:
        """End the process."""
        self._subject.close()


def aimed(case: Case, source: str, bases: Sequence[Call]) -> Iterator[Call]:
    """Calls bent towards comparisons of the program that came out one way only.

    Args:
        bases: calls to start from.
    """
    sights = Sights(case, source)
    try:
        trails = [(call, sights.trail(data).pairs) for call, data in _encoded(bases)]
        tried: set[bytes] = set()
        for _ in range(_ROUNDS):
            bent = (
                new
                for call, pair in unmet(trails)
                for new in islice(towards(call, pair), _PER_PAIR)
            )
            found = 0
            for call, data in _encoded(bent):
                if data in tried:
                    continue
                tried.add(data)
                yield call
                trails.append((call, sights.trail(data).pairs))
                found += 1
                if found >= _PER_ROUND:
                    break
            if not found:
                return
    except FragmentError:  # no probes fit; the other sources of inputs remain
        return
    finally:
        sights.close()


def at_new_constants(original: str, source: str, bases: Sequence[Call]) -> Iterator[Call]:
    """Calls with the constants that a variant has and the original has not."""
    known, own = literals(syntax_tree(original)), literals(syntax_tree(source))
    new = Literals(
        ints=_only(own.ints, known.ints),
        floats=_only(own.floats, known.floats),
        texts=_only(own.texts, known.texts),
        blobs=_only(own.blobs, known.blobs),
    )
    for at, base in enumerate(bases):
        yield from islice(suspicious(base, new), _FRESH_LITERALS // (at + 1))


def _only(own: tuple[_T, ...], known: tuple[_T, ...]) -> tuple[_T, ...]:
    return tuple(value for value in own if value not in known)


def _encoded(calls: Iterator[Call] | Sequence[Call]) -> Iterator[tuple[Call, bytes]]:
    for call in calls:
        try:
            yield call, data_of(call)
        except WireError:
            continue
