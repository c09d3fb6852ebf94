"""What models are measured on: functions drawn from the weak ones, and some of their own.

Those of their own neither rules nor small edits were written for, in three kinds: to make faster
(no rule rewrites the algorithm), to fix (from one wrong sign to a case that was forgotten), to fill
(a docstring and a few examples). The last examples of those to fix and to fill are held back:
whether an answer holds there as well is reported and steers nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from benchmarks import fates
from codegenesis import wire
from codegenesis.arena.messages import Example
from codegenesis.evidence.arena import Arena
from codegenesis.lifecycle import locate
from codegenesis.model import Gene

#: Examples of each task that are held back, from its end.
HELD_BACK = 3


class Slow(NamedTuple):
    """A function to make faster, and what draws arguments for it."""

    source: str
    draw: Callable[[Random], tuple[Any, ...]]


class Held(NamedTuple):
    """A function to fix or to fill: arguments and what must come of them."""

    source: str
    pairs: tuple[tuple[tuple[Any, ...], Any], ...]


class Task(NamedTuple):
    """One function: to be made faster on `calls`, or held to `examples`.

    Attributes:
        kind: `weak`, `slow`, `fix` or `fill`.
    """

    kind: str
    gene: Gene
    calls: tuple[bytes, ...] = ()
    examples: tuple[Example, ...] = ()
    held_back: tuple[Example, ...] = ()

    def holds(self, source: str) -> bool:
        """Whether a version passes the examples that were held back."""
        with Arena(self.gene, examples=self.held_back, jobs=1) as arena:
            score = arena.score([source])[0]
        return score.passed == len(self.held_back)


def tasks(home: Path, *, weak: int, own: int, seed: int) -> list[Task]:
    """So many of each, drawn and mixed by chance: a run that is cut short has seen all kinds."""
    chance = Random(seed)
    drawn = list(fates.own(seed=seed))
    found = [
        Task("weak", each.gene, calls=tuple(each.calls))
        for each in chance.sample(drawn, min(weak, len(drawn)))
    ]
    ours = [*_slow(home), *_held(home, "fix", FIX), *_held(home, "fill", FILL)]
    found += chance.sample(ours, min(own, len(ours)))
    chance.shuffle(found)
    return found


def _slow(home: Path) -> Iterator[Task]:
    for slow in SLOW:
        gene = _written(home, slow.source)
        chance = Random(gene.name)
        calls = dict.fromkeys(wire.encode_call(slow.draw(chance), {}) for _ in range(fates.CALLS))
        yield Task("slow", gene, calls=tuple(calls))


def _held(home: Path, kind: str, held: tuple[Held, ...]) -> Iterator[Task]:
    for each in held:
        examples = [
            Example(call=wire.encode_call(arguments, {}), result=wire.encode(result))
            for arguments, result in each.pairs
        ]
        known, back = examples[:-HELD_BACK], examples[-HELD_BACK:]
        gene = _written(home, each.source)
        yield Task(kind, gene, examples=tuple(known), held_back=tuple(back))


def _written(home: Path, source: str) -> Gene:
    name = source.partition("(")[0].removeprefix("def ")
    path = home / f"task_{name}.py"
    path.write_text(source)
    return locate(f"{path}:{name}", service="benchmark", cwd=home)


def _numbers(chance: Random, count: int, most: int = 100) -> list[int]:
    return [chance.randrange(-most, most) for _ in range(count)]


def _word(chance: Random, count: int, letters: str = "abcde") -> str:
    return "".join(chance.choices(letters, k=count))


SLOW = (
    Slow(
        '''\
def best_run(values):
    """The largest sum of a run of neighbours; 0 when all are negative."""
    best = 0
    for start in range(len(values)):
        total = 0
        for end in range(start, len(values)):
            total += values[end]
            if total > best:
                best = total
    return best
''',
        lambda r: (_numbers(r, 120),),
    ),
    Slow(
        '''\
def pairs_with_sum(numbers, wanted):
    """How many pairs of places have numbers that add up to the wanted one."""
    count = 0
    for first in range(len(numbers)):
        for second in range(first + 1, len(numbers)):
            if numbers[first] + numbers[second] == wanted:
                count += 1
    return count
''',
        lambda r: (_numbers(r, 150, 40), r.randrange(-20, 20)),
    ),
    Slow(
        '''\
def anagrams(words):
    """The words in groups of those with the same letters, in the order of their first."""
    groups = []
    for word in words:
        for group in groups:
            if sorted(group[0]) == sorted(word):
                group.append(word)
                break
        else:
            groups.append([word])
    return groups
''',
        lambda r: ([_word(r, 4, "abcdef") for _ in range(120)],),
    ),
    Slow(
        '''\
def power(base, exponent, modulus):
    """The power of a number, modulo another."""
    result = 1
    for _ in range(exponent):
        result = result * base
    return result % modulus
''',
        lambda r: (r.randrange(2, 50), r.randrange(50, 400), r.randrange(2, 1000)),
    ),
    Slow(
        '''\
def inversions(values):
    """For each value, how many smaller ones come after it."""
    found = []
    for at in range(len(values)):
        smaller = 0
        for later in values[at + 1:]:
            if later < values[at]:
                smaller = smaller + 1
        found.append(smaller)
    return found
''',
        lambda r: (_numbers(r, 150),),
    ),
    Slow(
        '''\
def water(heights):
    """How much water stays between walls of these heights."""
    total = 0
    for at in range(len(heights)):
        left = max(heights[: at + 1])
        right = max(heights[at:])
        total += min(left, right) - heights[at]
    return total
''',
        lambda r: ([r.randrange(30) for _ in range(200)],),
    ),
)

FIX = (
    Held(
        '''\
def leap(year):
    """Whether it is a leap year of the Gregorian calendar."""
    return year % 4 == 0
''',
        (
            ((2024,), True),
            ((2023,), False),
            ((1900,), False),
            ((2000,), True),
            ((2100,), False),
            ((1996,), True),
            ((1800,), False),
            ((2400,), True),
            ((1999,), False),
        ),
    ),
    Held(
        '''\
def roman(number):
    """The number in Roman numerals."""
    found = ""
    for value, sign in ((10, "X"), (5, "V"), (1, "I")):
        while number >= value:
            found += sign
            number -= value
    return found
''',
        (
            ((1,), "I"),
            ((4,), "IV"),
            ((9,), "IX"),
            ((14,), "XIV"),
            ((3,), "III"),
            ((19,), "XIX"),
            ((6,), "VI"),
            ((29,), "XXIX"),
            ((34,), "XXXIV"),
            ((24,), "XXIV"),
        ),
    ),
    Held(
        '''\
def binary_search(items, wanted):
    """The place of the wanted item in sorted items; -1 when it is not there."""
    low, high = 0, len(items) - 1
    while low < high:
        middle = (low + high) // 2
        if items[middle] == wanted:
            return middle
        if items[middle] < wanted:
            low = middle
        else:
            high = middle
    return -1
''',
        (
            (([1, 3, 5], 3), 1),
            (([1, 3, 5], 5), 2),
            (([1, 3, 5], 1), 0),
            (([], 1), -1),
            (([2], 2), 0),
            (([1, 3, 5, 7], 4), -1),
            (([1, 3, 5, 7], 7), 3),
            (([4, 6], 6), 1),
            (([4, 6], 5), -1),
        ),
    ),
    Held(
        '''\
def balanced(text):
    """Whether all brackets of three kinds are closed in the right order."""
    depth = 0
    for sign in text:
        if sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
    return depth == 0
''',
        (
            (("()",), True),
            (("(]",), False),
            ((")(",), False),
            (("([{}])",), True),
            (("(",), False),
            (("",), True),
            (("a(b)c",), True),
            (("([)]",), False),
            (("}{",), False),
            (("{[]}()",), True),
        ),
    ),
    Held(
        '''\
def median(values):
    """The middle value; the mean of the two middle ones when there is an even number."""
    values = sorted(values)
    middle = len(values) // 2
    return values[middle]
''',
        (
            (([1, 2, 3],), 2),
            (([1, 2, 3, 4],), 2.5),
            (([4, 2],), 3.0),
            (([7],), 7),
            (([1, 9, 4, 6],), 5.0),
            (([3, 1, 2],), 2),
            (([10, 20],), 15.0),
            (([5, 1, 9],), 5),
            (([1, 2, 3, 4, 5, 6],), 3.5),
        ),
    ),
)

FILL = (
    Held(
        '''\
def initials(name):
    """The first letters of all words of a name, in capitals, with a dot after each."""
    raise NotImplementedError
''',
        (
            (("ada lovelace",), "A.L."), (("Grace Brewster Hopper",), "G.B.H."), (("plato",), "P."),
            (("alan Mathison turing",), "A.M.T."), (("",), ""), (("x y z",), "X.Y.Z."),
            (("Noether",), "N."),
        ),
    ),
    Held(
        '''\
def run_lengths(text):
    """Each run of equal letters as the letter and its length: aab becomes a2b1."""
    raise NotImplementedError
''',
        (
            (("aab",), "a2b1"), (("",), ""), (("abc",), "a1b1c1"), (("zzzz",), "z4"),
            (("aabba",), "a2b2a1"), (("xxyyy",), "x2y3"), (("q",), "q1"),
        ),
    ),
    Held(
        '''\
def digit_root(number):
    """Sum the digits of a number again and again until there is only one."""
    raise NotImplementedError
''',
        (
            ((0,), 0), ((9,), 9), ((38,), 2), ((123,), 6), ((999,), 9), ((10,), 1), ((493193,), 2),
            ((77,), 5),
        ),
    ),
    Held(
        '''\
def transposed(rows):
    """The columns of a table as rows; an empty table stays empty."""
    raise NotImplementedError
''',
        (
            (([[1, 2], [3, 4]],), [[1, 3], [2, 4]]), (([],), []), (([[1, 2, 3]],), [[1], [2], [3]]),
            (([[1], [2]],), [[1, 2]]), (([[5]],), [[5]]),
            (([[1, 2], [3, 4], [5, 6]],), [[1, 3, 5], [2, 4, 6]]),
            (([[0, 0], [1, 1]],), [[0, 1], [0, 1]]),
        ),
    ),
    Held(
        '''\
def caesar(text, shift):
    """Each small letter moved on in the alphabet, from z to a; all else as it is."""
    raise NotImplementedError
''',
        (
            (("abc", 1), "bcd"), (("xyz", 3), "abc"), (("hello, world", 13), "uryyb, jbeyq"),
            (("A b", 2), "A d"), (("", 5), ""), (("zebra", 0), "zebra"), (("mno", 26), "mno"),
            (("a-z", 1), "b-a"),
        ),
    ),
)  # fmt: skip
