"""Generators, iterators, coroutines and async generators, driven inside the jail."""

import pytest
from jail_bench import call, write_project

from codegenesis import wire
from codegenesis.errors import FragmentError
from codegenesis.sandbox import Environment, Limits, Sandbox
from codegenesis.sandbox.testing import InProcessExecutor

TARGET = """
import asyncio


def doubled(xs):
    for x in xs:
        yield x * 2
    return "end"


def forever(n):
    while True:
        yield n
        n += 1


def averages(xs):
    total = 0
    for at, x in enumerate(xs, 1):
        total += x
        got = yield total / at
        if got is not None:
            total += got


def plain(xs):
    return [x for x in xs]


async def slow(xs):
    results = []
    for x in xs:
        await asyncio.sleep(3600)
        results.append(x + 1)
    return results


async def ticks(xs):
    for x in xs:
        await asyncio.sleep(1)
        yield x + 1


async def busy(kind):
    return await globals()[kind]()


async def gathered():
    async def one(x):
        await asyncio.sleep(10 - x)
        return x
    return await asyncio.gather(*map(one, range(4)))


async def timed_out():
    try:
        await asyncio.wait_for(asyncio.Event().wait(), 60)
    except asyncio.TimeoutError:
        return "timed out"


async def locked():
    lock, seen = asyncio.Lock(), []
    async def one(x):
        async with lock:
            seen.append(x)
            await asyncio.sleep(1)
            seen.append(-x)
    async with asyncio.TaskGroup() as group:
        for x in (1, 2):
            group.create_task(one(x))
    return seen


async def queued():
    queue = asyncio.Queue(maxsize=1)
    async def produce():
        for x in range(3):
            await queue.put(x)
        await queue.put(None)
    task, seen = asyncio.create_task(produce()), []
    while (x := await queue.get()) is not None:
        seen.append(x)
    await task
    return seen


async def stuck():
    await asyncio.get_running_loop().create_future()


async def stubborn():
    while True:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            pass


async def failing():
    raise KeyError("no such")


async def background():
    asyncio.create_task(asyncio.sleep(10**9))
    return "left it running"


async def threaded():
    return await asyncio.to_thread(len, "x")
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    root = write_project(tmp_path_factory.mktemp("kinds"), {"cg_kinds_target.py": TARGET})
    return Environment(
        root=str(root), module="cg_kinds_target", path=str(root / "cg_kinds_target.py")
    )


@pytest.fixture(scope="module")
def kinds(environment):
    with Sandbox(environment, limits=Limits(cpu_s=2.0)) as sandbox:
        yield sandbox


@pytest.fixture
def ask(kinds):
    def outcome(qualname, *args, source=None):
        with kinds.candidate(qualname, source) as candidate:
            return candidate.call(call(*args))

    return outcome


@pytest.fixture
def differs(ask):
    """Whether a body in the place of the original's can be told from it."""

    def compare(qualname, body, *args, prelude="", parameters="xs"):
        kind = "async def" if qualname == "ticks" else "def"
        source = f"{prelude}{kind} {qualname}({parameters}):\n    {body}\n"
        return not ask(qualname, *args).same_as(ask(qualname, *args, source=source))

    return compare


def driven(outcome):
    assert outcome.kind == "returned", outcome
    seen = wire.decode(outcome.value)
    assert seen.type_name == "codegenesis:driven"
    kind, items, ending, value, _ = seen.state
    return kind, items, ending, value


def test_a_generator_is_its_items_and_what_it_returns(ask):
    assert driven(ask("doubled", [1, 2])) == ("generator", [2, 4], "returned", "end")
    assert driven(ask("doubled", [])) == ("generator", [], "returned", "end")


def test_an_endless_generator_is_taken_up_to_a_bound(ask):
    kind, items, ending, value = driven(ask("forever", 5))
    assert (kind, ending, value) == ("generator", "more", None)
    assert items == list(range(5, 1005))


