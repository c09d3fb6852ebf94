"""Small functions to be filled: references, examples, and how hidden inputs are drawn.

Each is what a person asks for in a line: the docstring is what they would write, the examples are
few. They are of classes (arithmetic, text, tables, loops …), so that the share of each is seen.
"""
# ruff: noqa: E501, SIM905 (a function's text in one line reads as one thing)

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

Draw = Callable[[Random], tuple[Any, ...]]


class Task(NamedTuple):
    """One function.

    Attributes:
        group: class of function.
        reference: text of the `def`, docstring included; helpers before it.
        examples: arguments; what the reference makes of them is the example.
        draw: hidden arguments.
    """

    group: str
    reference: str
    examples: tuple[tuple[Any, ...], ...]
    draw: Draw


def _int(low: int = -50, high: int = 50) -> Draw:
    return lambda rng: (rng.randint(low, high),)


def _ints(count: int, low: int = -50, high: int = 50) -> Draw:
    return lambda rng: tuple(rng.randint(low, high) for _ in range(count))


def _list(low: int = -9, high: int = 20, *, least: int = 0) -> Draw:
    return lambda rng: ([rng.randint(low, high) for _ in range(rng.randint(least, 8))],)


_WORDS = "apple Bob the quick a level data noon Python x radar tree Anna code".split()


def _word(rng: Random) -> str:
    return (
        rng.choice(_WORDS)
        if rng.random() < 0.5
        else "".join(rng.choices("abcde", k=rng.randint(1, 6)))
    )


def _text(*, least: int = 0) -> Draw:
    return lambda rng: (" ".join(_word(rng) for _ in range(rng.randint(least, 5))),)


def _words(*, least: int = 0) -> Draw:
    return lambda rng: ([_word(rng) for _ in range(rng.randint(least, 6))],)


def _table(rng: Random) -> tuple[Any, ...]:
    return ({name: rng.randint(0, 9) for name in rng.sample("abcdefg", rng.randint(1, 6))},)


def _one(*values: Any) -> tuple[tuple[Any, ...], ...]:
    return tuple((value,) for value in values)


