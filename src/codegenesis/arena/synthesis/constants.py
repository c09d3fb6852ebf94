"""Constants that a body may need: from the docstring, the examples, and what everybody uses.

What the docstring says is as cheap as 0 and 1. What stands in the inputs or in one single output is
dear: with enough such constants anything can be a table of its examples.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

_USUAL: tuple[tuple[Any, int], ...] = (
    (0, 1), (1, 1), (2, 1), (-1, 1), (3, 2), (10, 2), (100, 2), (4, 3), (5, 3), (6, 4), (7, 3),
    (8, 4), (9, 4), (12, 4), (24, 4), (60, 3), (26, 4), (1000, 3), (3600, 4), (0.5, 3),
)  # fmt: skip
_TEXTS = (("", 1), (" ", 1), (",", 2), (", ", 2), ("-", 2), ("_", 2), ("\n", 3), ("0", 3))
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?%?(?![\w])")
_QUOTED = re.compile(r"'([^'\n]{1,30})'|\"([^\"\n]{1,30})\"|`([^`\n]{1,30})`")
_WORDS = {
    "twice": 2, "double": 2, "triple": 3, "half": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "ten": 10, "dozen": 12, "percent": 100, "hour": 60, "minute": 60, "even": 2,
    "odd": 2, "fahrenheit": 32, "fizz": 3, "buzz": 5, "week": 7, "century": 100,
}  # fmt: skip
_MOST = 48


def constants(
    *, docstring: str, inputs: Sequence[Any], outputs: Sequence[Any]
) -> list[tuple[Any, int]]:
    """Values with their costs, each once, the cheapest first."""
    made: dict[tuple[type, Any], tuple[Any, int]] = {}
    for value, cost in _all(docstring, inputs, outputs):
        mark = (type(value), value)
        if mark not in made or made[mark][1] > cost:
            made[mark] = (value, cost)
    with_text = any(isinstance(value, str) for value in _flat([*inputs, *outputs]))
    some = [pair for pair in made.values() if with_text or not isinstance(pair[0], str)]
    return sorted(some, key=lambda pair: pair[1])[:_MOST]


def _all(
    docstring: str, inputs: Sequence[Any], outputs: Sequence[Any]
) -> Iterator[tuple[Any, int]]:
    yield from _USUAL
    yield from _TEXTS
    yield from ((True, 1), (False, 1))
    yield from _stated(docstring)
    if any(value is None for value in outputs):
        yield None, 1
    yield from _of_outputs(outputs)
    seen = Counter(_flat(inputs))
    for value, _ in seen.most_common(14):
        if type(value) is int or isinstance(value, float):
            yield value, 3 if value % 5 == 0 else 4
        elif isinstance(value, str) and len(value) <= 12:
            yield value, 4
    yield from _of_texts([item for item in _flat(inputs) if isinstance(item, str)])
    if "vowel" in docstring.lower():
        yield "aeiou", 1
        yield "aeiouAEIOU", 1
    yield "aeiou", 3
    yield "aeiouAEIOU", 3


def stated_numbers(docstring: str) -> list[str]:
    """Whole numbers above 1 that its prose names, as text."""
    found = _NUMBER.findall(_prose(docstring))
    return [text for text in found if text.isdigit() and int(text) > 1]


def _prose(docstring: str) -> str:
    """Without doctests."""
    kept = [block for block in docstring.split("\n\n") if ">>>" not in block]
    return "\n".join(kept)


def _stated(docstring: str) -> Iterator[tuple[Any, int]]:
    prose = _prose(docstring)
    for text in _NUMBER.findall(prose):
        value = ast.literal_eval(text.rstrip("%").lstrip("0") or "0") if "." not in text else None
        value = float(text.rstrip("%")) if value is None else value
        yield value, 1
        yield -value, 2
        if text.endswith("%"):
            yield value / 100, 1
    for groups in _QUOTED.findall(prose):
        yield next(filter(None, groups)), 1
    for word in re.findall(r"[a-z]+", prose.lower()):
        if word.removesuffix("s") in _WORDS:
            yield _WORDS[word.removesuffix("s")], 1


def _of_outputs(outputs: Sequence[Any]) -> Iterator[tuple[Any, int]]:
    """Whole results that occur again are labels; what occurs once is probably computed."""
    scalars = [value for value in outputs if isinstance(value, str | int | float)]
    for value, times in Counter(scalars).items():
        if isinstance(value, str) and len(value) <= 40:
            yield value, 2 if times > 1 or " " not in value else 3
        elif not isinstance(value, bool):
            yield value, 3 if times > 1 else 5
    texts = [value for value in outputs if isinstance(value, str)]
    marks = Counter(mark for text in texts for mark in set(text) if not mark.isalnum())
    for mark, times in marks.most_common(4):
        yield mark, 2 if times > 1 else 3
    inner = [v for out in outputs if not isinstance(out, str | int | float) for v in _flat([out])]
    for value, times in Counter(inner).most_common(8):
        if isinstance(value, str) and times > 1 and len(value) <= 20:
            yield value, 2


def _of_texts(texts: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Punctuation that most texts have separates something."""
    marks = Counter(mark for text in texts for mark in set(text) if not mark.isalnum())
    for mark, times in marks.most_common(6):
        yield mark, 1 if 2 * times > len(texts) else 2


def _flat(values: Iterable[Any]) -> Iterator[Any]:
    """Scalars, however deep."""
    for value in values:
        if isinstance(value, bool | int | float | str):
            yield value
        elif isinstance(value, list | tuple | set | frozenset):
            yield from _flat(value)
        elif isinstance(value, dict):
            yield from _flat(value)
            yield from _flat(value.values())
