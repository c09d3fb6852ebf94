"""Celery tasks are part of the use that sent them, in a worker process of their own."""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import codegenesis
from codegenesis.errors import UsageError
from codegenesis.runtime.context import Context, current, is_trace, make, stuck
from codegenesis.runtime.middleware.celery import ARMS, packed, unpacked

if TYPE_CHECKING:
    from conftest import Site

TASKS = """
    import json, os, pathlib, sys
    import codegenesis
    from celery import Celery
    from codegenesis.runtime.context import current
    from codegenesis.runtime.rewards import box

    for name in ("queue", "control", "results", "answers"):
        pathlib.Path(name).mkdir(exist_ok=True)
    app = Celery("tasks", broker="filesystem://", backend=f"file://{os.getcwd()}/results")
    app.conf.broker_transport_options = {
        "data_folder_in": "queue", "data_folder_out": "queue", "control_folder": "control",
    }
    codegenesis.follow_celery()

    def answer(name):
        use = current()
        told = {field: getattr(use, field) for field in ("segment", "key", "trace", "arms")}
        codegenesis.reward(1, name="paid")
        (reward,) = box.take(service="s", process="p", secret=b"s")
        told |= {"pid": os.getpid(), "rewarded": reward.arms}
        path = pathlib.Path("answers", name)
        path.with_suffix(".part").write_text(json.dumps(told))
        path.with_suffix(".part").rename(path)

    @app.task
    def first(name):
        second.delay(name + "-by-first")
        answer(name)

    @app.task
    def second(name):
        answer(name)

    @app.task
    def failing(name):
        raise LookupError(name)
"""
SEND = """
    import codegenesis
    from tasks import failing, first, second

    with codegenesis.context(segment="gold", key="ann", trace="ab" * 16) as use:
        use.arms["r1"] = "variant"
        first.delay("sent")
        failing.delay("sent")
    second.delay("alone")
"""


def test_a_worker_goes_on_with_the_use_of_the_sender(
    site: Site, until: Callable[..., None]
) -> None:
    pytest.importorskip("celery")
    site.write("tasks.py", TASKS)
    site.write("send.py", SEND)
    site.run("-m", "celery", "-A", "tasks", "worker", "-c", "1", "--without-gossip",
             "--without-mingle", "--without-heartbeat")  # fmt: skip
    assert site.run("send.py").wait(timeout=30) == 0
    answers = site.directory / "answers"
    wanted = {"sent", "sent-by-first", "alone"}
    until(lambda: wanted <= {path.name for path in answers.glob("*")}, what="answers", seconds=30)
    told = {name: json.loads((answers / name).read_text()) for name in wanted}
    for name in ("sent", "sent-by-first"):
        assert (told[name]["segment"], told[name]["key"]) == ("gold", stuck("ann"))
        assert told[name]["trace"] == "ab" * 16
        assert told[name]["rewarded"] == {"r1": "variant"}
    assert told["alone"]["segment"] == ""
    assert told["alone"]["key"] == told["alone"]["trace"] != "ab" * 16
    assert told["alone"]["arms"] == {}


@pytest.fixture
def app() -> Any:
    """Celery in this process: tasks run where they are called."""
    celery = pytest.importorskip("celery")
    app = celery.Celery("eager", broker="memory://")
    app.conf.task_always_eager = True
    return app


def test_eager_tasks_are_part_of_the_use_that_calls_them(app: Any) -> None:
    @app.task
    def seen() -> Context | None:
        return current()

    codegenesis.follow_celery()
    with codegenesis.context(segment="gold", key="ann") as use:
        found = seen.delay().get()
        assert current() is use
    assert (found.segment, found.key, found.arms is use.arms) == ("gold", use.key, True)
    assert seen.delay().get().segment == ""
    assert current() is None


def test_the_owner_says_whose_a_task_is(app: Any) -> None:
    @app.task
    def seen(plan: str, user: str) -> Context | None:
        return current()

    codegenesis.follow_celery(
        segment=lambda task: task.request.args[0],
        key=lambda task: task.request.args[1],
        segments=["gold"],
    )
    found = [seen.delay(plan, "ann").get() for plan in ("gold", "made up")]
    assert [each.segment for each in found] == ["gold", "other"]
    assert {each.key for each in found} == {stuck("ann")}
    codegenesis.follow_celery()  # the last one holds
    assert seen.delay("gold", "ann").get().segment == ""


def test_an_owners_function_that_fails_costs_the_use_not_the_task(app: Any) -> None:
    @app.task
    def seen() -> int:
        return 42

    codegenesis.follow_celery(segment=lambda task: 1 / 0)
    try:
        assert seen.delay().get() == 42
        assert current() is None
    finally:
        codegenesis.follow_celery()


def test_without_celery_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "celery", None)
    with pytest.raises(UsageError) as caught:
        codegenesis.follow_celery()
    assert "pip install celery" in caught.value.remedy


def test_disabled_it_connects_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEGENESIS_DISABLED", "1")
    monkeypatch.setitem(sys.modules, "celery", types.ModuleType("celery"))
    codegenesis.follow_celery()  # would fail: this one has no signals


def test_a_use_travels_as_plain_data() -> None:
    use = make(segment="gold", key="ann")
    use.arms.update({f"r{n}": "control" for n in range(ARMS + 5)})
    found = unpacked(json.loads(json.dumps(packed(use))))
    assert found
    assert (found.segment, found.key, found.trace) == (use.segment, use.key, use.trace)
    assert len(found.arms) == ARMS
    assert unpacked(packed(make(key=""))).key == ""  # type: ignore[union-attr]


_ANY = st.recursive(
    st.none() | st.integers() | st.text(max_size=40) | st.sampled_from(["ab" * 16, "control"]),
    lambda inner: st.dictionaries(
        st.sampled_from(["segment", "key", "trace", "arms", "r1"]), inner, max_size=5
    ),
    max_leaves=8,
)


@settings(max_examples=50)
@given(_ANY)
def test_whatever_a_message_holds_is_bounded(header: object) -> None:
    found = unpacked(header)
    if found is not None:
        assert is_trace(found.trace)
        assert found.key == "" or is_trace(found.key)
        assert len(found.segment) <= 64
        assert set(found.arms.values()) <= {"control", "variant"}
