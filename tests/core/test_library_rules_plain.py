"""Text, structures and output in cheaper ways: each version equals the original."""

from __future__ import annotations

import io
import logging
import sqlite3
import textwrap

import pytest

#: rule, source, module, calls.
CHANGED = [
    (
        "prepending",
        """
        def f(n):
            text = ""
            while n:
                text = str(n % 2) + text
                n //= 2
            return text
        """,
        "",
        [(0,), (1,), (10,), (255,)],
    ),
    (
        "prepending",
        """
        def f(words):
            line = "end"
            for word in words:
                for char in word:
                    line = char + "-" + line
            return line
        """,
        "",
        [([],), (["ab", "", "c"],)],
    ),
    (
        "translation",
        """
        def f(text):
            return "".join(c for c in text if c not in string.punctuation)
        """,
        "import string",
        [("",), ("a.b, c!",), ("ä–ö.",)],
    ),
    (
        "translation",
        """
        def f(text):
            text = text.replace("a", "1").replace("b", "").replace("c", "33").replace("a", "2")
            return text
        """,
        "",
        [("",), ("abcabc",), ("xyz",)],
    ),
    (
        "translation",
        """
        def f(text):
            return "".join([TABLE.get(c, c) for c in text])
        """,
        "TABLE = {'a': 'A', 'b': ''}",
        [("",), ("abcab",)],
    ),
    (
        "digits",
        """
        def f(n):
            return sum(int(d) ** 3 for d in str(n)), max([int(d) for d in str(n)])
        """,
        "",
        [(0,), (153,), (10**30,), (-5,), (1.5,), ("12",), ("x",), ("٣",)],
    ),
    (
        "digits",
        """
        def f(n):
            return sum(math.factorial(int(d)) for d in str(n)) == n
        """,
        "import math",
        [(145,), (146,), (0,)],
    ),
    (
        "affixes",
        """
        def f(name):
            return name.startswith("a") or name.startswith(("b", "c")) or name == "z"
        """,
        "",
        [("ab",), ("cd",), ("z",), ("",)],
    ),
    (
        "affixes",
        """
        def f(name):
            return not name.endswith(".py") and not name.endswith(".pyc") and bool(name)
        """,
        "",
        [("a.py",), ("a.pyc",), ("a",), ("",)],
    ),
    (
        "deep_copies",
        """
        def f(rows):
            mine = copy.deepcopy(rows)
            mine.append({"a": [1]})
            return mine, mine[0] is rows[0]
        """,
        "import copy",
        [([{"a": [1, {"b": 2.5}]}],), ([[1, (2, [3])]],), ([{1, 2}],)],
    ),
    (
        "deep_copies",
        """
        def f(grid):
            other = deepcopy(grid)
            other[0][0] = 7
            return grid, other
        """,
        "from copy import deepcopy",
        [([[1, 2], [3]],), ([],)],
    ),
    (
        "date_text",
        """
        def f(year, month):
            day = datetime(year, month, 3, 4, 5, 6, 7)
            return day.strftime("%Y-%m-%dT%H:%M:%S.%f"), day.date().strftime("%d/%m/%Y")
        """,
        "from datetime import datetime",
        [(2024, 1), (1999, 12)],
    ),
    (
        "date_text",
        'def f(n):\n    day = date(n, 2, 9)\n    return day.strftime("%Y%m%d")',
        "from datetime import date",
        [(2024,), (1000,)],
    ),
    (
        "flags",
        """
        def f(n):
            sieve = [True] * (n + 1)
            sieve[0] = False
            found = []
            for i in range(2, n + 1):
                if sieve[i]:
                    found.append(i)
                    for j in range(i * i, n + 1, i):
                        sieve[j] = False
            return found
        """,
        "",
        [(0,), (1,), (2,), (100,)],
    ),
    (
        "flags",
        """
        def f(n):
            seen = [False for _ in range(n)]
            for i in range(0, n, 3):
                seen[i] = True
            return [i for i in range(n) if not seen[i]]
        """,
        "",
        [(0,), (1,), (10,)],
    ),
    (
        "dense_keys",
        """
        def f(n):
            counts = {i: 0 for i in range(n)}
            for i in range(n):
                counts[i * i % n] += i
            return [counts[i] for i in range(n)], list(range(len(counts)))
        """,
        "",
        [(0,), (1,), (7,)],
    ),
    (
        "dense_keys",
        """
        def f(items):
            places = {i: item for i, item in enumerate(items)}
            out = [places[len(items) - 1 - i] for i in range(len(items))]
            for position, item in places.items():
                out.append((position, item))
            return out
        """,
        "",
        [([],), (["a", "b"],)],
    ),
    (
        "plain_dict",
        """
        def f(words):
            counts = OrderedDict()
            for word in words:
                counts[word] = counts.get(word, 0) + 1
            return list(counts.items())
        """,
        "from collections import OrderedDict",
        [([],), (["b", "a", "b"],)],
    ),
    (
        "plain_dict",
        """
        def f(words):
            seen = collections.OrderedDict()
            for word in words:
                if word not in seen:
                    seen[word] = len(seen)
            return sorted(seen)
        """,
        "import collections",
        [([],), (["b", "a", "b"],)],
    ),
    (
        "row_hoist",
        """
        def f(a, b):
            table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
            for i in range(1, len(a) + 1):
                for j in range(1, len(b) + 1):
                    if a[i - 1] == b[j - 1]:
                        table[i][j] = table[i - 1][j - 1] + 1
                    else:
                        table[i][j] = max(table[i - 1][j], table[i][j - 1])
            return table
        """,
        "",
        [("", ""), ("abcb", "bdcab"), ("a", "")],
    ),
    (
        "row_hoist",
        """
        def f(grid, n):
            total = 0
            for i in range(n):
                for j in range(n):
                    total += grid[i][j] * grid[j][i]
            return total
        """,
        "",
        [([[1, 2], [3, 4]], 2), ([[1]], 1), ([], 0)],
    ),
    (
        "constant_literals",
        """
        def f(text):
            values = {"I": 1, "V": 5, "X": 10}
            return sum(values[c] for c in text) + {"a": 1, "b": 2, "c": 3}.get(text, 0)
        """,
        "",
        [("",), ("XIV",), ("a",)],
    ),
    (
        "constant_literals",
        """
        def f(n):
            primes = [2, 3, 5, 7]
            for prime in primes:
                if n % prime == 0:
                    return primes.index(prime)
            return len(primes)
        """,
        "",
        [(9,), (11,), (4,)],
    ),
    (
        "local_types",
        """
        def f(values):
            class Node:
                def __init__(self, value):
                    self.value = value
                    self.next = None

            head = None
            for value in values:
                node = Node(value)
                node.next = head
                head = node
            return head.value if head else None
        """,
        "",
        [([],), ([1, 2],)],
    ),
    (
        "local_types",
        """
        def f(a, b):
            Point = namedtuple("Point", "x y")
            return Point(a, b).y
        """,
        "from collections import namedtuple",
        [(1, 2)],
    ),
    (
        "generators",
        """
        def f(xs):
            squares = [x * x for x in xs]
            total = 0
            for square in squares:
                total += square
            for x in list(range(3)):
                total += x
            return total + sum([x for x in xs if x > 1]), sorted(list(xs))
        """,
        "",
        [([],), ([3, 1, 2],)],
    ),
    (
        "generators",
        "def f(xs):\n    best = max([len(x) for x in xs])\n    return best",
        "",
        [([],), (["a", "bb"],)],
    ),
]


