"""Many writers at once: threads, processes, forks. Nothing is lost, forked or seen half."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from codegenesis.model import Gene, Observation, Release, digest
from codegenesis.store import Store, sqlite
from codegenesis.store.database import Database


def run(script: str, *arguments: object) -> subprocess.Popen[str]:
    """A real process that runs this script."""
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(script), *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
    )


def finish(*processes: subprocess.Popen[str]) -> list[str]:
    """What they printed; they must succeed."""
    results = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return results


def assert_whole(store: Store, count: int) -> None:
    """The chain has `count` entries without a gap, each over the one before."""
    prev = "0" * 64
    entries = store.entries()
    assert [entry.seq for entry in entries] == list(range(1, count + 1))
    for entry in entries:
        assert entry.prev == prev
        assert entry.hash == digest(prev, str(entry.seq), entry.kind, entry.envelope)
        prev = entry.hash


def test_threads_append_to_one_chain(store: Store) -> None:
    def append(writer: int) -> None:
        for number in range(25):
            store.append_entry(
                kind="event", gene="g", variant="", envelope=f"{writer}.{number}", at_ns=number
            )

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(append, range(8)))
    assert_whole(store, 200)
    by_writer: dict[str, list[int]] = {}
    for entry in store.entries():
        writer, _, number = entry.envelope.partition(".")
        by_writer.setdefault(writer, []).append(int(number))
    assert all(numbers == list(range(25)) for numbers in by_writer.values())


APPENDER = """
    import sys
    from codegenesis.store import Store
    with Store.open(sys.argv[1]) as store:
        for number in range(int(sys.argv[2])):
            store.append_entry(kind="event", gene="g", variant="", envelope=str(number), at_ns=1)
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_processes_that_make_the_store_at_the_same_moment_share_one_chain(
    request: pytest.FixtureRequest, kind: str
) -> None:
    place = str(request.getfixturevalue("path"))
    if kind == "postgresql":
        place = request.getfixturevalue("postgres").fresh()
    finish(*(run(APPENDER, place, 20) for _ in range(3)))
    with Store.open(place) as store:
        assert_whole(store, 60)


def test_of_many_movers_one_wins(
    store: Store, gene: Gene, release_of: Callable[..., Release]
) -> None:
    for number in range(10):
        store.put_release(release_of(gene, f"r{number}", stage="canary"))
    together = threading.Barrier(8)

    def move(mover: int) -> list[bool]:
        won = []
        for number in range(10):
            together.wait(20)
            stage = "live" if mover % 2 else "rolled_back"
            moved = store.move_release(
                f"r{number}", expect=("canary",), stage=stage, reason=str(mover)
            )
            won.append(moved is not None)
        return won

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(move, range(8)))
    for number in range(10):
        winners = [mover for mover, won in enumerate(results) if won[number]]
        assert len(winners) == 1
        release = store.release(f"r{number}")
        assert release is not None
        assert release.reason == str(winners[0])


def test_a_reader_never_sees_half_a_batch(
    store: Store, observe: Callable[..., list[Observation]]
) -> None:
    done = threading.Event()
    seen: set[int] = set()

    def read() -> None:
        while not done.is_set():
            seen.add(store.observation_counts().get("g", 0))

    reader = threading.Thread(target=read)
    reader.start()
    batch = observe("g", 100)
    for _ in range(30):
        store.add_observations(batch)
    done.set()
    reader.join()
    assert {count % 100 for count in seen} == {0}
    assert store.observation_counts() == {"g": 3000}


def test_a_batch_with_a_bad_row_is_refused_whole(
    store: Store, observe: Callable[..., list[Observation]]
) -> None:
    from codegenesis.errors import StoreError

    bad = observe("g", 3, start_ns=2**63 - 2)
    with pytest.raises(StoreError, match="64 bits"):
        store.add_observations(bad)
    assert store.observation_counts() == {}
    store.add_observations(observe("g", 1))
    assert store.observation_counts() == {"g": 1}


