"""Text, tuples, lists and queues that are built step by step."""

from __future__ import annotations

from types import SimpleNamespace

import pytest


class Ledger:
    """Counts how often an attribute is written."""

    def __init__(self, **values):
        object.__setattr__(self, "writes", 0)
        self.__dict__.update(values)

    def __setattr__(self, name, value):
        self.__dict__["writes"] += 1
        self.__dict__[name] = value


METHODS = [
    """
    def show(self, items):
        for item in items:
            self.out += f"<{item}>"
    """,
    """
    def show(self, items):
        self.out = "start"
        for item in items:
            self.out += "["
            if item:
                self.out += str(item)
                continue
            self.out += "]"
        self.out += "end"
        return self.out
    """,
    """
    def show(self, items):
        n = 0
        while n < len(items):
            if self.out:
                self.out = self.out + ", " + repr(items[n])
            else:
                self.out += repr(items[n])
            n += 1
    """,
    """
    def show(self, items):
        for item in items:
            if item == 3:
                return len(items)
            self.out += "%s;" % (10 // item)
        return self.out
    """,
    """
    def show(self, items):
        for item in items:
            for digit in str(item):
                self.out += digit + "-"
    """,
]


@pytest.mark.parametrize("source", METHODS)
@pytest.mark.parametrize("items", [[], [1], [1, 2, 3, 4], [2, 0, 5], [0, 0]])
def test_an_attribute_is_joined_once(bench, source, items):
    calls = [(SimpleNamespace(out=""), items), (SimpleNamespace(out="before"), items)]
    bench.agree("string_building", source, calls, kind="method")


@pytest.mark.parametrize("source", METHODS)
def test_an_attribute_is_written_once_per_loop(bench, source):
    original, variant = bench.agree("string_building", source, [], kind="method")
    before, after = Ledger(out=""), Ledger(out="")
    items = [1] * 50
    original(before, items)
    variant(after, items)
    assert before.writes >= 50
    assert after.writes <= 3
    assert after.out == before.out


OTHERS = [
    """
    def build(items):
        row = {"out": "", "n": 0}
        for item in items:
            row["out"] += str(item)
            row["n"] += 1
        return row
    """,
    """
    def build(items):
        text = ""
        for item in items:
            text += str(item)
            if item == 3:
                return text + "!"
        return text
    """,
    """
    def build(items):
        found = ()
        for item in items:
            if item:
                found += (item,)
        return found
    """,
    """
    def build(items):
        pairs = tuple()
        for a in items:
            for b in items:
                pairs = pairs + (a, b)
        return pairs
    """,
    """
    def build(items):
        kept = []
        for item in items:
            kept = kept + [item, item]
        return kept
    """,
    """
    def build(items):
        data = b""
        for item in items:
            data += str(item).encode()
        return data, len(data)
    """,
    """
    def build(items):
        lines = []
        for item in items:
            line = ""
            for digit in str(item):
                line = line + digit + "."
            lines.append(line)
        return lines
    """,
]


@pytest.mark.parametrize("source", OTHERS)
def test_locals_subscripts_and_other_sequences_too(bench, source):
    bench.agree("string_building", source, [([],), ([1, 0, 22],), ([3, 4],), ([5, 3, 1],)])


@pytest.mark.parametrize("source", [OTHERS[2], OTHERS[4]])
def test_the_variant_no_longer_copies_what_is_there(bench, source):
    (variant,) = bench.write("string_building", source)
    assert ".append(" in variant.source or ".extend(" in variant.source
    assert "+ [" not in variant.source
    assert "+= (" not in variant.source


QUIET = [
    # numbers
    "def f(self, xs):\n    for x in xs:\n        self.total += x\n",
    "def f(xs):\n    n = 0\n    for x in xs:\n        n += 1\n    return n\n",
    # lists grow in place already
    "def f(xs):\n    out = []\n    for x in xs:\n        out += [x]\n    return out\n",
    # the text is read in the loop
    """
    def f(self, xs):
        for x in xs:
            self.out += str(x)
            if len(self.out) > 10:
                break
    """,
    "def f(xs):\n    s = ''\n    while len(s) < 5:\n        s += 'ab'\n    return s\n",
    # the object is handed on
    """
    def f(self, xs):
        for x in xs:
            self.out += str(x)
            notify(self)
    """,
    # each item has its own
    "def f(rows):\n    for row in rows:\n        row.text += '!'\n",
    # once
    "def f(self, x):\n    self.out += str(x)\n",
]


@pytest.mark.parametrize("source", QUIET)
def test_building_keeps_quiet(bench, source):
    bench.silent("string_building", source)