@pytest.mark.parametrize(("rule", "source", "module", "calls"), CHANGED)
def test_every_version_equals_the_original(bench, rule, source, module, calls):
    bench.agree(rule, source, calls, module=module)


LEFT_ALONE = [
    (
        "prepending",
        'def f(xs):\n    s = ""\n    for x in xs:\n        s = s[-1:] + s\n    return s',
    ),
    ("prepending", "def f(xs):\n    n = 0\n    for x in xs:\n        n = x + n\n    return n"),
    ("translation", 'def f(s):\n    return s.replace("a", "b").replace("b", "c")'),
    (
        "translation",
        'def f(s):\n    return s.replace("a", "b").replace("b", "c").replace("c", "d").replace(*s)',
    ),
    ("digits", "def f(n, k):\n    return sum(int(d) ** k for d in str(n))"),
    ("digits", "def f(n):\n    return [int(d) for d in n]"),
    ("affixes", 'def f(a, b):\n    return a.startswith("x") or b.startswith("y")'),
    ("affixes", 'def f(it):\n    return next(it).startswith("x") or next(it).startswith("y")'),
    ("deep_copies", "def f(x):\n    return deepcopy(x)"),
    ("date_text", 'def f(d):\n    return d.strftime("%d %b %Y")'),
    ("flags", "def f(n):\n    flags = [True] * n\n    return flags"),
    ("dense_keys", "def f(n):\n    d = {i: 0 for i in range(n)}\n    d['x'] = 1\n    return d"),
    ("dense_keys", "def f(n):\n    d = {i: 0 for i in range(n)}\n    return d.get(3)"),
    ("plain_dict", "def f():\n    d = OrderedDict()\n    d.move_to_end(1)"),
    ("plain_dict", "def f():\n    d = OrderedDict()\n    return d"),
    (
        "row_hoist",
        """
        def f(grid, n):
            for i in range(n):
                for j in range(n):
                    grid[j] = [0] * n
                    grid[i][j] = 1
            return grid
        """,
    ),
    ("row_hoist", "def f(grid, i):\n    for j in range(3):\n        print(grid[j][i])"),
    ("constant_literals", "def f():\n    xs = [1, 2, 3]\n    xs.append(4)\n    return xs"),
    ("constant_literals", "def f():\n    xs = [1, 2, 3]\n    return xs"),
    ("constant_literals", "def f(x):\n    return {'a': x, 'b': 1, 'c': 2}['a']"),
    ("local_types", "def f():\n    class A:\n        pass\n    A.n = 1\n    return A"),
    (
        "local_types",
        "def f(x):\n    class A:\n        def g(self):\n            return x\n    return A().g()",
    ),
    ("generators", 'def f(xs):\n    return ",".join([str(x) for x in xs])'),
    ("generators", "def f(xs):\n    ys = [x for x in xs]\n    return ys, sum(ys)"),
    (
        "generators",
        "def f(xs):\n    for x in [y for y in xs]:\n        xs.append(x)\n    return xs",
    ),
]


