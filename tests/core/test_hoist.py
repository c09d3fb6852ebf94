"""What does not change during a loop is computed once."""

from __future__ import annotations

import re

import pytest

LOOPS = [
    """
    def scale(values, weights):
        out = []
        for v in values:
            out.append(v / sum(weights))
        return out
    """,
    "def scale(values, weights): return [v * max(weights) for v in values if v > min(weights)]",
    """
    def scale(values, weights):
        i = 0
        kept = []
        while i < len(values):
            if values[i] in sorted(weights):
                kept.append(values[i])
            i += 1
        return kept
    """,
    """
    def scale(values, weights):
        out = []
        for v in values:
            for w in weights:
                limit = sum(values)
                if v + w < limit:
                    out.append(f"{sum(weights)}/{limit}")
        return out
    """,
    """
    def scale(values, weights):
        best = 0
        for v in values:
            if v and weights and v > max(weights):
                return v
            best = v
        return best
    """,
]
CALLS = [([1, 2, 3], [2, 5]), ([], [1]), ([7], [7]), ([4, 0, 9], [1, 3])]


@pytest.mark.parametrize("source", LOOPS)
def test_what_the_loop_does_not_change_moves_before_it(bench, source):
    bench.agree("hoist", source, CALLS)


@pytest.mark.parametrize("source", LOOPS)
def test_it_is_computed_once(bench, source, make_function):
    variant = bench.write("hoist", source)[0]
    calls = []
    count = "def sum(x): calls.append(1); import builtins; return builtins.sum(x)\n"
    count += (
        count.replace("sum", "max") + count.replace("sum", "min") + count.replace("sum", "sorted")
    )
    original = make_function(bench_source(source), module=count, name="scale")
    rewritten = make_function(variant.source, module=count, name="scale")
    original.__globals__["calls"] = rewritten.__globals__["calls"] = calls
    values = list(range(1, 21))
    original(values, [30, 40])
    before, calls[:] = len(calls), []
    rewritten(values, [30, 40])
    assert before >= 20
    assert len(calls) <= 3


def bench_source(source):
    import textwrap

    return textwrap.dedent(source).strip() + "\n"


def test_a_second_variant_raises_no_earlier_than_the_original(bench):
    source = """
    def largest(rows, limits):
        out = []
        for row in rows:
            out.append(row + max(limits))
        return out
    """
    eager, lazy = bench.write("hoist", source)
    assert "if limits_max is None:" in lazy.source
    assert "None" not in eager.source
    import textwrap

    space: dict = {}
    exec(textwrap.dedent(lazy.source), space)
    assert space["largest"]([], []) == []
    with pytest.raises(ValueError, match="empty"):
        space["largest"]([1], [])


def test_work_per_item_of_an_inner_loop_is_done_once_per_item(bench, make_function):
    source = """
    def titles_with(titles, words):
        found = []
        for title in titles:
            for word in words.split():
                pattern = re.compile(re.escape(word), re.IGNORECASE)
                if pattern.search(title):
                    found.append((word, title))
        return found
    """
    calls = [(["red hat", "Blue Hat", "shoe"], "hat re"), ([], "x"), (["a"], "")]
    functions = bench.agree("hoist", source, calls, module="import re")
    counter = "class re:\n    n = 0\n    IGNORECASE = 2\n    @staticmethod\n    def escape(x):\n"
    counter += "        return x\n    @staticmethod\n    def compile(p, f):\n"
    counter += "        import re as real\n        re.n += 1\n        return real.compile(p, f)\n"
    assert len(functions) == 3
    for variant in bench.write("hoist", source):
        function = make_function(variant.source, module=counter, name="titles_with")
        function(["hat"] * 50, "a b c")
        assert function.__globals__["re"].n == 3


def test_expressions_of_module_constants_move_in_front_of_the_function(bench):
    source = """
    def stop(words):
        pattern = re.compile("|".join(map(re.escape, STOPWORDS)))
        return [w for w in words if pattern.match(w)]
    """
    module = "import re\nSTOPWORDS = ['the', 'a', 'an']\n"
    source = source.replace("map(re.escape, STOPWORDS)", "sorted(STOPWORDS)")
    variants = bench.write("hoist", source, module_source=module)
    assert any("sorted(STOPWORDS)" in v.source.partition("def ")[0] for v in variants)
    bench.agree("hoist", source, [(["the", "cat"],)], module=module)


