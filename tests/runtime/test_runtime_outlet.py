"""The agent's own way to the store writes what the store writes, and reads what it reads."""

from __future__ import annotations

import math
import os
import sqlite3
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from codegenesis.errors import StoreError, StoreVersionError, VerificationError
from codegenesis.model import (
    Ack,
    Event,
    Gene,
    Observation,
    Outcome,
    Process,
    Release,
    Reward,
    Sample,
    Variant,
)
from codegenesis.runtime.outlet import Batch, Outlet, base, open_outlet
from codegenesis.store import Store, batches
from codegenesis.store.migrations import LATEST

GENE = Gene(
    service="shop", module="m", qualname="f", kind="function", path="/m.py", root="/", line=1,
    source="def f(): pass", free=("a", "b"), noted_at_ns=1,
)  # fmt: skip
VARIANT = Variant(gene="shop/m:f", base="b", source="def f(): ...", operator="o", parents=("p",))
RELEASE = Release(
    id="r1", gene="shop/m:f", variant=VARIANT.id, base="b", stage="live", weight=0.0, pure=True,
    created_ns=1, updated_ns=2, expires_ns=3,
)  # fmt: skip

MOVE = {"id": "r1", "stage": "retired", "reason": "", "at_ns": 1, "expect0": "live"}


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a fresh store, once a file and once on a server."""
    if request.param == "sqlite":
        return str(tmp_path / "genesis.db")
    return str(request.getfixturevalue("postgres").fresh())


in_a_file = pytest.mark.parametrize("where", ["sqlite"], indirect=True)


@pytest.fixture
def store(where: str, tmp_path: Path) -> Iterator[Store]:
    with Store.open(where, directory=tmp_path) as made:
        yield made


@pytest.fixture
def outlet(store: Store, where: str) -> Iterator[Outlet]:
    made = opened(where, store.directory)
    yield made
    made.close()


def opened(
    where: str | Path, directory: Path, *, waiting: deque[Any] | None = None, create: bool = True
) -> Outlet:
    given = deque[Any]() if waiting is None else waiting
    return open_outlet(where, directory=directory, create=create, waiting=given)


def observation(at_ns: int, **fields: Any) -> Observation:
    return Observation(
        gene="shop/m:f", process="p", at_ns=at_ns, wall_ns=2, cpu_ns=1, **fields
    )  # fmt: skip


def test_its_statements_are_for_this_schema() -> None:
    assert base.SCHEMA == LATEST


def test_what_it_writes_is_what_the_store_reads(outlet: Outlet, store: Store) -> None:
    process = Process(
        id="p", service="shop", role="app", host="h", pid=1, python="3", started_ns=1, seen_ns=2,
        probe_share=0.25, note="\nfigures",
    )  # fmt: skip
    outcome = Outcome(kind="returned", value=b"v", after=b"a", detail="", cpu_ns=1, wall_ns=2)
    seen = [
        observation(1, call=b"c", outcome=outcome, error="E", segment="gold", trace="t"),
        observation(2, sketch="\udc80", burst_rate=math.inf),
    ]
    sample = Sample(
        release="r1", process="p", arm="control", at_ns=1, cpu_ns=2, wall_ns=3, error="",
        regression=True, segment="gold", key="k",
    )  # fmt: skip
    ack = Ack(
        release="r1", process="p", stage="live", outcome="swapped", loaded="d", at_ns=1,
        latency_ns=2,
    )  # fmt: skip
    reward = Reward(service="shop", process="p", value=1.5, arms={"r1": "variant"}, at_ns=1)
    event = Event(
        service="shop", source="logging", kind="log", attributes={"a": "b"}, value=2.0, at_ns=1
    )
    outlet.put_process(process)
    outlet.put_process(process)
    outlet.put_genes([GENE])
    outlet.add_observations(seen)
    outlet.add_samples([sample])
    outlet.add_acks([ack])
    outlet.rewards.add([reward])
    outlet.events.add([event])
    assert store.processes() == [process]
    assert store.genes() == [GENE]
    first, second = store.observations("shop/m:f")
    assert first == seen[0]
    assert second.sketch == "\\udc80"
    assert store.samples("r1") == [sample]
    assert store.acks("r1") == [ack]
    assert store.rewards.find(service="shop") == [reward]
    assert store.events.find() == [event]


def test_it_reads_what_the_store_writes(outlet: Outlet, store: Store) -> None:
    store.put_variant(VARIANT)
    store.put_release(RELEASE)
    store.add_observations([observation(n, error=str(n)) for n in range(5)])
    assert outlet.releases(service="shop", stages=("live", "canary")) == [RELEASE]
    assert outlet.releases() == [RELEASE]
    assert outlet.releases(service="other") == outlet.releases(stages=("canary",)) == []
    assert outlet.release("r1") == RELEASE
    assert outlet.release("r") is None
    assert outlet.variant(VARIANT.id) == VARIANT
    assert outlet.variant("v") is None
    newest = outlet.observations("shop/m:f", limit=2, newest=True)
    assert [each.error for each in newest] == ["3", "4"]


def test_a_release_is_moved_only_from_where_it_is_believed_to_be(
    outlet: Outlet, store: Store
) -> None:
    store.put_release(RELEASE)
    outlet.move_release("r1", expect=("canary",), stage="retired")
    assert store.release("r1") == RELEASE
    outlet.move_release("r1", expect=("live",), stage="rolled_back", reason="why", at_ns=9)
    moved = store.release("r1")
    assert moved
    assert (moved.stage, moved.reason, moved.updated_ns) == ("rolled_back", "why", 9)


def test_it_notices_what_others_write_and_not_what_it_wrote(
    outlet: Outlet, store: Store, until: Callable[..., None]
) -> None:
    store.put_release(RELEASE)
    until(outlet.changed, what="news")
    outlet.put_genes([GENE])
    outlet.move_release("r1", expect=("live",), stage="retired")
    assert not outlet.changed()


def ends(outlet: Outlet, cause: Callable[[], object]) -> None:
    """A wait of an hour is ended by this."""
    waiting = threading.Thread(target=outlet.wait, args=(3600.0,))
    waiting.start()
    cause()
    waiting.join(30.0)
    assert not waiting.is_alive()


def test_a_wait_ends_with_news_and_when_it_is_woken(outlet: Outlet, store: Store) -> None:
    outlet.changed()
    ends(outlet, outlet.wake)
    ends(outlet, lambda: store.put_release(RELEASE))


def test_what_one_agent_moves_the_others_hear(outlet: Outlet, store: Store, where: str) -> None:
    store.put_release(RELEASE)
    other = opened(where, store.directory)
    outlet.changed()
    ends(outlet, lambda: other.move_release("r1", expect=("live",), stage="rolled_back"))
    other.close()


def test_both_sides_of_a_fork_go_on(outlet: Outlet, store: Store) -> None:
    outlet.changed()
    pid = os.fork()
    if pid == 0:
        outlet.put_genes([GENE])
        outlet.close()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    assert store.genes() == [GENE]
    outlet.add_observations([observation(1)])
    ends(outlet, lambda: store.put_release(RELEASE))


@contextmanager
def somebody_writes(store: Store) -> Iterator[None]:
    """For long, where the outlet would write."""
    with store._database.write(durable=False) as connection:
        batches.alone(connection, "observations")
        yield


def test_what_cannot_be_written_now_is_written_with_what_comes_next(
    outlet: Outlet, store: Store
) -> None:
    with somebody_writes(store):
        outlet.add_observations([observation(1)])
    assert store.observations("shop/m:f") == []
    outlet.add_observations([observation(2)])
    assert [each.at_ns for each in store.observations("shop/m:f")] == [1, 2]


def test_a_lock_that_lasts_is_trouble_and_only_decisions_are_kept(
    store: Store, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "PATIENCE_S", 0.0)
    store.put_release(RELEASE)
    waiting: deque[Any] = deque()
    outlet = opened(where, store.directory, waiting=waiting)
    with somebody_writes(store):
        outlet._waiting.append(moving := Batch("move", "releases", [MOVE]))
        with pytest.raises(StoreError, match="locked"):
            outlet.add_observations([observation(1)])
    outlet.close()
    assert list(waiting) == [moving]
    again = opened(where, store.directory, waiting=waiting)
    again.put_genes([GENE])
    again.close()
    moved = store.release("r1")
    assert moved
    assert moved.stage == "retired"
    assert store.observations("shop/m:f") == []


@in_a_file
def test_a_row_that_is_damaged_is_refused(outlet: Outlet, store: Store) -> None:
    store.put_variant(VARIANT)
    store.put_release(RELEASE)
    with sqlite3.connect(store.path) as connection:
        connection.execute("UPDATE variants SET parents = x'92'")
        connection.execute("UPDATE releases SET created_ns = 'then'")
    connection.close()
    with pytest.raises(VerificationError, match="damaged"):
        outlet.variant(VARIANT.id)
    assert outlet.releases() == []


def test_a_store_is_made_or_missed(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="not there any more"):
        opened(tmp_path / "genesis.db", tmp_path, create=False)
    opened(tmp_path / "genesis.db", tmp_path).close()
    assert (tmp_path / "genesis.db").stat().st_mode & 0o777 == 0o600


@in_a_file
def test_a_newer_store_is_refused(store: Store, tmp_path: Path) -> None:
    with sqlite3.connect(store.path) as connection:
        connection.execute("INSERT INTO schema_version VALUES (999, 0)")
    connection.close()
    with pytest.raises(StoreVersionError):
        opened(store.path, tmp_path)


def test_a_closed_outlet_says_so(outlet: Outlet) -> None:
    outlet.close()
    with pytest.raises(StoreError, match="closed"):
        outlet.put_genes([GENE])


def test_an_agent_at_work_has_not_imported_sqlalchemy(
    store: Store, where: str, tmp_path: Path
) -> None:
    code = f"""
import sys
from codegenesis.config import load
from codegenesis.runtime.mail import Mail
from codegenesis.runtime.registry import registry, register
from codegenesis.runtime.session import Session
sys.path.insert(0, {str(tmp_path)!r})
import tiny
register(tiny.f)
overrides = {{"service": "shop", "directory": {str(store.directory)!r}, "store": {where!r}}}
config = load(overrides=overrides, environ={{}})
session = Session(config, registry=registry, mail=Mail(), discovering=False)
for _ in range(3):
    session.visit()
session.close()
print("sqlalchemy" in sys.modules)
"""
    (tmp_path / "tiny.py").write_text("def f(x):\n    return x\n")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
    assert store.find_genes("tiny:f")


def test_the_switch_is_seen_and_one_that_cannot_be_read_counts_as_pulled(
    outlet: Outlet, store: Store, until: Callable[..., None]
) -> None:
    assert outlet.frozen() is None
    store.freeze("for a reason")
    until(lambda: outlet.frozen() == "for a reason", what="the switch")
    store.thaw()
    until(lambda: outlet.frozen() is None, what="the switch back")
    (outlet.directory / "FREEZE").mkdir()
    assert "cannot be read" in str(outlet.frozen())