@pytest.mark.parametrize(("rule", "source"), LEFT_ALONE)
def test_what_only_looks_alike_is_left_alone(bench, rule, source):
    bench.silent(rule, source)


class Written(io.StringIO):
    """Counts how often it is written to."""

    calls = 0

    def write(self, text):
        self.calls += 1
        return super().write(text)


BATCHES = [
    "def f(xs, out):\n    for x in xs:\n        if x:\n            out.write(str(x) + ';')",
    "def f(xs, out):\n    for x in xs:\n        line = f'<{x}>'\n        out.write(line)",
]


@pytest.mark.parametrize("source", BATCHES)
def test_what_is_written_is_the_same_in_fewer_calls(bench, make_function, source):
    first, *others = bench.write("batches", source)
    for variant in (first, *others):
        for items in ([], [0, 1, 2], ["a"] * 9):
            one, other = Written(), Written()
            make_function(source, name="f")(items, one)
            make_function(variant.source, name="f")(items, other)
            assert one.getvalue() == other.getvalue()
    assert "join" in first.source


def test_what_is_printed_is_the_same(bench, make_function, capsys):
    source = "def f(xs):\n    for x in xs:\n        print(x, 'of', len(xs))"
    (variant,) = bench.write("batches", source)
    for items in ([], [1], ["a", None]):
        make_function(source, name="f")(items)
        wanted = capsys.readouterr().out
        make_function(variant.source, name="f")(items)
        assert capsys.readouterr().out == wanted


def test_rows_are_inserted_by_one_call(bench, make_function):
    source = """
    def f(cursor, rows):
        for name, price in rows:
            cursor.execute("INSERT INTO goods VALUES (?, ?)", (name, price * 2))
    """
    for variant in bench.write("batches", source):
        with sqlite3.connect(":memory:") as connection:
            connection.execute("CREATE TABLE goods (name TEXT, price INT)")
            make_function(variant.source, name="f")(connection.cursor(), [("a", 1), ("b", 2)])
            assert connection.execute("SELECT * FROM goods").fetchall() == [("a", 2), ("b", 4)]
        connection.close()


