"""`status` says what is wrong: an app without an engine, an engine of no use, a refused release."""

import time

import msgspec
import pytest

from codegenesis.lifecycle import snapshot
from codegenesis.model import Ack, Process, Release
from codegenesis.store import Store


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "genesis.db") as opened:
        yield opened


def process(role: str, **changes: object) -> Process:
    now = time.time_ns()
    usual = Process(
        id=f"{role}-1",
        service="s",
        role=role,
        host="h",
        pid=1,
        python="3.11",
        started_ns=now,
        seen_ns=now,
    )
    return msgspec.structs.replace(usual, **changes)


def problems(store: Store) -> tuple[str, ...]:
    return snapshot(store, at_ns=time.time_ns()).problems


def test_an_app_with_an_engine_is_healthy(store):
    store.put_process(process("app"))
    store.put_process(process("engine", note="watching"))
    assert problems(store) == ()


def test_an_app_without_an_engine_is_not(store):
    store.put_process(process("app"))
    assert "codegenesis engine" in problems(store)[0]


def test_an_engine_that_was_last_seen_long_ago_is_gone(store):
    store.put_process(process("app"))
    store.put_process(process("engine", seen_ns=time.time_ns() - 60_000_000_000))
    assert "no engine" in problems(store)[0]


def test_an_engine_without_a_sandbox_is_a_problem(store):
    store.put_process(process("engine", note="cannot evolve: no user namespaces"))
    assert "no user namespaces" in problems(store)[0]


def test_a_refused_release_is_a_problem_while_it_is_active(store):
    now = time.time_ns()
    release = Release(
        id="r1",
        gene="s/m:f",
        variant="v",
        base="b",
        stage="live",
        created_ns=now,
        updated_ns=now,
        expires_ns=now + 10**12,
    )
    store.put_release(release)
    store.add_acks(
        [
            Ack(
                release="r1",
                process="app-1",
                stage="live",
                outcome="refused",
                detail="bad",
                at_ns=now,
            )
        ]
    )
    assert "app-1 refuses release r1: bad" in problems(store)
    store.move_release("r1", expect=["live"], stage="rolled_back", at_ns=now)
    assert problems(store) == ()