def test_a_generator_that_raises_tells_where(ask):
    kind, items, ending, error = driven(ask("doubled", [1, None]))
    assert (kind, items, ending) == ("generator", [2], "raised")
    assert wire.decode(error).type_name == "builtins.TypeError"
    at_once = ask("doubled", 5)
    assert at_once.kind == "raised"
    assert wire.decode(at_once.value).type_name == "builtins.TypeError"


@pytest.mark.parametrize(
    ("body", "kind", "items"),
    [
        ("return map(str, xs)", "map", ["1", "2"]),
        ("return zip(xs, 'ab')", "zip", [(1, "a"), (2, "b")]),
        ("return filter(None, xs)", "filter", [1, 2]),
        ("return enumerate(xs)", "enumerate", [(0, 1), (1, 2)]),
        ("return iter(xs)", "list_iterator", [1, 2]),
        ("return reversed(xs)", "list_reverseiterator", [2, 1]),
        ("return dict.fromkeys(xs).keys()", "dict_keys", [1, 2]),
        ("return {1: 'a'}.items()", "dict_items", [(1, "a")]),
        ("import itertools; return itertools.chain(xs, xs)", "itertools.chain", [1, 2, 1, 2]),
        ("import itertools; return itertools.count(1)", "itertools.count", [*range(1, 1001)]),
        ("import io; return io.StringIO('a')", "_io.StringIO", ["a"]),
        ("import csv; return csv.reader(['a,b'])", "_csv.reader", [["a", "b"]]),
        ("import re; return (m.group() for m in re.finditer('a', 'aa'))", "generator", ["a", "a"]),
    ],
)
def test_iterators_are_told_by_their_type(ask, body, kind, items):
    found = driven(ask("plain", [1, 2], source=f"def plain(xs):\n    {body}\n"))
    assert found[:2] == (kind, items)


def test_an_honest_generator_passes(differs):
    for body in (
        "yield from (2 * x for x in xs)\n    return 'end'",
        "for x in xs:\n        yield x + x\n    return 'end'",
    ):
        assert not differs("doubled", body, [1, 2, 3])
        assert not differs("doubled", body, [])
        assert not differs("doubled", body, (1, 2))


@pytest.mark.parametrize(
    "body",
    [
        "yield from [x * 2 for x in xs]\n    return 'end'",
        "ys = list(xs)\n    for x in ys:\n        yield x * 2\n    return 'end'",
        "for x in xs:\n        yield x * 2",
        "for x in xs[:-1]:\n        yield x * 2\n    return 'end'",
        "for x in xs:\n        yield x * 2\n    xs.clear()\n    return 'end'",
        "xs.append(0)\n    for x in xs[:-1]:\n        yield x * 2\n    xs.pop()\n    return 'end'",
        "yield 2\n    raise ValueError",
    ],
    ids=["eager", "copied", "returns nothing", "one short", "changes", "meanwhile", "raises"],
)
def test_a_wrong_generator_shows(differs, body):
    assert differs("doubled", body, [1, 2, 3])


def test_what_is_sent_in_counts(differs):
    deaf = "total = 0\n    for at, x in enumerate(xs, 1):\n        yield (total := total + x) / at"
    assert differs("averages", deaf, [1, 2, 3])
    hearing = deaf + "\n    if 0: yield"
    assert not differs("averages", hearing, [], prelude="X = 1\n")


def test_an_item_that_changes_after_it_was_given_shows(differs):
    fresh = "for x in xs:\n        yield [x]"
    reused = "row = []\n    for x in xs:\n        row[:] = [x]\n        yield row"
    assert differs("doubled", reused, [1, 2])
    assert differs("doubled", fresh, [1, 2])