@pytest.mark.parametrize(
    "source",
    [
        "def f(xs, outs):\n    for x, out in zip(xs, outs):\n        out.write(x)",
        "def f(c, xs):\n    for x in xs:\n        c.execute('SELECT ?', (x,))",
        "def f(xs):\n    for x in xs:\n        print(x, end='')",
        "def f(xs):\n    for x in xs:\n        print(show(x))",
    ],
)
def test_calls_that_are_not_one_are_left_alone(bench, source):
    bench.silent("batches", source)


FILES = [
    (
        "lines",
        """
        def f(path):
            with open(path) as file:
                return [line.strip() for line in file.readlines() if line]
        """,
    ),
    (
        "lines",
        """
        def f(path):
            total = 0
            with open(path) as file:
                for number, line in enumerate(file.readlines()):
                    total += number * len(line)
            return total
        """,
    ),
    (
        "asked_once",
        """
        def f(path):
            found = 0
            for i in range(3):
                if os.path.exists(path) and os.path.getsize(path) > i:
                    found += 1
            return found
        """,
    ),
    (
        "asked_once",
        """
        def f(path):
            out = []
            for i in range(2):
                out.append(Path(path).name + str(os.path.isdir(path)))
            return out
        """,
    ),
    ("closing", "def f(path):\n    file = open(path)\n    text = file.read()\n    return text"),
    ("closing", "def f(path):\n    return open(path).read() + 'x'"),
    (
        "closing",
        """
        def f(path):
            out = []
            file = open(path)
            for line in file:
                out.append(int(line))
            file.close()
            return out
        """,
    ),
    (
        "reopening",
        """
        def f(path):
            for i in range(3):
                with open(path, "a") as file:
                    file.write(str(i))
            with open(path) as file:
                return file.read()
        """,
    ),
]


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize(("rule", "source"), FILES)
@pytest.mark.parametrize("text", ["", "1\n", "1\n2\n3", "a\n1\n"])
def test_files_are_read_and_written_as_before(bench, make_function, tmp_path, rule, source, text):
    module = "import os\nfrom pathlib import Path"
    (variant, *_) = bench.write(rule, source, module_source=module)
    outcomes = []
    for number, code in enumerate((textwrap.dedent(source), variant.source)):
        path = tmp_path / str(number) / "file.txt"
        path.parent.mkdir()
        path.write_text(text)
        try:
            outcomes.append(make_function(code, module=module, name="f")(str(path)))
        except ValueError as error:
            outcomes.append(str(error))
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        ("lines", "def f(file):\n    lines = file.readlines()\n    return lines"),
        ("lines", "def f(file):\n    for a in file.readlines():\n        b = file.read()"),
        ("asked_once", "def f(ps):\n    return [p for p in ps if os.path.exists(p)]"),
        (
            "asked_once",
            "def f(p, n):\n    for i in n:\n        if os.path.isdir(p):\n            os.rmdir(p)",
        ),
        ("closing", "def f(path):\n    return open(path)"),
        ("closing", "def f(path):\n    file = open(path)\n    return Reader(file)"),
        ("closing", "def f(path):\n    with open(path) as file:\n        return file.read()"),
        (
            "reopening",
            "def f(p, s):\n    for x in s:\n        with open(p, 'w') as o:\n            o.write()",
        ),
        ("log_messages", "def f(x):\n    logger.error(f'{x}')"),
        ("log_messages", "def f(x):\n    logger.debug(f'{x:>3}')"),
    ],
)
def test_files_and_messages_that_must_stay_are_left_alone(bench, rule, source):
    bench.silent(rule, source, module_source="import os")


def test_a_log_message_says_the_same(bench, make_function, caplog):
    module = "import logging\nlogger = logging.getLogger('shop')"
    source = "def f(x, y):\n    logger.info(f'{x!r}: 100% of {{{y}}} and {x.upper()}')"
    (variant,) = bench.write("log_messages", source, module_source=module)
    with caplog.at_level(logging.INFO):
        make_function(source, module=module, name="f")("a", [1])
        make_function(variant.source, module=module, name="f")("a", [1])
    assert caplog.messages[0] == caplog.messages[1] == "'a': 100% of {[1]} and A"


def test_slots_are_one_of_the_versions(bench):
    source = next(source for rule, source, *_ in CHANGED if rule == "local_types")
    _, slotted = bench.write("local_types", source)
    assert "__slots__ = ('value', 'next')" in slotted.source.replace('"', "'").replace(",)", ")")
