"""The list of edits: ordered, distinct, deterministic; each leaves the rest as it is written."""

from __future__ import annotations

import warnings
from textwrap import dedent

import pytest

from codegenesis.core.genetic import Edit, applied, edits, identity, ingredients

SOURCES = {
    "plain": """
        def f(xs, k):
            total = 0
            for i, x in enumerate(xs):  # each
                if x > k and not x == 3:
                    total += x * 2
                elif x is None:
                    continue
                else:
                    break
            return total
        """,
    "nested": '''
        @decorated(1)
        def f(xs, *rest, key=None, **options):
            """Doc
          that is indented oddly."""
            count = 0

            def inner(y: int = 3) -> int:
                nonlocal count
                count += 1
                return y if y > 1 else inner(y + 1)

            class Local:
                size = 1

            return [inner(x) for x in xs if x] + list(map(lambda z: z + 1, rest))
        ''',
    "one line": """
        def f(a, b):
            if a: return b
            while b: a = 1; b -= a
            for c in a: print(c); continue
            return a
        """,
    "whole function on one line": "def f(a, b): return a + b\n",
    "handlers": """
        def f(path):
            try:
                with open(path) as file, lock:
                    text = file.read()
            except (OSError, ValueError) as error:
                raise RuntimeError(str(error)) from error
            except KeyError:
                return None
            else:
                return text
            finally:
                print("done")
        """,
    "match": """
        def f(command):
            match command:
                case ["go", where] if where:
                    return where
                case {"x": x}:
                    return x + 1
                case _:
                    return None
        """,
    "coroutine": """
        async def f(xs):
            async with lock:
                async for x in xs:
                    yield await g(x)
            result = [y async for y in xs]
            assert result, "none"
        """,
    "tabs": "def f(a):\n\tif a:\n\t\treturn a\n\tfor b in a:\n\t\tprint(b)\n\treturn b\n",
    "wide characters": """
        def f(straße, größe):
            text = "äöü" + straße; größe = größe + 1
            return (text, größe - 1)  # ß
        """,
    "long lines": """
        def f(first,
              second):
            result = [
                first,  # one
                second,
            ]
            text = '''
        left
            ''' + str(first +
                      second)
            if (first and
                    second):
                return result
            return text
        """,
    "unusual": """
        def f(a, b):
            global c
            c = x = a if b else -b
            del a[0], a[1:2]
            print(f"{a!r:>{b}} {c}", *a, sep="", **b)
            if (n := len(a)) > 1: pass
            a[0], (c, *d) = b[::2], a
            lambda: (yield)
            return not a, ~b, a @ b, {**a, 1: 2}, {1, *b}, ..., a < b <= c
        """,
    "with its prelude": """
        from math import sqrt
        LIMIT = 3

        def helper(x):
            return sqrt(x)

        def f(x):
            return helper(x) + LIMIT
        """,
    "no newline at the end": "def f(a):\n    return a",
    "identity with a number": "def f(a):\n    return a is 0\n",
}


@pytest.fixture(params=SOURCES)
def source(request: pytest.FixtureRequest) -> str:
    return dedent(SOURCES[request.param]).removeprefix("\n")


def test_nearly_every_edit_gives_a_program(source: str) -> None:
    found = edits(source)[::3]
    texts = [applied(source, [edit]) for edit in found]
    assert len(found) > 20
    assert texts.count(None) <= max(2, 0.03 * len(found))


def test_edits_are_distinct_and_never_the_original(source: str) -> None:
    found = edits(source)
    texts = {f"{source[: edit.start]}{edit.text}{source[edit.end :]}" for edit in found}
    assert source not in texts
    assert len(texts) == len(found)


def test_hardly_any_two_edits_are_the_same_program(source: str) -> None:
    texts = [text for edit in edits(source)[:300] if (text := applied(source, [edit]))]
    programs = {identity(text) for text in (source, *texts)}
    assert len(texts) + 1 - len(programs) <= max(4, 0.04 * len(texts))