def test_a_view_is_no_copy(ask):
    live = "def plain(xs):\n    return xs.keys()\n"
    dead = "def plain(xs):\n    return dict(xs).keys()\n"
    arguments = {"a": 1, "b": 2}
    assert driven(ask("plain", arguments, source=live))[1] == ["a", "b"]
    held = "def plain(xs):\n    return iter(xs.values())\n"
    copied = "def plain(xs):\n    return iter(dict(xs).values())\n"
    assert not ask("plain", arguments, source=held).same_as(ask("plain", arguments, source=copied))
    assert driven(ask("plain", arguments, source=dead))[0] == "dict_keys"


def test_a_coroutine_is_what_awaiting_it_gives_and_waiting_costs_nothing(ask):
    outcome = ask("slow", [1, 2])
    assert wire.decode(outcome.value) == [2, 3]
    assert outcome.cpu_ns < 2_000_000_000


@pytest.mark.parametrize(
    ("kind", "result"),
    [
        ("gathered", [0, 1, 2, 3]),
        ("timed_out", "timed out"),
        ("locked", [1, -1, 2, -2]),
        ("queued", [0, 1, 2]),
        ("background", "left it running"),
    ],
)
def test_asyncio_works_without_sockets_or_threads(ask, kind, result):
    outcome = ask("busy", kind)
    assert outcome.kind == "returned", outcome
    assert wire.decode(outcome.value) == result


@pytest.mark.parametrize("kind", ["stuck", "stubborn"])
def test_a_coroutine_that_waits_for_nothing_is_told_and_the_next_call_works(kinds, kind):
    with kinds.candidate("busy", None) as candidate:
        outcome = candidate.call(call(kind))
        assert (outcome.kind, outcome.detail) == (
            "died", "it waits for something that never comes"
        )  # fmt: skip
        assert wire.decode(candidate.call(call("queued")).value) == [0, 1, 2]


def test_a_coroutine_raises_as_functions_do(ask):
    assert wire.decode(ask("busy", "failing").value) == wire.Opaque(
        "builtins.KeyError", ("no such",)
    )
    assert ask("busy", "threaded").kind == "raised"


def test_a_coroutine_object_is_not_its_result(ask):
    promised = "async def later(): return 1\ndef plain(xs):\n    return later()\n"
    assert driven(ask("plain", [], source=promised)) == ("coroutine", [], "returned", 1)


def test_an_async_generator_is_driven_like_any_other(ask, differs):
    assert driven(ask("ticks", [1, 2])) == ("async_generator", [2, 3], "returned", None)
    for body, wrong in (
        ("for x in xs:\n        await asyncio.sleep(0)\n        yield x + 1", True),
        ("for x in list(xs):\n        yield x + 1", True),
        ("for x in xs:\n        yield x", True),
        ("for x in xs:\n        got = yield x + 1\n        if got:\n            yield got", True),
    ):
        assert differs("ticks", body, [1, 2]) is wrong, body


def test_a_variant_cannot_change_its_kind(kinds):
    for qualname, source in (
        ("doubled", "def doubled(xs):\n    return iter(xs)\n"),
        ("slow", "def slow(xs):\n    return xs\n"),
    ):
        with pytest.raises(FragmentError, match="change its kind"):
            kinds.candidate(qualname, source)


def test_a_batch_of_generators_is_taken_up_while_it_is_timed(kinds):
    with kinds.candidate("forever", None) as candidate:
        timing = candidate.time([call(1), b"\xc1", call(2)])
    first, odd, second = timing.outcomes
    assert (driven(first)[1][0], odd.kind, driven(second)[1][0]) == (1, "died", 2)


def test_the_double_drives_them_as_the_sandbox_does(environment, ask):
    double = InProcessExecutor(environment)
    for qualname, argument in (
        ("doubled", [1, 2]), ("slow", [1]), ("ticks", [1, 2]), ("busy", "stuck"), ("plain", [1])
    ):  # fmt: skip
        with double.candidate(qualname, None) as candidate:
            assert candidate.call(call(argument)).same_as(ask(qualname, argument))
