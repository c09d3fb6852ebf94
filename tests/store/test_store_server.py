"""What can go wrong with a server, and what hosts that share one see of each other."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from codegenesis.errors import StoreError, StoreVersionError
from codegenesis.model import Gene, Observation, Release, Sample
from codegenesis.store import Store
from codegenesis.store.migrations import LATEST

psycopg = pytest.importorskip("psycopg")

if TYPE_CHECKING:
    from codegenesis.store.throwaway import Server


@pytest.fixture
def store(on_server: str, tmp_path: Path) -> Iterator[Store]:
    """A fresh store on the server, of a host called a."""
    with Store.open(on_server, directory=tmp_path / "a") as opened:
        opened.directory.mkdir()
        yield opened


@pytest.fixture
def other(on_server: str, tmp_path: Path) -> Iterator[Store]:
    """The same store, of a host called b."""
    with Store.open(on_server, directory=tmp_path / "b") as opened:
        opened.directory.mkdir()
        yield opened


def execute(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def append(store: Store) -> None:
    store.append_entry(kind="event", gene="", variant="", envelope="{}", at_ns=1)


def insist(attempt: Callable[[], object]) -> None:
    """What came before the end of a server may still be heard."""
    for _ in range(3):
        attempt()


# Opening


def test_a_server_that_is_not_there_is_an_error_without_the_password() -> None:
    with pytest.raises(StoreError, match="cannot be reached") as caught:
        Store.open("postgresql://me:secret@127.0.0.1:1/shop")
    assert "postgresql://me@127.0.0.1:1/shop" in caught.value.remedy
    assert "secret" not in f"{caught.value} {caught.value.remedy}"


def test_a_database_that_is_not_there_is_not_made(postgres: Server) -> None:
    with pytest.raises(StoreError, match="no such database") as caught:
        Store.open(postgres.url("nothing"))
    assert "createdb" in caught.value.remedy


def test_what_is_no_url_is_an_error_that_shows_none_of_it() -> None:
    with pytest.raises(StoreError, match="expected a URL") as caught:
        Store.open("postgresql://me:sec@ret@h?nothing=1")
    assert "%40" in caught.value.remedy


def test_without_the_driver_it_is_said_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, postgres: Server
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match="needs psycopg") as caught:
        Store.open(postgres.url())
    assert "codegenesis[postgres]" in caught.value.remedy


def test_somebody_elses_database_is_left_alone(postgres: Server) -> None:
    url = postgres.fresh()
    execute(url, "CREATE TABLE customers (name TEXT)")
    with pytest.raises(StoreError, match="other tables \\(customers\\)"):
        Store.open(url)


def test_a_newer_store_on_a_server_is_refused(postgres: Server) -> None:
    url = postgres.fresh()
    Store.open(url).close()
    execute(url, f"INSERT INTO schema_version VALUES ({LATEST + 41}, 0)")
    with pytest.raises(StoreVersionError, match=f"schema version {LATEST + 41}"):
        Store.open(url)


def test_a_reader_of_a_server_writes_nothing(store: Store, on_server: str) -> None:
    append(store)
    with Store.open(on_server, read_only=True) as reader:
        assert reader.head() == store.head()
        with pytest.raises(StoreError, match="read-only"):
            append(reader)


def test_names_are_ordered_by_their_bytes(
    store: Store, gene: Gene, observe: Callable[..., list[Observation]]
) -> None:
    from msgspec.structs import replace

    names = ["Zoo", "_a", "a", "ä"]
    store.put_genes(replace(gene, qualname=name) for name in reversed(names))
    assert [each.qualname for each in store.genes()] == names


# Trouble


def test_a_server_that_was_away_is_found_again(
    store: Store, postgres: Server, gene: Gene, release_of: Callable[..., Release]
) -> None:
    append(store)
    assert not store.changed()
    postgres.stop()
    try:
        for attempt in (store.head, store.changed, lambda: store.wait(0.01)):
            with pytest.raises(StoreError, match=r"cannot be reached|is ending"):
                insist(attempt)
    finally:
        postgres.start()
    assert store.head() is not None
    assert store.changed(), "something may have been missed"
    assert not store.changed()
    store.put_release(release_of(gene, "r1"))
    assert store.changed()


def test_a_session_that_was_ended_costs_one_error(store: Store, on_server: str) -> None:
    append(store)
    execute(on_server, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid != "
            "pg_backend_pid() AND datname = current_database()")  # fmt: skip
    with pytest.raises(StoreError):
        append(store)
    append(store)
    assert len(store.entries()) == 2


def test_who_stands_still_in_a_write_does_not_hold_up_the_others(
    on_server: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from codegenesis.store import batches, server

    monkeypatch.setattr(server, "PATIENCE_MS", 200)
    taken, done = threading.Event(), threading.Event()
    said: list[str] = []
    with Store.open(on_server) as still:

        def stand() -> None:
            try:
                with still._database.write() as connection:
                    batches.alone(connection, "entries")
                    taken.set()
                    done.wait(30)
                    connection.exec_driver_sql("SELECT 1")
            except StoreError as error:
                said.append(str(error))

        thread = threading.Thread(target=stand)
        thread.start()
        assert taken.wait(30)
        append(store)  # the server has ended the other's transaction
        done.set()
        thread.join()
    assert len(store.entries()) == 1
    assert "stood still" in said[0]


def test_a_reader_may_take_its_time(
    on_server: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from codegenesis.store import server

    monkeypatch.setattr(server, "PATIENCE_MS", 1)
    with Store.open(on_server) as slow, slow._database.read() as connection:
        connection.exec_driver_sql("SELECT pg_sleep(0.02)")
        assert (
            connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar() == "0"
        )


def test_a_lock_on_a_server_is_waited_for_only_so_long(
    on_server: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from codegenesis.store import server

    monkeypatch.setattr(server, "PATIENCE_MS", 50)
    with psycopg.connect(on_server) as hog:
        hog.execute("LOCK TABLE entries")
        with Store.open(on_server) as impatient:
            with pytest.raises(StoreError, match="kept the store locked") as caught:
                append(impatient)
            assert "Try again" in caught.value.remedy
            hog.rollback()
            append(impatient)


def test_entries_are_synced_on_the_server_and_observations_are_not(store: Store) -> None:
    for durable, expected in ((True, "on"), (False, "off"), (True, "on")):
        with store._database.write(durable=durable) as connection:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == expected


def test_a_reader_that_goes_on_after_the_last_number_misses_nothing(store: Store) -> None:
    done = threading.Event()
    seen: list[int] = []

    def follow() -> None:
        last = 0
        while True:
            ending = done.is_set()
            found = store.numbered_samples("r", after_id=last)
            seen.extend(sample.at_ns for _, sample in found)
            last = found[-1][0] if found else last
            if ending and not found:
                return

    def write(writer: int) -> None:
        for number in range(40):
            at_ns = writer * 1000 + number
            store.add_samples(
                [Sample(release="r", process="p", arm="control", at_ns=at_ns, cpu_ns=1, wall_ns=1)]
            )

    reader = threading.Thread(target=follow)
    reader.start()
    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    assert len(seen) == len(set(seen)) == 160


# Hosts


def test_news_end_the_wait_of_another_host(
    store: Store, other: Store, gene: Gene, release_of: Callable[..., Release]
) -> None:
    waiting = threading.Thread(target=other.wait, args=(60,))
    waiting.start()
    store.add_acks([])
    append(store)  # of no interest to those that wait
    store.put_release(release_of(gene, "r1"))
    waiting.join(30)
    assert not waiting.is_alive()
    assert other.changed()


def test_the_switch_of_a_shared_store_is_for_all_hosts_and_a_file_for_one(
    store: Store, other: Store
) -> None:
    assert store.frozen() is other.frozen() is None
    store.freeze("black friday")
    assert other.wait(30)
    assert other.frozen() == store.frozen() == "black friday"
    store.changed()  # its own doing is news as well
    other.thaw()
    assert store.wait(30)
    assert store.frozen() is other.frozen() is None
    (other.directory / "FREEZE").touch()
    assert other.frozen() == "frozen by hand"
    assert store.frozen() is None
    store.freeze("both")
    other.thaw()
    assert other.frozen() is None


def test_without_the_server_one_can_still_freeze_this_host(store: Store, postgres: Server) -> None:
    postgres.stop()
    try:
        with pytest.raises(StoreError, match="only this host is frozen"):
            store.freeze("now")
        assert store.frozen() == "now"
    finally:
        postgres.start()
