"""Runs are kept whole, are found by the beginning of their ids, and survive a migration."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec
import pytest

from codegenesis.errors import TargetError
from codegenesis.model import Landing, Run, RunStep
from codegenesis.store import Store, migrations, sqlite
from codegenesis.store.database import Database


def run_of(run_id: str, **changes: object) -> Run:
    fields: dict[str, object] = {
        "id": run_id,
        "command": "evolve",
        "targets": ("shop", "shop.pricing:quote"),
        "options": {"inputs": "doctests"},
        "settings": {"min_gain": "1.2"},
        "seed": 2**63 - 1,
        "budget": "10min,500trials",
        "started_ns": 7,
        "seconds": 1.5,
    }
    return Run(**{**fields, **changes})  # type: ignore[arg-type]


def test_a_run_comes_back_as_it_was_last_kept(store: Store) -> None:
    first, second = run_of("aa11"), run_of("bb22", budget="")
    store.runs.put(first)
    store.runs.put(second)
    ended = msgspec.structs.replace(first, state="stopped", ended_ns=9, trials=40, usd=0.25)
    store.runs.put(ended)
    assert store.runs.all() == [ended, second]
    assert store.runs.one("aa") == ended
    assert store.runs.one("cc") is None


def test_the_beginning_of_several_ids_is_no_id(store: Store) -> None:
    store.runs.put(run_of("aa11"))
    store.runs.put(run_of("aa22"))
    with pytest.raises(TargetError, match="several ids"):
        store.runs.one("aa")


def test_steps_keep_the_order_of_the_run_and_their_latest_state(store: Store) -> None:
    steps = [RunStep(run="aa11", position=n, target=f"m:f{n}", reason="why") for n in range(12)]
    store.runs.put_steps(reversed(steps))
    store.runs.put_steps([RunStep(run="other", position=0, target="m:g")])
    found = msgspec.structs.replace(
        steps[3], state="found", variant="v", trials=8, seconds=2.5, gene="app/m:f3"
    )
    store.runs.put_steps([found])
    assert store.runs.steps("aa11") == [*steps[:3], found, *steps[4:]]


def test_a_landing_holds_the_bytes_of_the_file_and_when_it_was_undone(store: Store) -> None:
    landing = Landing(
        run="aa11",
        path="/srv/a b\n.py",
        before=b"\xef\xbb\xbfx = 1\r\n",
        after=b"\xff",
        targets=("m:f", "m:g"),
        at_ns=3,
    )
    other = msgspec.structs.replace(landing, path="/srv/other.py")
    store.runs.add_landings([landing, other])
    store.runs.note_undone(landing, at_ns=8)
    assert store.runs.landings("aa11") == [msgspec.structs.replace(landing, undone_ns=8), other]


def test_a_store_from_before_there_were_runs_gets_them(path: Path) -> None:
    path.parent.mkdir()
    sqlite.create_file(path)
    database = Database(sqlite.File(path, read_only=False))
    with database.write() as connection:
        first = migrations.MIGRATIONS[:1]
        migrations.migrate(connection, words=sqlite.WORDS, migrations=first)
    database.close()
    with Store.open(path) as store:
        store.runs.put(run_of("aa11"))
        assert store.runs.all() == [run_of("aa11")]
    with sqlite3.connect(path) as raw:
        versions = [row[0] for row in raw.execute("SELECT version FROM schema_version")]
    raw.close()
    assert versions == list(range(1, migrations.LATEST + 1))
