"""Numbers: less work for the same result."""

from __future__ import annotations

import pytest

CHANGED = [
    ("modular_power", "def f(n): return (n ** (n + 2)) % 7, pow(3, n + 9) % (n + 20)"),
    (
        "modular_power",
        """
        def f(n):
            result = 1
            for _ in range(n):
                result = result * 3 % 11
            return result
        """,
    ),
    ("closed_form", "def f(n): return sum(range(n)), sum(range(3, n, 4)), sum(range(n, -3, -2))"),
    (
        "closed_form",
        "def f(n): return sum(i * i for i in range(2, n)), sum([i**3 for i in range(n)])",
    ),
    (
        "closed_form",
        """
        def f(n):
            total = 0
            for i in range(1, n + 1):
                total += i ** 2
            return total
        """,
    ),
    (
        "squares",
        """
        def f(n):
            return [i ** 2 + -i ** 2 - n / i ** 2 + i ** 3 % 5 for i in range(1, 9)]
        """,
    ),
    (
        "squares",
        """
        def f(n):
            i = 2
            while i ** 2 < n:
                i += 1
            return i
        """,
    ),
    (
        "trial_division",
        """
        def f(n):
            if n < 2:
                return False
            for d in range(2, n):
                if n % d == 0:
                    return False
            return True
        """,
    ),
    (
        "trial_division",
        """
        def f(n):
            prime = n % 2 != 0
            d = 3
            for d in range(3, n // 2 + 1, 2):
                if not n % d:
                    prime = False
                    break
            return prime
        """,
    ),
    ("trial_division", "def f(n): return all(n % d != 0 for d in range(2, n)) and n > 1"),
    (
        "trial_division",
        """
        def f(n):
            d = 2
            while d < n:
                if n % d == 0:
                    return d
                d += 1
            return n
        """,
    ),
    ("divisors", "def f(n): return sum(i for i in range(1, n) if n % i == 0) == n"),
    (
        "divisors",
        """
        def f(n):
            found = []
            for d in range(1, n // 2 + 1):
                if n % d == 0:
                    found.append(d)
            return found
        """,
    ),
]


@pytest.mark.parametrize(("rule", "source"), CHANGED)
def test_numbers_come_out_the_same(bench, rule, source):
    least = 0 if rule == "modular_power" else -4
    bench.agree(rule, source, [(n,) for n in [*range(least, 40), 97, 100, 121, 360, 1009]])


ALONE = [
    ("modular_power", "def f(a): return a ** 2 % 10"),
    ("modular_power", "def f(a, b): return a ** b % 1.5"),
    ("closed_form", "def f(n): return sum(i % 3 for i in range(n))"),
    ("closed_form", "def f(n): return sum(i * i for i in range(0, n, 2))"),
    ("squares", "def f(x): return x ** 2"),
    ("squares", "def f(xs): return [x ** 0.5 + x ** 12 for x in xs]"),
    # starts elsewhere, goes to the number itself, does something for each divisor, ends at the root
    ("trial_division", "def f(n): return any(n % d == 0 for d in range(5, n))"),
    ("trial_division", "def f(n): return any(n % d == 0 for d in range(2, n + 1))"),
    ("trial_division", "def f(n): return [d for d in range(2, n) if n % d == 0]"),
    (
        "trial_division",
        "def f(n): return all(n % d for d in range(2, int(n ** 0.5) + 1))",
    ),
    ("divisors", "def f(n): return [d for d in range(1, n) if n % d == 1]"),
    ("divisors", "def f(n): return [d for d in range(1, n) if d % n == 0]"),
    (
        "divisors",
        """
        def f(n):
            for d in range(2, n):
                if n % d == 0:
                    n //= d
            return n
        """,
    ),
]


@pytest.mark.parametrize(("rule", "source"), ALONE)
def test_other_numbers_are_left_alone(bench, rule, source):
    bench.silent(rule, source)
