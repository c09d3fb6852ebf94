"""Whole searches in the workshop, next to modules that mean well and modules that do not."""

from __future__ import annotations

import sys
import textwrap
import types
from dataclasses import make_dataclass

import pytest

from codegenesis import wire
from codegenesis.arena.messages import Example
from codegenesis.core.budget import Budget, Meter
from codegenesis.core.synthesis import stated, synthesise
from codegenesis.model import Gene

HOSTILE = '''
import os

def huge(n: int) -> int:
    return 10 ** 10 ** 10

def endless(n: int) -> int:
    while True:
        n += 1

def leave(n: int) -> int:
    os._exit(0)

def spoil(xs: list) -> list:
    xs.clear()
    return xs

def write(n: int) -> int:
    open("{marker}", "w").write("here")
    return n

def weigh(n: int) -> int:
    return n * 7 + 3

def last(n: int) -> int:
    """Weigh it, and add one.

    >>> last(1)
    11
    >>> last(2)
    18
    >>> last(10)
    74
    """
    raise NotImplementedError
'''


@pytest.fixture
def fill(tmp_path):
    def run(text, name, examples=(), setup="", **limits):
        path = tmp_path / "task.py"
        path.write_text(textwrap.dedent(text))
        source = "def " + path.read_text().rpartition("\ndef ")[2]
        gene = Gene(
            service="test",
            module="task",
            qualname=name,
            kind="function",
            path=str(path),
            root=str(tmp_path),
            line=1,
            source=source,
        )
        meter = Meter(Budget(**({"seconds": 60} | limits)))
        cases = examples or stated(source, name)
        return synthesise(gene, cases, meter=meter, setup=setup), meter

    return run


def test_helpers_are_used_and_hostile_ones_hurt_nobody(fill, tmp_path):
    marker = tmp_path / "marker"
    result, meter = fill(HOSTILE.replace("{marker}", str(marker)), "last", trials=6_000)
    best = result.filled[0]
    assert best.source.startswith('def last(n: int) -> int:\n    """Weigh it, and add one.')
    space = {"weigh": lambda n: n * 7 + 3}
    exec(best.source, space)
    assert [space["last"](n) for n in (0, 5, 50)] == [4, 39, 354]
    assert not marker.exists()
    assert meter.trials == result.trials > 0


def test_objects_of_the_project_are_read_and_json_is_taken_as_such(fill, monkeypatch):
    text = """
    from dataclasses import dataclass

    @dataclass
    class Item:
        price: int
        amount: int

    def lines(items):
        '''Price and next amount of each.'''
        ...
    """
    item = make_dataclass("Item", ["price", "amount"])
    item.__module__ = "task"
    task = types.ModuleType("task")
    task.Item = item
    monkeypatch.setitem(sys.modules, "task", task)
    rows = [[(3, 2), (5, 1)], [], [(7, 4)], [(2, 6), (9, 3)]]
    examples = [
        Example(
            call=wire.encode_call(([item(*pair) for pair in row],), {}),
            result=wire.encode([[price, amount + 1] for price, amount in row]),
            lenient=True,
        )
        for row in rows
    ]
    result, _ = fill(text, "lines", examples, trials=60_000)
    space = {}
    exec(result.filled[0].source, space)
    assert [list(pair) for pair in space["lines"]([item(4, 5)])] == [[4, 6]]


def test_a_spent_budget_starts_nothing_and_a_module_that_fails_is_named(fill):
    hole = "\ndef f(n):\n    '''Doc.\n\n    >>> f(1)\n    1\n    '''\n"
    spent, _ = fill(hole, "f", trials=0.5)
    assert "trials are used up" in spent.reason or spent.trials < 1000
    broken, _ = fill("import nothing_like_this\n" + hole, "f")
    assert broken.filled == ()
    assert "nothing_like_this" in broken.reason


def test_the_hook_of_the_owner_runs_before_the_module(fill, tmp_path):
    (tmp_path / "hook.py").write_text("import os\n\n\ndef ready():\n    os.READY = 1\n")
    text = '''
    import os

    os.READY

    def half(n):
        """
        >>> half(8)
        4
        >>> half(10)
        5
        """
        raise NotImplementedError
    '''
    result, _ = fill(text, "half", setup="hook:ready", trials=2_000)
    assert result.filled, result.reason
