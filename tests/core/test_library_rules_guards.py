"""Calls that wait, patterns that explode, and what ruff knows."""

from __future__ import annotations

import random
import re

import pytest

from codegenesis.core import Context, compose, operator
from codegenesis.core.operators.guards.regex_hardening import hardened

MODULE = "import requests\nimport socket as net\nfrom urllib.request import urlopen"


@pytest.mark.parametrize(
    ("call", "guarded"),
    [
        ("requests.get(url)", "requests.get(url, timeout=10)"),
        ("requests.post(url, json=body)", "requests.post(url, json=body, timeout=10)"),
        ("urlopen(url).read()", "urlopen(url, timeout=10).read()"),
        ("net.create_connection((url, 80))", "net.create_connection((url, 80), timeout=10)"),
    ],
)
def test_a_call_that_may_wait_for_ever_gets_a_timeout(bench, call, guarded):
    source = f"def f(url, body=None):\n    return {call}"
    (variant,) = bench.write("timeouts", source, module_source=MODULE)
    assert variant.source.strip().endswith(guarded)


@pytest.mark.parametrize(
    "call",
    [
        "requests.get(url, timeout=3)",
        "urlopen(url, None, 5)",
        "session.get(url)",
        "requests.get(*url)",
        "cache.get(url)",
    ],
)
def test_calls_that_have_a_timeout_or_are_unknown_are_left_alone(bench, call):
    bench.silent("timeouts", f"def f(url):\n    return {call}", module_source=MODULE)


#: Patterns that take exponential time, hardened; and texts they are made of.
EXPLOSIVE = [
    (r"(a+)+b", r"(a++)+b", "ab"),
    (r"^(\w+\s?)+$", r"^(\w++\s?)+$", "ab c"),
    (r"(?:[a-z]+,?)*;", r"(?:[a-z]++,?)*;", "a,;b"),
    (r"^([\w.]+,?)*@", r"^([\w.]++,?)*@", "a.,@"),
    (r"(x|[0-9]+-?)*!", r"(x|[0-9]++-?)*!", "x1-!"),
]


@pytest.mark.parametrize(("pattern", "better", "alphabet"), EXPLOSIVE)
def test_a_hardened_pattern_finds_the_same(pattern, better, alphabet):
    assert hardened(pattern) == better
    rng = random.Random(1)
    for _ in range(300):
        text = "".join(rng.choices(alphabet, k=rng.randrange(9)))
        for search in (re.search, re.fullmatch, re.match):
            one, other = search(pattern, text), search(better, text)
            assert (one and one.span()) == (other and other.span())


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+a",
        r"(a+b)+",
        r"\d+",
        r"(a|b)*",
        r"(\w+x)*y",
        r"(?=a+)+b",
        r"(a+",
        r"(a+)\1+",
        r"(a++)+b",
    ],
)
def test_a_pattern_that_would_match_less_or_is_tame_is_left_alone(pattern):
    assert hardened(pattern) is None


def test_patterns_of_the_module_are_hardened_too(bench, make_function):
    module = 'import re\nWORDS = re.compile(r"(\\w+\\s?)+$", re.I)'
    source = "def f(text):\n    return bool(WORDS.match(text)), bool(re.match('(a+)+b', text))"
    original, variant = bench.agree(
        "regex_hardening", source, [("a b",), ("aab",), ("",), ("a-",)], module=module
    )
    assert variant("a" * 40 + "!") == (False, False)
    assert original("aaa") == (True, False)


def test_guards_are_no_part_of_a_faster_version(make_gene):
    source = """
    def f(urls, vip):
        out = []
        for url in urls:
            if url in vip:
                out.append(requests.get(url + str(sum(vip))))
        return out
    """
    guards = [operator(name) for name in ("timeouts", "closing", "regex_hardening")]
    speed = [operator(name) for name in ("set_membership", "hoist")]
    context = Context(module_source=MODULE)
    for variant in compose(make_gene(source), [*speed, *guards], context=context):
        assert "timeout" not in variant.source


def test_ruff_fixes_what_it_knows(bench):
    source = """
    def f(xs):
        out = []
        for x in xs:
            out.append(x + 1)
        return dict([(k, 1) for k in out]), list(sorted(xs)), sorted(xs)[0:]
    """
    _, variant = bench.agree("ruff", source, [([],), ([3, 1, 2],)])
    assert variant([2, 1]) == ({3: 1, 2: 1}, [1, 2], [1, 2])


def test_ruff_has_a_narrow_and_a_wide_version(bench):
    source = """
    def f(a, b, xs):
        if a == 1 or a == 2:
            if b:
                return len([x for x in xs]) == 0
        return set([1, 2])
    """
    narrow, wide = bench.write("ruff", source)
    assert "{1, 2}" in narrow.source
    assert "and b" in wide.source
    assert "and b" not in narrow.source
    bench.agree("ruff", source, [(1, True, []), (1, False, []), (3, True, [1])])


@pytest.mark.parametrize(
    "source",
    [
        "def f(x: 'Optional[int]' = None, y: List[int] = ()):\n    return x",
        "def f(xs):\n    return [x + 1 for x in xs]",
        "async def f(xs):\n    return list([x for x in xs])",
    ],
)
def test_ruff_leaves_signatures_and_good_code_alone(bench, source):
    bench.silent("ruff", source)
