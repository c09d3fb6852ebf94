"""Fragments of generators, coroutines and async generators: the kind stays, in both forms."""

from __future__ import annotations

import asyncio
import inspect
import textwrap
import types
from pathlib import Path

import pytest

from codegenesis import fragment
from codegenesis.errors import FragmentError
from codegenesis.fragment import syntax

SOURCE = '''
"""One function of each kind."""


def numbers(start, *, step=1):
    """Count; what is sent in is where to go on from."""
    while True:
        sent = yield start
        start = start + step if sent is None else sent


async def later(x):
    """After a while."""
    return x + 1


async def ticks(n):
    for at in range(n):
        got = yield at
        if got:
            yield got


class Feed:
    factor = 2

    def items(self):
        yield self.factor

    async def one(self):
        return super().__str__() and self.factor
'''


@pytest.fixture
def module(tmp_path: Path) -> types.ModuleType:
    path = tmp_path / "cg_kinds.py"
    path.write_text(SOURCE)
    made = types.ModuleType("cg_kinds")
    exec(compile(SOURCE, str(path), "exec"), vars(made))
    return made


def swap(function: types.FunctionType, source: str, *, owner: type | None = None) -> None:
    before = function.__code__.co_flags & syntax.KINDS
    source = textwrap.dedent(source)
    fragment.check(source, name=function.__name__)
    code = fragment.assemble(source, function, owner=owner, filename="<codegenesis test>")
    fragment.install(code, function)
    assert function.__code__.co_flags & syntax.KINDS == before


FORMS = pytest.mark.parametrize("prelude", ["", "ONE = 1\n"], ids=["direct", "redirect"])


@FORMS
def test_a_generator_stays_one(module: types.ModuleType, prelude: str) -> None:
    swap(
        module.numbers,
        prelude
        + """
def numbers(start, *, step=1):
    got = yield start * 10
    try:
        yield got
    except KeyError:
        yield "caught"
    return "end"
""",
    )
    assert inspect.isgeneratorfunction(module.numbers)
    made = module.numbers(3)
    assert (next(made), made.send("sent"), made.throw(KeyError)) == (30, "sent", "caught")
    with pytest.raises(StopIteration) as stop:
        next(made)
    assert stop.value.value == "end"


@FORMS
def test_a_generator_runs_nothing_before_it_is_asked(
    module: types.ModuleType, prelude: str
) -> None:
    module.seen = []
    swap(
        module.numbers, f"{prelude}def numbers(start, *, step=1):\n    seen.append(1)\n    yield 1"
    )
    made = module.numbers(3)
    assert module.seen == []
    next(made)
    assert module.seen == [1]
    made.close()


@FORMS
def test_a_coroutine_stays_one(module: types.ModuleType, prelude: str) -> None:
    swap(module.later, f"{prelude}async def later(x):\n    return x * 2")
    assert inspect.iscoroutinefunction(module.later)
    assert asyncio.run(module.later(4)) == 8


@FORMS
def test_an_async_generator_stays_one_and_passes_everything_on(
    module: types.ModuleType, prelude: str
) -> None:
    swap(
        module.ticks,
        prelude
        + """
async def ticks(n):
    try:
        got = yield n
        try:
            yield got
        except KeyError:
            yield "caught"
        yield "last"
    finally:
        closed.append(n)
""",
    )
    module.closed = []
    assert inspect.isasyncgenfunction(module.ticks)

    async def drive() -> list[object]:
        made = module.ticks(3)
        got = [await anext(made), await made.asend("sent"), await made.athrow(KeyError)]
        got += [item async for item in made]
        left = module.ticks(4)
        await anext(left)
        await left.aclose()
        return got

    assert asyncio.run(drive()) == [3, "sent", "caught", "last"]
    assert module.closed == [3, 4]


@FORMS
def test_methods_of_other_kinds_keep_self_and_super(module: types.ModuleType, prelude: str) -> None:
    cls = module.Feed
    swap(cls.items, f"{prelude}def items(self):\n    yield self.factor + 1", owner=cls)
    swap(cls.one, f"{prelude}async def one(self):\n    return len(super().__str__())", owner=cls)
    assert list(cls().items()) == [3]
    assert asyncio.run(cls().one()) > 5


def test_a_decorated_coroutine_is_awaited(module: types.ModuleType) -> None:
    swap(module.later, """
        def twice(function):
            async def wrapper(*args):
                return 2 * await function(*args)
            return wrapper

        @twice
        async def later(x):
            return x
    """)  # fmt: skip
    assert asyncio.run(module.later(4)) == 8


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("numbers", "def numbers(start, *, step=1):\n    return iter([start])"),
        ("numbers", "async def numbers(start, *, step=1):\n    yield start"),
        ("later", "def later(x):\n    return x"),
        ("later", "async def later(x):\n    yield x"),
        ("ticks", "def ticks(n):\n    yield n"),
        ("ticks", "async def ticks(n):\n    return n"),
    ],
)
def test_a_change_of_kind_is_refused(module: types.ModuleType, name: str, source: str) -> None:
    function = getattr(module, name)
    for prelude in ("", "X = 1\n"):
        with pytest.raises(FragmentError, match="change its kind"):
            swap(function, prelude + source)


def test_definitions_of_every_kind_are_found() -> None:
    assert fragment.find(SOURCE, "later").source.startswith("async def later(x):")
    assert fragment.find(SOURCE, "Feed.one").source.startswith("async def one(self):\n    return")
    assert fragment.find(SOURCE, "numbers").source.startswith("def numbers(")