def test_changed_tells_once_of_what_agents_obey(
    store: Store, where: str, gene: Gene, release_of: Callable[..., Release]
) -> None:
    assert not store.changed()
    store.put_release(release_of(gene, "r1"))
    assert store.changed()
    assert not store.changed()
    store.observations("g")
    assert not store.changed()
    finish(run(MOVER, where))
    assert store.wait(20) or store.changed()
    assert store.changed()
    assert not store.changed()


MOVER = """
    import sys
    from codegenesis.store import Store
    with Store.open(sys.argv[1]) as store:
        assert store.move_release("r1", expect=["proposed"], stage="shadow")
"""


def test_a_wait_can_be_ended_by_another_thread(store: Store) -> None:
    store.wait(0.001)
    for _ in range(3):
        waiting = threading.Thread(target=store.wait, args=(60,))
        waiting.start()
        store.wake()
        waiting.join(30)
        assert not waiting.is_alive()


def test_what_happened_between_opening_and_the_first_look_is_told(
    store: Store, gene: Gene, release_of: Callable[..., Release]
) -> None:
    store.put_release(release_of(gene, "r1"))
    assert store.changed()


def test_the_first_look_after_opening_an_old_store_is_calm(
    where: str, store: Store, gene: Gene, release_of: Callable[..., Release]
) -> None:
    store.put_release(release_of(gene, "r1"))
    with Store.open(where) as again:
        assert not again.changed()


def test_entries_and_releases_are_synced_and_observations_are_not(path: Path) -> None:
    Store.open(path).close()
    database = Database(sqlite.File(path, read_only=False))
    for durable, expected in ((True, 2), (False, 1), (True, 2)):
        with database.write(durable=durable) as connection:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == expected
    database.close()


FORKER = """
    import os, sys, threading
    from codegenesis.store import Store

    store = Store.open(sys.argv[1])
    stop = threading.Event()

    def write(name):
        number = 0
        while not stop.is_set():
            store.append_entry(kind="event", gene=name, variant="", envelope=str(number), at_ns=1)
            number += 1
        os.write(1, f"{name} {number}\\n".encode())

    def child(name):
        assert store.changed()  # it may have missed something
        for number in range(20):
            store.append_entry(kind="event", gene=name, variant="", envelope=str(number), at_ns=1)
        os.write(1, f"{name} 20\\n".encode())
        os._exit(0)

    writers = [threading.Thread(target=write, args=(f"thread{n}",)) for n in range(2)]
    for writer in writers:
        writer.start()
    pids = []
    for number in range(8):
        store.changed()
        pid = os.fork()
        if not pid:
            child(f"child{number}")
        pids.append(pid)
    stop.set()
    for writer in writers:
        writer.join()
    store.close()  # the last close of this process must not take the log from under the children
    codes = [os.waitpid(pid, 0)[1] for pid in pids]
    assert codes == [0] * 8, codes
"""


def test_a_process_may_fork_while_it_writes(where: str) -> None:
    (printed,) = finish(run(FORKER, where))
    promised = {name: int(count) for name, count in map(str.split, printed.splitlines())}
    assert len(promised) == 10
    with Store.open(where) as store:
        assert_whole(store, sum(promised.values()))
        for name, count in promised.items():
            assert len(store.entries(gene=name)) == count


def test_a_closed_store_says_so(store: Store) -> None:
    from codegenesis.errors import StoreError

    store.close()
    store.close()
    with pytest.raises(StoreError, match="the store is closed"):
        store.genes()
    with pytest.raises(StoreError, match="the store is closed"):
        store.changed()


def test_no_descriptor_is_left_open(where: str) -> None:
    Store.open(where).close()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        with Store.open(where) as store:
            store.wait(0.001)
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(lambda _: store.observation_counts(), range(8)))
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
