"""For whom the application works, by hand; and what that was worth."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

import codegenesis
from codegenesis.errors import UsageError
from codegenesis.model import Reward
from codegenesis.runtime.context import OTHER, Segments, current, is_trace, make
from codegenesis.runtime.rewards import Box, Told, box


def told() -> list[Reward]:
    return box.take(service="shop", process="p", secret=b"s" * 32)


def test_a_use_holds_inside_and_nowhere_else() -> None:
    assert current() is None
    with codegenesis.context(segment="pro", key=7) as use:
        assert current() is use
        assert use.segment == "pro"
        assert is_trace(use.key)
        assert is_trace(use.trace)
    assert current() is None


def test_keys_are_kept_as_digests_and_the_same_key_is_the_same_one() -> None:
    assert make(key="ann").key == make(key="ann").key != make(key="bob").key
    assert "ann" not in make(key="ann").key
    assert make(key=7).key == make(key="7").key


def test_without_a_key_a_use_sticks_to_itself_and_with_an_empty_one_to_nothing() -> None:
    first, second = make(), make()
    assert first.key == first.trace != second.trace == second.key
    assert make(key="").key == ""


def test_what_is_not_given_is_that_of_the_use_around_it() -> None:
    with codegenesis.context(segment="pro", key="ann") as outer:
        with codegenesis.context(segment="team") as inner:
            assert (inner.segment, inner.key, inner.trace) == ("team", outer.key, outer.trace)
            assert inner.arms is outer.arms
        with codegenesis.context(key="bob") as other:
            assert (other.segment, other.trace) == ("pro", outer.trace)
            assert other.arms is not outer.arms
        assert current() is outer


def test_a_trace_from_elsewhere_is_kept_when_it_has_the_form_of_one() -> None:
    assert make(trace="ab" * 16).trace == "ab" * 16
    for odd in ("AB" * 16, "0" * 32, "ab", "x" * 32, "ab" * 17):
        assert make(trace=odd).trace != odd


def test_it_decorates_functions_and_coroutine_functions() -> None:
    @codegenesis.context(segment="batch")
    def plain(again: bool = True) -> list[str]:
        use = current()
        assert use
        return [use.segment, use.trace, *(plain(False) if again else [])]

    @codegenesis.context(segment="async")
    async def suspending() -> str:
        await asyncio.sleep(0)
        use = current()
        assert use
        return use.trace

    async def both() -> list[str]:
        return await asyncio.gather(suspending(), suspending())

    assert plain.__name__ == "plain"
    assert plain()[0::2] == ["batch", "batch"]
    assert len({*plain(False), *plain(False)}) == 3  # one segment, a trace each
    assert len(set(asyncio.run(both()))) == 2
    assert current() is None


def test_generator_functions_are_refused_with_a_word_on_what_to_do() -> None:
    def steps() -> Iterator[int]:
        yield 1

    async def suspended() -> AsyncIterator[int]:
        yield 1

    for function in (steps, suspended):
        with pytest.raises(UsageError, match="is a generator function") as caught:
            codegenesis.context()(function)
        assert "around the loop" in caught.value.remedy


def test_threads_and_tasks_see_their_own() -> None:
    async def task(name: str) -> list[str]:
        with codegenesis.context(segment=name):
            found = []
            for _ in range(3):
                await asyncio.sleep(0)
                use = current()
                found.append(use.segment if use else "")
            return found

    async def both() -> list[list[str]]:
        return await asyncio.gather(task("a"), task("b"))

    in_thread: list[object] = []
    with codegenesis.context(segment="main"):
        thread = threading.Thread(target=lambda: in_thread.append(current()))
        thread.start()
        thread.join()
        assert asyncio.run(both()) == [["a"] * 3, ["b"] * 3]
    assert in_thread == [None]


def test_segments_are_few_and_short() -> None:
    segments = Segments(limit=3)
    assert [segments.admit(name) for name in ("a", "b", "c", "d", "b")] == [
        "a",
        "b",
        "c",
        OTHER,
        "b",
    ]
    assert Segments().admit("x" * 1000) == "x" * 64
    assert Segments().admit(" a\n\x00b\u202e ") == "ab"
    assert Segments().admit(12) == "12"


@given(st.lists(st.text(), max_size=100))
def test_whatever_comes_in_segments_stay_bounded(names: list[str]) -> None:
    segments = Segments()
    kept = {segments.admit(name) for name in names}
    assert len(kept) <= 52
    assert all(len(name) <= 64 and name.isprintable() for name in kept)


def test_a_reward_carries_the_use_that_it_is_for() -> None:
    with codegenesis.context(segment="pro", key="ann") as use:
        use.arms["r1"] = "variant"
        codegenesis.reward(2, name="checkout")
        use.arms["r2"] = "control"  # met later: not what the reward was earned with
    (found,) = told()
    assert (found.service, found.process, found.name, found.value) == ("shop", "p", "checkout", 2.0)
    assert (found.segment, found.trace, found.arms) == ("pro", use.trace, {"r1": "variant"})
    assert len(found.key) == 32
    assert found.key != use.key
    assert told() == []


def test_rewards_of_one_key_have_one_digest_under_one_secret() -> None:
    for key in ("ann", "ann", "bob", ""):
        with codegenesis.context(key=key):
            codegenesis.reward(1)
    first, second, other, none = (each.key for each in told())
    assert first == second != other
    assert none == ""


def test_a_reward_needs_no_use_and_no_agent() -> None:
    codegenesis.reward(1.5)
    (found,) = told()
    assert (found.name, found.value, found.key, found.trace, found.arms) == (
        "reward", 1.5, "", "", {},
    )  # fmt: skip


def test_what_is_no_number_is_an_error_and_what_is_not_finite_is_dropped() -> None:
    with pytest.raises(TypeError):
        codegenesis.reward(None)  # type: ignore[arg-type]
    codegenesis.reward(float("nan"))
    codegenesis.reward(float("inf"))
    assert box.dropped == 2
    assert told() == []


def test_the_box_is_bounded_and_counts_what_it_drops() -> None:
    small = Box(limit=3)
    for number in range(5):
        small.put(Told(number, "reward", None))
    assert small.dropped == 2
    found = small.take(service="shop", process="p", secret=b"s")
    assert [each.value for each in found] == [0, 1, 2]


def test_a_forked_child_does_not_tell_its_parents_rewards_again() -> None:
    codegenesis.reward(1)
    pid = os.fork()
    if pid == 0:
        os._exit(len(told()))
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert len(told()) == 1


def test_disabled_it_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEGENESIS_DISABLED", "1")

    @codegenesis.context(segment="pro")
    def plain() -> object:
        return current()

    with codegenesis.context(segment="pro") as use:
        codegenesis.reward(1)
        assert current() is None
        assert use.segment == "pro"  # code that reads it goes on working
    assert plain() is None
    assert told() == []