def test_before_a_comprehension_nothing_is_computed_for_nothing(bench):
    source = "def f(values, weights): return [v * max(weights) for v in values]"
    eager, careful = bench.write("hoist", source)
    space: dict = {}
    exec(careful.source, space)
    assert space["f"]([], []) == []
    assert space["f"]([2], [3]) == [6]
    assert " if values else None" not in eager.source


QUIET = [
    "def f(xs): return [len(x) for x in xs]",
    """
    def f(xs):
        out = []
        for x in xs:
            out.append(x)
            if len(out) > 3:
                return sum(out)
        return out
    """,
    # a new list for everybody
    """
    def f(xs, row):
        out = []
        for x in xs:
            out.append(list(row))
        return out
    """,
    # effects, and calls of which nothing is known
    """
    def f(xs, rng):
        return [rng.random() for x in xs]
    """,
    """
    def f(xs, limit):
        return [clock() for x in xs if isinstance(x, int)]
    """,
    # the counter
    """
    def f(n):
        i = 0
        while i < n:
            i = max(i, 1) + 1
        return i
    """,
    # iterators can be used up
    """
    def f(xs, ys):
        out = []
        for x in xs:
            for a, b in zip(ys, ys):
                out.append((x, a, b))
        return out
    """,
    # an argument that a method changes
    """
    def f(rows, stack):
        out = []
        for row in rows:
            stack.append(row)
            out.append(sum(stack))
        return out
    """,
]


@pytest.mark.parametrize("source", QUIET)
def test_it_keeps_quiet(bench, source):
    bench.silent("hoist", source)


def test_calls_of_the_project_move_only_when_the_function_was_measured_pure(bench):
    source = """
    def price(lines, country):
        return [line * rate(country) for line in lines]
    """
    bench.silent("hoist", source)
    bench.silent("hoist", source, pure=True)
    assert bench.write("hoist", source, pure=True, deterministic=True)
    bench.agree(
        "hoist",
        source,
        [([1, 2], "uk"), ([], "uk")],
        module="def rate(country): return {'uk': 2}[country]",
        pure=True,
        deterministic=True,
    )[0]


PATTERNS = [
    "def find(lines, word): return [x for x in lines if re.search(r'\\d+', x)]",
    """
    def find(lines, word):
        out = []
        for line in lines:
            out.append(re.sub("[aeiou]", "*", line, count=1, flags=re.I))
        return out
    """,
    "def find(xs, word): return re.split('[,;]', word, maxsplit=1) if re.match('a', word, re.I) else xs",  # noqa: E501
    """
    def find(lines, word):
        import re as rx
        return [rx.fullmatch(word, line) is not None for line in lines]
    """,
    "def find(lines, word): return [re.findall(word, x) for x in lines]",
    "def find(lines, word): return [bool(re.search(x[:2] + word, word, re.M)) for x in lines]",
    "def find(lines, word): return [compile('b+').sub('', x) for x in lines]",
]


@pytest.mark.parametrize("source", PATTERNS)
def test_patterns_are_compiled_once(bench, source):
    module = "import re\nfrom re import compile\n"
    calls = [(["a1", "abba", "x,y;z"], "ab"), ([], "a,b;c"), (["aa"], "a")]
    bench.agree("regex_hoist", source, calls, module=module)
    assert bench.write("regex_hoist", source, module_source=module)


@pytest.mark.parametrize("source", [PATTERNS[0], PATTERNS[1], PATTERNS[4], PATTERNS[5]])
def test_a_compiled_pattern_is_not_looked_up_again(bench, source, monkeypatch):
    original, variant = bench.agree("regex_hoist", source, [], module="import re\n")
    compiled = []
    real = re._compile
    monkeypatch.setattr(re, "_compile", lambda p, f: (compiled.append(p), real(p, f))[1])
    original(["ab"] * 40, "ab")
    before, compiled[:] = len(compiled), []
    variant(["ab"] * 40, "ab")
    assert before == 40
    assert len(compiled) <= 1


def test_regexes_of_other_modules_are_left_alone(bench):
    bench.silent("regex_hoist", "def f(xs): return [rules.search('a', x) for x in xs]")
    bench.silent("regex_hoist", "def f(p, xs): return [p.search(x) for x in xs]")
