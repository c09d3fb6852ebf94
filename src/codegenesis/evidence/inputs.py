"""Fresh calls for one gene, made from the recorded ones.

Three sources: edge values put into a small recorded call; recombinations (arguments of different
recorded calls together) and mutants of recorded arguments; values from strategies inferred from
all recorded values of the same parameter, its annotation and the constants of the program.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import chain, islice, zip_longest
from typing import Any

from hypothesis import strategies as st

from codegenesis.evidence.annotations import examples
from codegenesis.evidence.edges import edges, together
from codegenesis.evidence.infer import infer, kind_of
from codegenesis.evidence.literals import Literals
from codegenesis.evidence.mutate import mutant
from codegenesis.evidence.plain import Built, Call, Instance
from codegenesis.parsing import syntax_tree

_MOST_EDGES = 120  # per parameter
_ALIKE = 60  # recorded calls that are kept to start from


class Inputs:
    """Where fresh calls come from.

    Args:
        source: the gene's `def`, for names and annotations of its parameters.
        calls: recorded calls, at least one.
        literals: constants of the program.
    """

    def __init__(self, source: str, calls: Sequence[Call], *, literals: Literals) -> None:
        self._literals = literals
        self._parameters = _parameters(source)
        self._calls = list(calls[:: max(1, len(calls) // _ALIKE)])
        self._values = self._by_parameter(calls)
        self._kinds = {
            name: set(chain.from_iterable(map(kinds, values)))
            for name, values in self._values.items()
        }
        self._strategies = {
            name: infer(values[:: max(1, len(values) // 400)], literals)
            for name, values in self._values.items()
        }

    def edges(self) -> Iterator[Call]:
        """Small recorded calls with one argument at the edge, the parameters in turn, then all."""
        forms: dict[tuple[int, tuple[str, ...]], Call] = {}
        for call in sorted(self._calls, key=lambda call: len(repr(call))):
            forms.setdefault((len(call[0]), tuple(call[1])), call)
        for call in forms.values():
            places = [*range(len(call[0])), *call[1]]
            columns = [self._at(call, place) for place in places]
            for row in zip_longest(*columns, fillvalue=_NOTHING):
                yield from (_put(call, *pair) for pair in zip(places, row, strict=True))
                yield _put_all(call, places, row)
            for drawn in together([_get(call, place) for place in places], self._literals):
                yield _put_all(call, places, drawn)

    def bases(self, most: int) -> list[Call]:
        """Recorded calls to bend: small ones, in every form that was seen."""
        small = sorted(self._calls, key=_weight)
        forms: dict[object, Call] = {}
        for call in small:
            kinds_ = tuple(map(kind_of, (*call[0], *call[1].values())))
            forms.setdefault((kinds_, tuple(call[1])), call)
        spread = [small[len(small) * part // most] for part in range(most)]
        unique = {repr(call): call for call in [*forms.values(), *spread]}
        return list(unique.values())[:most]

    def fresh(self) -> st.SearchStrategy[Call]:
        """Recombined, mutated and invented calls in the form of a recorded one."""

        @st.composite
        def call(draw: Any) -> Call:
            args, kwargs = draw(st.sampled_from(self._calls))
            new_args = tuple(self._draw(draw, place, value) for place, value in enumerate(args))
            return new_args, {name: self._draw(draw, name, value) for name, value in kwargs.items()}

        return call()

    def familiar(self, call: Call) -> bool:
        """Are all types in the call, at any depth, of kinds that this parameter was seen with?"""
        args, kwargs = call
        named = [*((self._name(at), value) for at, value in enumerate(args)), *kwargs.items()]
        return all(kinds(value) <= self._kinds.get(name, set()) for name, value in named)

    def _draw(self, draw: Any, place: int | str, value: Any) -> Any:
        name = self._name(place)
        how = draw(st.sampled_from(["invent", "mutate", "keep", "borrow", "invent"]))
        if how == "mutate":
            return mutant(draw, value, self._literals)
        if how == "borrow":
            return draw(st.sampled_from(self._values[name][:200]))
        return value if how == "keep" else draw(self._strategies[name])

    def _at(self, call: Call, place: int | str) -> Iterator[Any]:
        """One small value of each kind that was seen, then the edges of each of them."""
        own = kind_of(_get(call, place))
        simple: dict[str, Any] = {}
        for value in sorted(self._values[self._name(place)][:200], key=_weight):
            simple.setdefault(kind_of(value), value)
        values = sorted(simple.values(), key=lambda value: kind_of(value) != own)
        return islice(chain(values, *(edges(each, self._literals) for each in values)), _MOST_EDGES)

    def _by_parameter(self, calls: Sequence[Call]) -> dict[str, list[Any]]:
        values: dict[str, list[Any]] = {}
        for args, kwargs in calls:
            for at, value in enumerate(args):
                values.setdefault(self._name(at), []).append(value)
            for name, value in kwargs.items():
                values.setdefault(name, []).append(value)
        for name, annotation in self._parameters.items():
            if name in values:
                values[name] += examples(annotation)
        return values

    def _name(self, place: int | str) -> str:
        names = list(self._parameters)
        if isinstance(place, str):
            return place
        return names[place] if place < len(names) else f"*{place - len(names)}"


_NOTHING = object()


def kinds(value: Any, path: str = "") -> frozenset[str]:
    """The kinds in a value, each with the kinds of the containers around it.

    The length of a short tuple and the keys of a dict with string keys are part of its kind: both
    are usually records.
    """
    here = f"{path}/{kind_of(value)}{_shape(value)}"
    inner: Iterator[Any] = iter(())
    if isinstance(value, list | tuple | set | frozenset):
        inner = iter(value)
    elif isinstance(value, dict):
        inner = chain(value.keys(), value.values())
    elif isinstance(value, Instance):
        inner = iter(value.state)
    elif isinstance(value, Built):
        inner = iter(value.parts)
    if path.count("/") > 8:
        return frozenset({here})
    return frozenset({here}).union(*(kinds(part, here) for part in inner))


def _shape(value: Any) -> str:
    if type(value) is tuple and len(value) < 9:
        return str(len(value))
    if type(value) is dict and len(value) <= 40 and all(type(key) is str for key in value):
        return f"{{{','.join(sorted(value))}}}"
    return ""


def _parameters(source: str) -> dict[str, ast.expr | None]:
    """Positional parameters first, as calls give them; then keyword-only ones."""
    node = syntax_tree(source).body[-1]
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return {}
    own = node.args
    named = [*own.posonlyargs, *own.args]
    return {each.arg: each.annotation for each in [*named, *own.kwonlyargs]}


def _weight(value: Any) -> tuple[bool, int]:
    """Small values first, empty ones last: nothing can be varied in them."""
    return not value, len(repr(value))


def _get(call: Call, place: int | str) -> Any:
    return call[0][place] if isinstance(place, int) else call[1][place]


def _put(call: Call, place: int | str, value: Any) -> Call:
    args, kwargs = call
    if value is _NOTHING:
        return call
    if isinstance(place, int):
        return (*args[:place], value, *args[place + 1 :]), kwargs
    return args, {**kwargs, place: value}


def _put_all(call: Call, places: Sequence[int | str], row: Sequence[Any]) -> Call:
    for place, value in zip(places, row, strict=True):
        call = _put(call, place, value)
    return call
