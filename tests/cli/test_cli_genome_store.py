"""The map, one function, one segment and the export, from a store with sampled calls in it."""

from __future__ import annotations

import hashlib
import json
import time

import duckdb
import pytest

from codegenesis.lifecycle import locate
from codegenesis.model import Observation, Outcome, Reward
from codegenesis.store import Store
from codegenesis.wire import encode, encode_call

SECOND = 1_000_000_000


@pytest.fixture
def watched(project):
    """A store that knows 300 calls of `guests:repeated`, for three segments, some of which fail."""
    now = time.time_ns()
    gene = locate("guests.py:repeated", service="party", cwd=project)
    other = locate("guests.py:first_word", service="party", cwd=project)
    calls = []
    for n in range(300):
        size = 2 + n % 30
        call = encode_call(([f"guest {k}" for k in range(size)],), {})
        kept = n % 15 == 1  # watching calls line by line takes its time
        failed = "builtins.TypeError" if n % 3 == 0 and n % 2 == 0 else ""
        calls.append(
            Observation(
                gene=gene.id,
                process="p1",
                at_ns=now - (300 - n) * SECOND // 50,
                wall_ns=4000 * size**2 * (9 if n % 3 == 0 else 1),
                cpu_ns=1000 * size**2,
                call=call if kept else None,
                outcome=Outcome(kind="returned", value=encode([]), after=call) if kept else None,
                call_digest=hashlib.md5(call).hexdigest(),
                sketch=json.dumps({"names": {"type": "list", "len": size, "items": "str"}}),
                error=failed,
                fingerprint=f"{failed} in guests:repeated" if failed else "",
                burst_rate=50.0 + n // 16,
                segment=("gold", "free", "")[n % 3],
                trace=f"{n:032x}",
            )
        )
    rewards = [
        Reward(
            service="party", process="p1", name="sale", value=float(n % 3), at_ns=now,
            segment=("gold", "free", "")[n % 3], trace=f"{n:032x}",
        )
        for n in range(60)
    ]  # fmt: skip
    with Store.open(project / ".codegenesis" / "genesis.db") as store:
        store.put_genes([gene, other])
        store.add_observations(calls)
        store.rewards.add(rewards)
    return gene


def test_the_map_shows_what_is_known_worst_first(run, watched):
    rows = run("genome", "--json").document
    assert [row["target"] for row in rows] == ["guests:repeated", "guests:first_word"]
    assert (rows[0]["observations"], rows[1]["observations"]) == (300, 0)
    assert {"cpu_share", "complexity", "wall_ns_p99"} <= {t["name"] for t in rows[0]["traits"]}
    drawn = run("genome").out
    assert "wall p99" in drawn
    assert "of calls fail" in drawn


def test_one_function_is_shown_with_strengths_inputs_segments_and_rewards(run, watched):
    shown = run("genome", "guests:repeated")
    assert shown.code == 0, shown.err
    for words in (
        "- fails more often for gold",
        "what it is handed\nnames: list; of str; length 2 … 3",
        "reward.sale",
        "last change of the file",
        "tail_ratio",
        "fingerprints seen",
    ):
        assert words in shown.out
    document = run("genome", "guests:repeated", "--json").document
    traits = {trait["name"]: trait for trait in document["traits"]}
    assert traits["reward.sale@free"]["value"] == 1.0
    assert "took part in" in traits["reward.sale@free"]["method"]
    assert traits["complexity"]["value"] == pytest.approx(2, abs=0.2)
    assert any("for gold" in sentence for sentence in document["weaknesses"])
    assert all(trait["unit"] and trait["method"] for trait in traits.values())


def test_a_segment_is_shown_by_itself(run, watched):
    (row,) = run("genome", "--segment", "gold", "--json").document
    assert row["observations"] == 100
    document = run("genome", "guests:repeated", "--segment", "gold", "--json").document
    rate = next(t for t in document["traits"] if t["name"] == "error_rate")
    assert (rate["value"], rate["n"]) == (0.5, 100)
    wrong = run("genome", "--segment", "silver")
    assert wrong.code == 2
    assert "There are: free, gold." in wrong.err


def test_everything_is_exported_as_json(run, watched, project):
    document = run("genome", "export").document
    assert set(document) == {"genes", "traits", "history", "inputs", "crashes"}
    (crash,) = document["crashes"]
    assert (crash["calls"], crash["type"]) == (50, "builtins.TypeError")
    assert sum(day["calls"] for day in document["history"]) == 300
    told = [t for t in document["traits"] if t["trait"] == "reward.sale"]
    earned = [t for t in told if t["gene"] == watched.id]
    assert {(t["segment"], t["value"], t["n"]) for t in earned} == {
        ("gold", 0.0, 20), ("free", 1.0, 20), ("", 2.0, 20),
    }  # fmt: skip
    assert {t["method"] for t in earned} == {"mean over uses that it took part in"}
    assert "guest 1" not in json.dumps(document)
    assert run("genome", "export", "--output", "all.json").code == 0
    assert json.loads((project / "all.json").read_text())["genes"] == document["genes"]


def test_everything_is_exported_as_parquet(run, watched, project):
    done = run("genome", "export", "--format", "parquet", "--output", "out")
    assert done.code == 0, done.err
    with duckdb.connect() as database:
        query = "SELECT g.qualname, t.value, t.high FROM '{0}/genes.parquet' g JOIN "
        query += "'{0}/traits.parquet' t USING (gene) WHERE t.trait = 'error_rate' AND segment = ''"
        (row,) = database.execute(query.format(project / "out")).fetchall()
        refused = f"SELECT refused FROM '{project / 'out'}/genes.parquet'"
        assert database.execute(refused).fetchall() == [("",), ("",)]
        high = f"SELECT max(high) FROM '{project / 'out'}/traits.parquet'"
        assert database.execute(high).fetchone() == (float("inf"),)
    assert row[0] == "repeated"
    assert row[1] == pytest.approx(1 / 6)


def test_what_cannot_be_written_is_told(run, watched, project):
    (project / "taken").write_text("")
    for form in ("json", "parquet"):
        done = run("genome", "export", "--format", form, "--output", "taken/x")
        assert done.code == 2
        assert "another place with --output" in done.err


def test_help_tells_of_the_export(run):
    assert "codegenesis genome export" in run("genome", "--help").out
    assert "--format" in run("genome", "export", "--help").out