TASKS: tuple[Task, ...] = (
    # --- arithmetic
    Task(
        "arithmetic",
        'def perimeter(w, h):\n    """Perimeter of a rectangle."""\n    return 2 * (w + h)',
        ((2, 3), (1, 1), (5, 8), (10, 4), (7, 0)),
        _ints(2, 0, 90),
    ),
    Task(
        "arithmetic",
        'def fahrenheit(celsius):\n    """Celsius to Fahrenheit: times 9 / 5, plus 32."""\n    return celsius * 9 / 5 + 32',
        _one(0, 100, 37, -40, 20),
        _int(-90, 300),
    ),
    Task(
        "arithmetic",
        'def average(xs):\n    """Arithmetic mean; 0 of nothing."""\n    return sum(xs) / len(xs) if xs else 0',
        _one([1, 2, 3], [4], [], [2, 5, 8, 9], [7, 7]),
        _list(),
    ),
    Task(
        "arithmetic",
        'def hypotenuse(a, b):\n    """Length of the hypotenuse."""\n    return (a ** 2 + b ** 2) ** 0.5',
        ((3, 4), (5, 12), (1, 1), (8, 15), (2, 7)),
        _ints(2, 1, 60),
    ),
    Task(
        "arithmetic",
        'def last_digit(n):\n    """The last digit of a number."""\n    return abs(n) % 10',
        _one(123, 7, -45, 90, -8, 1234),
        _int(-9999, 9999),
    ),
    Task(
        "arithmetic",
        'def discount(price, percent):\n    """The price less a discount in percent."""\n    return price - price * percent / 100',
        ((100, 10), (80, 25), (60, 0), (200, 50), (30, 15)),
        _ints(2, 0, 100),
    ),
    Task(
        "arithmetic",
        'def minutes(seconds):\n    """Whole minutes and seconds, 60 seconds to a minute."""\n    return seconds // 60, seconds % 60',
        _one(0, 61, 125, 59, 3600),
        _int(0, 9999),
    ),
    # --- conditions
    Task(
        "condition",
        'def sign(x):\n    """-1, 0 or 1."""\n    return -1 if x < 0 else 1 if x > 0 else 0',
        _one(5, -3, 0, 12, -20, 1, -1),
        _int(),
    ),
    Task(
        "condition",
        'def clamp(x, low, high):\n    """x, but no less than low and no more than high."""\n    return max(low, min(x, high))',
        ((5, 0, 10), (-3, 0, 10), (12, 0, 10), (4, 5, 6), (7, 1, 6), (2, 2, 9)),
        lambda rng: (rng.randint(-20, 40), *sorted((rng.randint(-9, 9), rng.randint(10, 30)))),
    ),
    Task(
        "condition",
        'def fizzbuzz(n):\n    """Fizz for multiples of 3, Buzz for multiples of 5, FizzBuzz for both, else the number."""\n    if n % 15 == 0:\n        return "FizzBuzz"\n    if n % 3 == 0:\n        return "Fizz"\n    if n % 5 == 0:\n        return "Buzz"\n    return str(n)',
        _one(1, 3, 5, 15, 30, 7, 9, 10, 22),
        _int(1, 200),
    ),
    Task(
        "condition",
        'def is_leap(year):\n    """Divisible by 4, but not by 100 unless by 400."""\n    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)',
        _one(2000, 1900, 2004, 2001, 2100, 2020, 2022, 2400, 1800, 1996),
        _int(1500, 2600),
    ),
    Task(
        "condition",
        'def grade(score):\n    """A from 90, B from 80, C from 70, else F."""\n    return "A" if score >= 90 else "B" if score >= 80 else "C" if score >= 70 else "F"',
        _one(95, 90, 89, 80, 79, 70, 69, 10, 100),
        _int(0, 100),
    ),
    Task(
        "condition",
        'def triangle(a, b, c):\n    """Whether three sides make a triangle."""\n    return a + b > c and b + c > a and a + c > b',
        (
            (3, 4, 5),
            (1, 2, 3),
            (1, 1, 5),
            (5, 1, 1),
            (2, 9, 2),
            (7, 7, 7),
            (6, 5, 4),
            (1, 5, 2),
            (2, 6, 3),
            (4, 9, 6),
        ),
        _ints(3, 1, 12),
    ),
    Task(
        "condition",
        'def is_even(n):\n    """Whether n is even."""\n    return n % 2 == 0',
        _one(2, 3, 0, 7, 10),
        _int(),
    ),
    Task(
        "condition",
        'def between(x, low, high):\n    """Whether x is from low to high, both included."""\n    return low <= x <= high',
        (
            (5, 1, 9),
            (1, 1, 9),
            (9, 1, 9),
            (0, 1, 9),
            (10, 1, 9),
            (4, 5, 6),
            (7, 5, 6),
            (3, 0, 2),
            (8, 2, 20),
        ),
        lambda rng: (rng.randint(0, 30), rng.randint(0, 14), rng.randint(15, 30)),
    ),
    # --- guards
    Task(
        "guard",
        'def root(x):\n    """Square root; ValueError below 0."""\n    if x < 0:\n        raise ValueError("negative")\n    return x ** 0.5',
        _one(4, 9, 0, -1, 2, -9),
        _int(-30, 90),
    ),
    Task(
        "guard",
        'def share(total, people):\n    """Each one\'s share; ValueError without people."""\n    if people < 1:\n        raise ValueError("nobody")\n    return total / people',
        ((10, 2), (9, 3), (5, 0), (7, 2), (4, -1), (3, 1)),
        _ints(2, -5, 30),
    ),
    Task(
        "guard",
        'def first(xs):\n    """The first item; IndexError when there is none."""\n    return xs[0]',
        _one([1, 2], [5], [], [9, 8, 7]),
        _list(),
    ),
    # --- text
    Task(
        "text",
        'def shout(text):\n    """In upper case, with an exclamation mark."""\n    return text.upper() + "!"',
        _one("hello", "a b", "", "Python"),
        _text(),
    ),
    Task(
        "text",
        'def is_palindrome(text):\n    """The same backwards, whatever the case."""\n    return text.lower() == text.lower()[::-1]',
        _one("Anna", "level", "abc", "", "Noon", "ab", "Aba", "radars"),
        lambda rng: (_word(rng),),
    ),
    Task(
        "text",
        'def initials(name):\n    """First letters of all words, in upper case."""\n    return "".join(word[0].upper() for word in name.split())',
        _one("ada lovelace", "Grace Brewster Hopper", "x", "alan m turing"),
        _text(least=1),
    ),
    Task(
        "text",
        'def count_vowels(text):\n    """How many vowels there are."""\n    return sum(1 for char in text.lower() if char in "aeiou")',
        _one("hello", "xyz", "", "AEiou", "Programming is fun", "Anna"),
        _text(),
    ),
    Task(
        "text",
        'def reverse_words(text):\n    """The words in reverse order."""\n    return " ".join(text.split()[::-1])',
        _one("a b c", "hello world", "one", "to be or not"),
        _text(),
    ),
    Task(
        "text",
        'def greeting(name, age):\n    """A greeting."""\n    return f"Hello {name.title()}, you are {age} years old!"',
        (("bob", 3), ("ada lovelace", 36), ("Eve", 40), ("x", 1)),
        lambda rng: (_word(rng), rng.randint(0, 99)),
    ),
    Task(
        "text",
        'def clock(seconds):\n    """As M:SS, 60 seconds to a minute."""\n    return f"{seconds // 60}:{seconds % 60:02d}"',
        _one(0, 61, 125, 59, 600, 3599),
        _int(0, 9999),
    ),
    Task(
        "text",
        'def domain(email):\n    """What stands behind the @."""\n    return email.split("@")[1]',
        _one("ada@math.org", "x@y.com", "grace.hopper@navy.mil", "bob@bob"),
        lambda rng: (f"{_word(rng)}@{_word(rng)}.{rng.choice(['com', 'org'])}",),
    ),
    Task(
        "text",
        'def slug(title):\n    """In lower case, with dashes for spaces."""\n    return title.lower().replace(" ", "-")',
        _one("Hello World", "A b C", "one", "To Be Or Not"),
        _text(),
    ),
    Task(
        "text",
        'def mask(number):\n    """All but the last 4 characters as stars."""\n    return "*" * (len(number) - 4) + number[-4:]',
        _one("12345678", "1234", "987654321012", "55555"),
        lambda rng: ("".join(rng.choices("0123456789", k=rng.randint(4, 16))),),
    ),
    Task(
        "text",
        'def longest(words):\n    """The longest word, the first of several."""\n    return max(words, key=len)',
        _one(["a", "bbb", "cc"], ["x"], ["one", "two", "four", "five"], ["aa", "bb"]),
        _words(least=1),
    ),
    Task(
        "text",
        'def digits_only(text):\n    """Only the digits of a text."""\n    return "".join(char for char in text if char.isdigit())',
        _one("a1b2", "no", "2024-01-02", "", "x9"),
        lambda rng: ("".join(rng.choices("ab12 -9", k=rng.randint(0, 12))),),
    ),
    Task(
        "text",
        'def caesar(text, shift):\n    """Move each small letter by shift places in the alphabet of 26."""\n    return "".join(chr((ord(char) - 97 + shift) % 26 + 97) for char in text)',
        (("abc", 1), ("xyz", 3), ("hello", 0), ("zebra", 25), ("m", 13)),
        lambda rng: (
            "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(1, 8))),
            rng.randint(0, 25),
        ),
    ),
    Task(
        "text",
        'def run_length(text):\n    """Each run as its character and its length."""\n    from itertools import groupby\n    return "".join(f"{key}{len(list(run))}" for key, run in groupby(text))',
        _one("aabbb", "a", "", "xyyz", "aaaa"),
        lambda rng: ("".join(rng.choices("ab", k=rng.randint(0, 9))),),
    ),
    # --- lists
    Task(
        "list",
        'def evens_doubled(xs):\n    """Twice the even ones."""\n    return [x * 2 for x in xs if x % 2 == 0]',
        _one([1, 2, 3, 4], [2, 2], [], [5, 6, 8], [7]),
        _list(),
    ),
    Task(
        "list",
        'def sum_squares(xs):\n    """Sum of squares."""\n    return sum(x * x for x in xs)',
        _one([1, 2, 3], [], [4], [-2, 5], [1, 1, 1, 1]),
        _list(),
    ),
    Task(
        "list",
        'def second_largest(xs):\n    """The second largest of different numbers."""\n    return sorted(set(xs))[-2]',
        _one([1, 2, 3], [4, 4, 2], [9, 1, 5, 9], [-1, -7], [8, 3, 6, 1, 7]),
        lambda rng: (rng.sample(range(-9, 20), rng.randint(2, 8)),),
    ),
    Task(
        "list",
        'def dedupe(xs):\n    """Each once, in order."""\n    return list(dict.fromkeys(xs))',
        _one([1, 3, 1, 2, 3], [5, 5], [], [4, 1, 4]),
        _list(0, 5),
    ),
    Task(
        "list",
        'def running(xs):\n    """Running totals."""\n    result, total = [], 0\n    for x in xs:\n        total += x\n        result.append(total)\n    return result',
        _one([1, 2, 3], [5], [], [4, -1, 2]),
        _list(),
    ),
    Task(
        "list",
        'def differences(xs):\n    """Each number less the one before."""\n    return [b - a for a, b in zip(xs, xs[1:])]',
        _one([1, 4, 9], [5], [], [4, -1, 2, 2]),
        _list(),
    ),
    Task(
        "list",
        'def flatten(rows):\n    """All items of all rows."""\n    return [item for row in rows for item in row]',
        _one([[1, 2], [3]], [[]], [[4], [], [5, 6]], []),
        lambda rng: ([_list()(rng)[0] for _ in range(rng.randint(0, 4))],),
    ),
    Task(
        "list",
        'def dot(xs, ys):\n    """Scalar product."""\n    return sum(x * y for x, y in zip(xs, ys))',
        (([1, 2], [3, 4]), ([0], [9]), ([2, 2, 2], [1, 2, 3]), ([], []), ([3, -1], [5, 7])),
        lambda rng: tuple([rng.randint(-9, 9) for _ in range(5)] for _ in range(2)),
    ),
    Task(
        "list",
        'def by_length(words):\n    """Sorted by length, then by alphabet."""\n    return sorted(words, key=lambda word: (len(word), word))',
        _one(["bb", "a", "ccc", "aa"], ["z", "y"], [], ["tree", "cat", "ant", "b"]),
        _words(),
    ),
    Task(
        "list",
        'def chunked(xs, size):\n    """Pieces of size items."""\n    return [xs[i : i + size] for i in range(0, len(xs), size)]',
        (([1, 2, 3, 4, 5], 2), ([1, 2, 3], 3), ([], 2), ([7, 8], 1)),
        lambda rng: (_list()(rng)[0], rng.randint(1, 4)),
    ),
    Task(
        "list",
        'def common(xs, ys):\n    """What both have, sorted."""\n    return sorted(set(xs) & set(ys))',
        (
            ([1, 2, 3], [2, 3, 4]),
            ([5, 5], [5]),
            ([], [1]),
            ([3, 1, 2], [1, 2, 9]),
            ([9, 4, 1, 3], [3, 4, 9]),
        ),
        lambda rng: (_list(0, 9)(rng)[0], _list(0, 9)(rng)[0]),
    ),
    Task(
        "list",
        'def is_sorted(xs):\n    """Whether it is in ascending order."""\n    return all(a <= b for a, b in zip(xs, xs[1:]))',
        _one([1, 2, 3], [3, 1], [], [2, 2, 5], [1, 5, 4], [7]),
        _list(0, 9),
    ),
    Task(
        "list",
        'def above_average(xs):\n    """Those above the average."""\n    return [x for x in xs if x > sum(xs) / len(xs)]',
        _one([1, 2, 3], [4, 4], [1, 1, 10], [5, 7, 9, 11], [9, 1, 2]),
        _list(least=1),
    ),
    Task(
        "list",
        'def transpose(rows):\n    """Rows to columns."""\n    return [list(column) for column in zip(*rows)]',
        _one([[5, 1], [2, 4]], [[1, 2, 3]], [[5], [6]], [[1, 2], [3, 4], [5, 6]]),
        lambda rng: ([[rng.randint(0, 9) for _ in range(3)] for _ in range(rng.randint(1, 4))],),
    ),
    # --- tables
    Task(
        "table",
        'def word_counts(text):\n    """How often each word occurs."""\n    from collections import Counter\n    return dict(Counter(text.split()))',
        _one("a b a", "x", "", "to be or not to be"),
        _text(),
    ),
    Task(
        "table",
        'def invert(table):\n    """Values to keys."""\n    return {value: key for key, value in table.items()}',
        _one({"a": 1, "b": 2}, {}, {"x": 9}, {"p": 5, "q": 6, "r": 7}),
        lambda rng: (dict(zip("abcdef", rng.sample(range(20), rng.randint(0, 6)), strict=False)),),
    ),
    Task(
        "table",
        'def by_first(words):\n    """Words by their first letter."""\n    groups = {}\n    for word in words:\n        groups.setdefault(word[0], []).append(word)\n    return groups',
        _one(["apple", "ant", "bob"], ["x"], [], ["cat", "dog", "cow"]),
        _words(),
    ),
    Task(
        "table",
        'def best(scores):\n    """The name with the highest score."""\n    return max(scores, key=scores.get)',
        _one({"a": 1, "b": 5}, {"x": 3}, {"p": 9, "q": 2, "r": 4}, {"m": 0, "n": 7, "o": 6}),
        _table,
    ),
    Task(
        "table",
        'def passed(scores, limit):\n    """Those with at least the limit."""\n    return {name: score for name, score in scores.items() if score >= limit}',
        (({"a": 1, "b": 5}, 3), ({"x": 3}, 3), ({"p": 9, "q": 2, "r": 4}, 4), ({}, 1)),
        lambda rng: (*_table(rng), rng.randint(0, 9)),
    ),
    Task(
        "table",
        'def total_price(prices, amounts):\n    """Prices times amounts, in all; what has no price is free."""\n    return sum(prices.get(name, 0) * amount for name, amount in amounts.items())',
        (
            ({"a": 2, "b": 3}, {"a": 1, "b": 2}),
            ({"x": 5}, {"x": 0}),
            ({"p": 1}, {"q": 9}),
            ({"m": 4, "n": 1}, {"n": 3}),
        ),
        lambda rng: (*_table(rng), *_table(rng)),
    ),
    # --- loops and recursion
    Task(
        "loop",
        'def factorial(n):\n    """n!"""\n    return 1 if n < 2 else n * factorial(n - 1)',
        _one(0, 1, 2, 3, 5, 6),
        _int(0, 12),
    ),
    Task(
        "loop",
        'def fibonacci(n):\n    """The n-th Fibonacci number."""\n    a, b = 0, 1\n    for _ in range(n):\n        a, b = b, a + b\n    return a',
        _one(0, 1, 2, 3, 7, 10),
        _int(0, 30),
    ),
    Task(
        "loop",
        'def is_prime(n):\n    """Whether n is prime."""\n    return n > 1 and all(n % d for d in range(2, n))',
        _one(1, 2, 3, 4, 7, 9, 11, 13, 15, 25),
        _int(0, 150),
    ),
    Task(
        "loop",
        'def digit_sum(n):\n    """Sum of the digits."""\n    return sum(int(digit) for digit in str(n))',
        _one(0, 12, 305, 9, 77),
        _int(0, 99999),
    ),
    Task(
        "loop",
        'def collatz(n):\n    """Steps to 1."""\n    steps = 0\n    while n != 1:\n        n = n // 2 if n % 2 == 0 else 3 * n + 1\n        steps += 1\n    return steps',
        _one(1, 2, 3, 6, 7, 9),
        _int(1, 200),
    ),
    Task(
        "loop",
        'def gcd(a, b):\n    """Greatest common divisor."""\n    while b:\n        a, b = b, a % b\n    return a',
        ((12, 8), (7, 3), (10, 5), (9, 6), (100, 75), (14, 21)),
        _ints(2, 1, 200),
    ),
    Task(
        "loop",
        'def divisors(n):\n    """All divisors, ascending."""\n    return [d for d in range(1, n + 1) if n % d == 0]',
        _one(1, 6, 7, 12, 16),
        _int(1, 100),
    ),
    Task(
        "loop",
        'def deep_sum(items):\n    """Sum of numbers in nested lists."""\n    return sum(deep_sum(item) if isinstance(item, list) else item for item in items)',
        _one([1, [2, 3]], [], [[[4]]], [1, [2, [3, [4]]]], [5, 5]),
        lambda rng: ([rng.randint(0, 9), [rng.randint(0, 9), [rng.randint(0, 9)]], []],),
    ),
    Task(
        "loop",
        'def longest_run(bits):\n    """Length of the longest run of 1."""\n    best = current = 0\n    for bit in bits:\n        current = current + 1 if bit == 1 else 0\n        best = max(best, current)\n    return best',
        _one([1, 1, 0, 1], [0, 0], [], [1, 1, 1], [0, 1, 0, 1, 1, 1, 0], [1, 0]),
        lambda rng: ([rng.randint(0, 1) for _ in range(rng.randint(0, 9))],),
    ),
    # --- helpers and objects of the project
    Task(
        "project",
        'RATE = 0.19\n\n\ndef net(order):\n    return sum(price * amount for price, amount in order)\n\n\ndef gross(order):\n    """Net with tax."""\n    return net(order) * (1 + RATE)',
        _one([(10, 2)], [(5, 1), (1, 4)], [], [(3, 3), (2, 2), (1, 1)]),
        lambda rng: ([(rng.randint(1, 20), rng.randint(1, 5)) for _ in range(rng.randint(0, 4))],),
    ),
    Task(
        "project",
        'def clean(text):\n    return "".join(char for char in text.lower() if char.isalnum())\n\n\ndef same(a, b):\n    """Whether two texts are alike, whatever marks and case."""\n    return clean(a) == clean(b)',
        (
            ("Hello!", "hello"),
            ("a b", "AB"),
            ("x", "y"),
            ("", "?"),
            ("It's", "its"),
            ("one", "two"),
        ),
        lambda rng: rng.choice(
            [("A-b", "ab"), ("q", "Q!"), (_word(rng), _word(rng)), ("T.x", "tx ")]
        ),
    ),
)
