"""Kills writers at random moments; run by test_store_crash.py as a process of its own.

Each round forks two writers. They add observations, put and move a release and append an entry,
over and over, and after each write that must not be lost they say so on their pipe. At a random
moment both get SIGKILL; then whatever was said is looked for in the store. Before that, some that
are only just making a store are killed while they do. Prints one line of JSON.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import sys
from pathlib import Path

from codegenesis.model import Observation, Release, digest
from codegenesis.store import Store


def write(where: str, name: str, pipe: int) -> None:
    """Write until killed."""
    store = Store.open(where)
    for number in range(10**9):
        store.add_observations(
            Observation(gene=name, process=name, at_ns=n, wall_ns=1, cpu_ns=1, call=b"x" * 200)
            for n in range(20)
        )
        release = Release(
            id=f"{name}.{number}",
            gene=name,
            variant="v",
            base="b",
            stage="proposed",
            created_ns=1,
            updated_ns=1,
            expires_ns=2,
        )
        store.put_release(release)
        os.write(pipe, f"release {release.id}\n".encode())
        store.move_release(release.id, expect=("proposed",), stage="live", decision="x" * 3000)
        os.write(pipe, f"moved {release.id}\n".encode())
        entry = store.append_entry(
            kind="event", gene=name, variant="", envelope=f"{number} " + "y" * 1500, at_ns=1
        )
        os.write(pipe, f"entry {entry.seq} {entry.hash}\n".encode())


def start(where: str, name: str) -> tuple[int, int]:
    """A writer; its pid and the end of the pipe to listen on."""
    listen, speak = os.pipe()
    pid = os.fork()
    if pid:
        os.close(speak)
        return pid, listen
    try:
        write(where, name, speak)
    finally:
        os._exit(1)


def round_of(where: str, number: int, chance: random.Random) -> list[str]:
    """Two writers until a random line, then a random moment after it; all that they said."""
    writers = dict(start(where, f"w{number}{letter}") for letter in "ab")
    said = dict.fromkeys(writers.values(), b"")
    wanted = chance.randrange(1, 60)
    while sum(text.count(b"\n") for text in said.values()) < wanted:
        for pipe in select.select(list(said), [], [], 30)[0]:
            said[pipe] += os.read(pipe, 65536)
    select.select([], [], [], chance.random() * 0.004)
    for pid in writers:
        os.kill(pid, signal.SIGKILL)
    for pid, pipe in writers.items():
        _, status = os.waitpid(pid, 0)
        assert os.WIFSIGNALED(status), "a writer ended by itself"
        while more := os.read(pipe, 65536):
            said[pipe] += more
        os.close(pipe)
    return b"".join(said.values()).decode().splitlines()


def check(where: str, lines: list[str]) -> int:
    """Everything said is in the store, and the chain is whole; entries found."""
    with Store.open(where) as store:
        entries = store.entries()
        prev = "0" * 64
        for number, entry in enumerate(entries, start=1):
            assert (entry.seq, entry.prev) == (number, prev)
            assert entry.hash == digest(prev, str(number), entry.kind, entry.envelope)
            prev = entry.hash
        for line in lines:
            kind, name, *rest = line.split()
            if kind == "entry":
                assert entries[int(name) - 1].hash == rest[0], line
                continue
            release = store.release(name)
            assert release is not None, line
            assert kind == "release" or release.stage == "live", line
        assert all(count % 20 == 0 for count in store.observation_counts().values())
        return len(entries)


def killed_while_opening(path: Path, chance: random.Random) -> bool:
    """Whether the first to open a store was killed before it was done; it opens afterwards."""
    pid = os.fork()
    if not pid:
        Store.open(path)
        os._exit(0)
    select.select([], [], [], chance.random() * 0.03)
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    with Store.open(path) as store:
        store.append_entry(kind="event", gene="", variant="", envelope="{}", at_ns=1)
        assert store.observation_counts() == {}
    return os.WIFSIGNALED(status)


def main(where: str, rounds: int, seed: int) -> None:
    """All rounds on one store."""
    chance = random.Random(seed)
    killed = 0
    if "://" not in where:
        beside = Path(where).parent.parent / "opening"
        killed = sum(killed_while_opening(beside / f"{n}.db", chance) for n in range(rounds))
    Store.open(where).close()
    said: list[str] = []
    found = 0
    for number in range(rounds):
        said += round_of(where, number, chance)
        found = check(where, said)
    print(json.dumps({"killed_while_opening": killed, "said": len(said), "entries": found}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
