"""Programs in normal form, and the types that are read off observation: no compiler is needed."""

import ast
import textwrap

import pytest

from codegenesis.compiler.native.assigned import Assigned
from codegenesis.compiler.native.bits import require_bounded
from codegenesis.compiler.native.normal import normal_form, text_of
from codegenesis.compiler.native.program import ENTRY, UnsuitableError, program_of
from codegenesis.compiler.native.types import FLOAT, INT, NUM, OBJECT, T, Typing, struct, vec
from codegenesis.native.watch import watched
from codegenesis.parsing import syntax_tree


@pytest.fixture
def program(file):
    """A maker: the program of the function `target` in a module's text, in normal form."""

    def make(text, name="target"):
        gene = file(text, name)
        return normal_form(program_of(gene, gene.source))

    return make


def run(program, *args):
    """Run the normal form as plain Python."""
    return namespace(program)[ENTRY](*args)


def namespace(program):
    names = {}
    text = "\n\n".join(ast.unparse(ast.fix_missing_locations(n)) for n in text_of(program))
    exec(compile(text, "<normal>", "exec"), names)
    return names


SAME = """
    def square(x):
        return x * x

    def apply(func, values):
        return [func(v) for v in values if v]

    def target(values):
        put = [].append
        rows = [[x + y for x in values] for y in values]
        put(rows)
        total = sum(x * y for x in values for y in values if x != y)
        names = {v: str(v) for v in values}
        odd = {v % 2 for v in values}
        return rows, total, names, odd, apply(square, values), any(v > 2 for v in values)
"""


@pytest.mark.parametrize("values", [[], [1], [3, 1, 2], [0, 0]])
def test_the_normal_form_computes_the_same(program, values):
    made = program(SAME)
    plain = {}
    exec(textwrap.dedent(SAME), plain)
    assert run(made, values) == plain["target"](values)


def test_comprehensions_become_functions_and_known_callees_are_written_in(program):
    made = program(SAME)
    text = "\n".join(ast.unparse(node) for node in made.functions.values())
    assert " for " not in text.replace("\n", " ").replace("    for ", "")
    assert "apply_with_square" in made.functions
    parts = [name for name in made.functions if name.endswith("apply_with_square")]
    assert len(parts) == 2
    assert not any("func" in ast.unparse(made.functions[name]) for name in parts)


def test_a_bound_method_in_a_variable_is_written_out(program):
    made = program("""
        def target(n):
            found = []
            put = found.append
            for i in range(n):
                put(i)
            return found
    """)
    assert "found.append(i)" in ast.unparse(made.functions[ENTRY])
    assert run(made, 3) == [0, 1, 2]


def test_what_a_function_reaches_is_gathered(program):
    made = program("""
        import math

        LIMIT = 3

        class Point:
            SCALE = 2

            def __init__(self, x):
                self.x = x

            def far(self):
                return helper(self.x) > LIMIT

            def unused(self):
                return nothing_known

        def helper(x):
            return math.sqrt(x)

        def beside():
            return 1

        def target(x):
            return Point(x).far()
    """)
    assert set(made.functions) == {ENTRY, "helper"}
    assert set(made.classes["Point"].methods) == {"__init__", "far"}
    assert made.globals == ("LIMIT",)
    assert made.imports == {"math": "math"}


@pytest.mark.parametrize(
    "text",
    [
        "def target(*values):\n    return values\n",
        "def target(**names):\n    return names\n",
    ],
)
def test_what_is_not_compiled_is_refused_with_words(file, text):
    gene = file(text, "target")
    with pytest.raises(UnsuitableError, match="stars"):
        program_of(gene, gene.source)


def test_types_are_those_of_every_variable(program):
    made = program("""
        class Point:
            def __init__(self, x):
                self.x = x

        def target(n):
            total = 0
            points = [Point(i * 0.5) for i in range(n)]
            for p in points:
                total += p.x
            return total
    """)
    names = namespace(made)
    told = watched(
        names[ENTRY], (5,), {}, classes={"Point": names["Point"]}, constants={}, events=10_000
    )
    typing = Typing(told["places"], {"Point": ""})
    assert typing.at(f"{ENTRY}:n") == INT
    assert typing.at(f"{ENTRY}:total") == NUM
    assert typing.at(f"{ENTRY}:points") == T("list", (struct("Point"),))
    assert typing.attributes("Point") == {"x": FLOAT}
    assert typing.at(f"{ENTRY}:unknown") == OBJECT


def test_places_that_hold_the_same_list_have_one_type(program):
    made = program("""
        def fill(items):
            items.append(0.5)

        def target(n):
            first = [n]
            fill(first)
            return first
    """)
    told = watched(namespace(made)[ENTRY], (1,), {}, classes={}, constants={}, events=10_000)
    typing = Typing(told["places"], {})
    assert typing.at(f"{ENTRY}:first") == typing.at("fill:items") == vec("n")


def test_reads_that_may_come_before_a_write_are_found():
    node = syntax_tree(
        textwrap.dedent("""
            def f(n):
                for i in range(n):
                    x = i
                if n:
                    y = 1
                else:
                    y = 2
                while True:
                    z = 1
                    break
                return x, y, z, i
        """)
    ).body[0]
    assert Assigned(node.body, ["n"]).marked - {"range"} == {"x", "i"}


@pytest.mark.parametrize(
    ("body", "bounded"),
    [
        ("t = 0\nfor i in range(n):\n    t += i % 7", True),
        ("t = 0\nfor i in range(n):\n    t += n * n * n", False),
        ("t = 1\nfor i in range(n):\n    t = t * 2", False),
        ("t = 2 ** n", False),
        ("t = n << 3", False),
        ("t = (n + 1) * (n - 1)", True),
    ],
)
def test_integers_that_may_wrap_around_are_refused(body, bounded):
    text = "def f(n):\n" + textwrap.indent(body, "    ")
    node = syntax_tree(text).body[0]
    if bounded:
        require_bounded(node, {"n", "t", "i"}, {"n"})
    else:
        with pytest.raises(UnsuitableError):
            require_bounded(node, {"n", "t", "i"}, {"n"})