def test_edits_come_in_order_and_always_the_same(source: str) -> None:
    found = edits(source)
    weights = [edit.weight for edit in found]
    assert weights == sorted(weights, reverse=True)
    assert found == edits(source)


def test_each_edit_says_what_it_does_and_where(source: str) -> None:
    for edit in edits(source):
        assert edit.words.startswith(f"line {edit.line}: ")
        assert 1 <= edit.line <= source.count("\n") + 1
        assert 0 <= edit.start <= edit.end <= len(source)
        assert 0 < edit.weight <= 1


def test_an_edit_can_be_edited(source: str) -> None:
    first = next(text for edit in edits(source) if (text := applied(source, [edit])))
    assert any(applied(first, [edit]) for edit in edits(first))


def test_what_is_no_program_has_no_edits() -> None:
    assert edits("def f(:\n") == []


def test_two_edits_apart_are_made_together() -> None:
    source = "def f(a, b):\n    if a < b:\n        return 1\n    return 2\n"
    chosen = [edit_to(source, "<="), edit_to(source, "3")]
    expected = "def f(a, b):\n    if a <= b:\n        return 1\n    return 3\n"
    assert applied(source, chosen) == applied(source, chosen[::-1]) == expected


def test_two_edits_of_one_place_are_refused() -> None:
    source = "def f(a, b):\n    return a < b\n"
    assert applied(source, [edit_to(source, "<="), edit_to(source, ">")]) is None


def test_what_would_not_compile_is_refused() -> None:
    source = "def f(a):\n    return a\n"
    broken = Edit(start=13, end=19, text="break", kind="", line=2, words="", weight=1.0)
    assert applied(source, [broken]) is None


def test_a_doubtful_program_raises_no_warning() -> None:
    source = "def f(a):\n    return a is 0\n"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert any(applied(source, [edit]) for edit in edits(source))


def test_parentheses_come_where_they_are_needed_and_only_there() -> None:
    source = "def f(a, b):\n    return a * b\n"
    texts = {edit.text for edit in edits(source)}
    assert "(a - 1)" in texts
    assert "a - 1" not in texts
    assert "((a - 1))" not in texts


def test_texts_over_several_lines_keep_their_insides() -> None:
    source = dedent(
        '''
        def f(a):
            for b in a:
                text = """
            x
          y"""
            return text
        '''
    ).lstrip()
    moved = (applied(source, [e]) for e in edits(source) if e.kind in ("moved", "guarded"))
    assert all('"""\n    x\n  y"""' in text for text in moved if text)


def test_types_seen_at_run_time_decide_what_is_likely() -> None:
    source = "def f(a, b, c):\n    return g(a)\n"
    order = [
        edit.text
        for edit in edits(source, types={"a": ["int"], "b": ["list"], "c": ["int"]})
        if edit.text in ("b", "c")
    ]
    assert order.index("c") < order.index("b")


def test_ingredients_come_from_the_function_first_then_its_callers_then_the_module() -> None:
    module = dedent(
        """
        LIMIT = 10

        def far(x):
            return x.width + 3

        def near(y):
            return price(y) - y.height * 2

        def price(z):
            return z.size
        """
    )
    source = "def price(z):\n    return z.size\n"
    found = ingredients(source, module_source=module, qualname="price")
    assert found.expressions[:1] == ("z.size",)
    assert "y.height * 2" in found.expressions
    assert "x.width + 3" not in found.expressions
    assert found.names == ("LIMIT",)
    assert found.attributes[:3] == ("size", "height", "width")
    assert found.constants == ("2", "3")
    assert set(found.callees) >= {"price", "near", "far"}


def test_ingredients_without_a_module_are_those_of_the_function() -> None:
    assert ingredients("def f(a):\n    return g(a)\n").callees == ("g",)


def edit_to(source: str, text: str) -> Edit:
    return next(edit for edit in edits(source) if edit.text == text)
