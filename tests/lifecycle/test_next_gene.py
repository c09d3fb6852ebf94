"""The weakest gene comes first, and never the same evidence twice."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import event
from sqlalchemy.engine import Engine

from codegenesis.lifecycle.schedule import MIN_CALLS, next_gene, note_attempt
from codegenesis.model import Gene, Observation, Release
from codegenesis.store import Store

NOW = time.time_ns()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "genesis.db") as opened:
        yield opened


def gene(name: str, **fields: object) -> Gene:
    described = {
        "service": "shop",
        "module": "shop.cart",
        "qualname": name,
        "kind": "function",
        "path": "",
        "root": "",
        "line": 1,
        "source": f"def {name}(items):\n    return items\n",
    }
    return Gene(**{**described, **fields})


def called(
    store: Store, one: Gene, *, cpu_ns: int, calls: int = 64, replayable: bool = True
) -> None:
    """Sampled calls of a gene, fifty a second."""
    store.put_genes([one])
    store.add_observations(
        Observation(
            gene=one.id,
            process="p",
            at_ns=NOW + n,
            wall_ns=cpu_ns,
            cpu_ns=cpu_ns,
            call=b"\x92\x90\x80" if replayable else None,
            sketch=json.dumps({"items": {"type": "list", "len": n}}),
            burst_rate=50.0 + n // 16,
        )
        for n in range(calls)
    )


def chosen(store: Store) -> str:
    candidate = next_gene(store)
    return candidate.gene.qualname if candidate else ""


def test_the_gene_that_takes_most_comes_first(store):
    called(store, gene("light"), cpu_ns=100_000)
    called(store, gene("heavy"), cpu_ns=4_000_000)
    called(store, gene("refused", refused="it is a lambda"), cpu_ns=9_000_000)
    assert chosen(store) == "heavy"
    assert "of a core" in next_gene(store).reason


def test_a_gene_comes_up_again_when_it_has_changed_or_twice_as_much_is_known(store):
    one = gene("heavy")
    called(store, one, cpu_ns=4_000_000)
    assert chosen(store) == "heavy"
    note_attempt(store, one)
    assert chosen(store) == ""
    changed = replace(one, source=one.source + "\n")
    store.put_genes([changed])
    assert chosen(store) == "heavy"
    note_attempt(store, changed)
    called(store, changed, cpu_ns=4_000_000, calls=63)
    assert chosen(store) == ""
    called(store, changed, cpu_ns=4_000_000, calls=1)
    assert chosen(store) == "heavy"


def test_what_was_pruned_does_not_make_a_gene_look_unknown(store):
    one = gene("heavy")
    called(store, one, cpu_ns=4_000_000, calls=MIN_CALLS)
    assert chosen(store) == "heavy"
    store.prune(before_ns=NOW + 10)
    assert chosen(store) == "", "too few calls are left to be replayed"
    called(store, one, cpu_ns=4_000_000, calls=10)
    assert chosen(store) == "heavy"


def test_without_calls_that_can_be_replayed_the_next_best_is_taken(store):
    called(store, gene("light"), cpu_ns=1_000_000)
    called(store, gene("heavy"), cpu_ns=4_000_000, replayable=False)
    assert chosen(store) == "light"


def test_a_gene_with_a_release_under_way_is_left_alone(store):
    one = gene("heavy")
    called(store, one, cpu_ns=4_000_000)
    store.put_release(
        Release(
            id="r1",
            gene=one.id,
            variant="v",
            base=one.base,
            stage="canary",
            created_ns=NOW,
            updated_ns=NOW,
            expires_ns=NOW * 2,
        )
    )
    assert chosen(store) == ""


def test_choosing_among_many_takes_no_more_statements_than_among_few(store):
    def statements(genes: int) -> int:
        for number in range(genes):
            called(store, gene(f"f{number}"), cpu_ns=1_000_000 + number, calls=MIN_CALLS)
        next_gene(store)
        seen: list[str] = []

        def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
            seen.append(statement)

        event.listen(Engine, "before_cursor_execute", note)
        try:
            assert next_gene(store)
        finally:
            event.remove(Engine, "before_cursor_execute", note)
        return len(seen)

    assert statements(2) == statements(40)