def test_a_method_that_reads_the_attribute_is_noticed(bench):
    source = """
    def f(self, xs):
        for x in xs:
            self.out += self.item(x)
    """
    module = """
class Owner:
    def __init__(self):
        self.out = ""
    def item(self, x):
        return self.{word} + str(x)
"""
    bench.silent("string_building", source, module_source=module.format(word="out"))
    assert bench.write("string_building", source, module_source=module.format(word="prefix"))


DISTINCT = [
    """
    def distinct(values):
        out = []
        for value in values:
            if value not in out:
                out.append(value)
        return out
    """,
    """
    def distinct(values):
        kept = list()
        note = "x"
        for v in values:
            if v in kept or not v:
                continue
            kept.append(v)
        return kept, note
    """,
    """
    def distinct(values):
        names = []
        for value in values:
            name = str(value)
            low = name.lower()
            if low != "b" and not (low in names):
                names.append(low)
        return names
    """,
    "def distinct(values): return [v for i, v in enumerate(values) if v not in values[:i]]",
    """
    def distinct(values):
        if values:
            seen = []
            for v in reversed(values):
                if v not in seen: seen.append(v)
            return seen
        return None
    """,
]


@pytest.mark.parametrize("source", DISTINCT)
def test_the_first_of_each_value_is_kept_by_a_dict(bench, source):
    bench.agree(
        "dedupe", source, [([],), ([1, 2, 1, 0],), (["B", "a", "b", "A", "a"],), ([1, True],)]
    )


@pytest.mark.parametrize("source", [DISTINCT[0], DISTINCT[3], DISTINCT[4]])
def test_a_dict_compares_only_equal_values(bench, source):
    original, variant = bench.agree("dedupe", source, [])
    values = [bench.Counted(n) for n in range(100)]
    assert bench.comparisons(original, values) >= 100 * 99 / 2
    assert bench.comparisons(variant, values) < 100


NOT_DISTINCT = [
    # something else happens as well
    """
    def f(xs):
        out = []
        for x in xs:
            if x not in out:
                out.append(x)
                print(x)
        return out
    """,
    # not the same value
    """
    def f(xs):
        out = []
        for x in xs:
            if x not in out:
                out.append(x + 1)
        return out
    """,
    # does not start empty
    """
    def f(xs, out):
        for x in xs:
            if x not in out:
                out.append(x)
        return out
    """,
    """
    def f(xs):
        out = []
        for x in xs:
            if x not in out:
                out.append(x)
        return out, x
    """,
    "def f(xs, ys): return [v for i, v in enumerate(xs) if v not in ys[:i]]",
]


@pytest.mark.parametrize("source", NOT_DISTINCT)
def test_dedupe_keeps_quiet(bench, source):
    bench.silent("dedupe", source)


QUEUES = [
    """
    def walk(graph, start):
        queue = [start]
        order = []
        while queue:
            node = queue.pop(0)
            if node not in order:
                order.append(node)
                queue.extend(graph.get(node, ()))
        return order
    """,
    """
    def walk(graph, start):
        pending = list(graph)
        total = 0
        while len(pending) > 0:
            first = pending.pop(0)
            total += len(graph[first])
            if total > 3:
                break
        return total, pending
    """,
    """
    def walk(graph, start):
        path = []
        for node in graph:
            path.insert(0, node)
        return path
    """,
    """
    def walk(graph, start):
        todo = [n for n in graph]
        last = None
        for _ in range(len(todo)):
            last = todo[0]
            todo.append(todo.pop(0))
            todo.pop()
        return last
    """,
]


@pytest.mark.parametrize("source", QUEUES)
def test_a_list_used_as_a_queue_becomes_a_deque(bench, source):
    graph = {1: [2, 3], 2: [3], 3: [1, 4], 4: []}
    if "return total, pending" in source:
        source = source.replace("return total, pending", "return total")
    bench.agree("deque", source, [(graph, 1), ({}, 0), ({5: [5]}, 5)])
    (variant,) = bench.write("deque", source)
    assert "pop(0)" not in variant.source
    assert "insert(0" not in variant.source


NO_QUEUES = [
    # the caller's list
    "def f(queue):\n    while queue:\n        queue.pop(0)\n",
    # sliced, sorted, handed on
    "def f(xs):\n    q = list(xs)\n    while q:\n        q.pop(0)\n        q = q[1:]\n",
    "def f(xs):\n    q = list(xs)\n    while q:\n        q.sort()\n        q.pop(0)\n",
    "def f(xs):\n    q = list(xs)\n    while q:\n        q.pop(0)\n        send(q)\n",
    # taken from the end
    "def f(xs):\n    q = list(xs)\n    while q:\n        q.pop()\n",
    # only once
    "def f(xs):\n    q = list(xs)\n    q.pop(0)\n    return q\n",
]


@pytest.mark.parametrize("source", NO_QUEUES)
def test_deque_keeps_quiet(bench, source):
    bench.silent("deque", source)
