"""Operators do not know the shop: its weaknesses under other names and shapes evolve as well."""

from __future__ import annotations

import importlib.util
import random
import sys
import time
from pathlib import Path

import pytest

from codegenesis import wire
from codegenesis.config import load
from codegenesis.ledger import KeyRing, Ledger
from codegenesis.lifecycle import Evolution, Evolver, locate
from codegenesis.model import Observation, Outcome
from codegenesis.store import Store

FILE = Path(__file__).with_name("reshaped.py")
CALLS = 40


@pytest.fixture(scope="module")
def reshaped():
    specification = importlib.util.spec_from_file_location("reshaped", FILE)
    module = importlib.util.module_from_spec(specification)
    sys.modules["reshaped"] = module  # where its class is looked for when a call is encoded
    specification.loader.exec_module(module)
    yield module
    del sys.modules["reshaped"]


def words(chance: random.Random, count: int, variety: int) -> list[str]:
    return [f"w{chance.randrange(variety)}" for _ in range(count)]


def orders(chance: random.Random) -> list[dict[str, int]]:
    return [{"filled": chance.randrange(9), "asked": 9} for _ in range(chance.choice([0, 3, 8]))]


ARGUMENTS = {
    "twice_booked": lambda c, _m: (words(c, 150, 400),),
    "open_seats": lambda c, _m: (words(c, 300, 500), words(c, 200, 500)),
    "without_repeats": lambda c, _m: (words(c, 400, 300),),
    "lines_about": lambda c, _m: (words(c, 80, 900), words(c, 60, 900)),
    "assignments": lambda c, _m: (
        [{"badge": b, "name": f"n{b}"} for b in c.sample(range(200), 90)],
        [{"badge": c.randrange(200), "day": d} for d in range(90)],
    ),
    "lattice_paths": lambda c, _m: (c.randrange(3, 8), c.randrange(3, 8)),
    "Report.write": lambda c, m: (m.Report("t"), [words(c, 8, 90) for _ in range(90)]),
    "days_late": lambda c, _m: (
        [f"2024-{c.randrange(1, 13):02}-{c.randrange(1, 29):02}" for _ in range(40)],
        "2024-06-01",
    ),
    "fill_rate": lambda c, _m: (orders(c),),
}


def observe(reshaped, gene_id: str, qualname: str) -> list[Observation]:
    """What a probe would have recorded of calls of the function."""
    chance = random.Random(qualname)
    function = reshaped
    for name in qualname.split("."):
        function = getattr(function, name)
    return [
        _observed(function, ARGUMENTS[qualname](chance, reshaped), gene_id) for _ in range(CALLS)
    ]


def _observed(function, args, gene_id: str) -> Observation:
    call, error = wire.encode_call(args, {}), ""
    started = time.thread_time_ns()
    try:
        kind, value = "returned", wire.encode(function(*args))
    except ArithmeticError as raised:
        kind, value = "raised", wire.encode_exception(raised)
        error = f"builtins.{type(raised).__name__}"
    cpu_ns = time.thread_time_ns() - started
    return Observation(
        gene=gene_id,
        process="test",
        at_ns=time.time_ns(),
        wall_ns=cpu_ns,
        cpu_ns=cpu_ns,
        call=call,
        outcome=Outcome(kind=kind, value=value, after=wire.encode_call(args, {})),
        call_digest=call.hex()[:32],
        error=error,
        fingerprint=error,
        burst_rate=40.0,
    )


def evolve(reshaped, directory: Path, qualname: str) -> Evolution:
    quick = {
        "heal": "auto",
        "budget_s": 12.0,
        "symbolic_s": 0.0,
        "min_strength": 0.0,
        "search_share": 0.0,
    }
    config = load(overrides=quick, start=directory, environ={})
    gene = locate(f"{FILE}:{qualname}", service="test", cwd=directory)
    with Store.open(config.database) as store:
        store.put_genes([gene])
        observations = observe(reshaped, gene.id, qualname)
        store.add_observations(observations)
        ledger = Ledger(store, KeyRing(config.database.parent / "keys").ensure())
        return Evolver(store, ledger, config).evolve(gene, observations)


@pytest.mark.parametrize(
    ("qualname", "operator"),
    [
        pytest.param("twice_booked", "quadratic_duplicates", marks=pytest.mark.slow),
        ("open_seats", "set_membership"),
        pytest.param("without_repeats", "", marks=pytest.mark.slow),
        pytest.param("lines_about", "hoist", marks=pytest.mark.slow),
        pytest.param("assignments", "hash_join", marks=pytest.mark.slow),
        pytest.param("lattice_paths", "memoise", marks=pytest.mark.slow),
        pytest.param("Report.write", "string_building", marks=pytest.mark.slow),
        pytest.param("days_late", "", marks=pytest.mark.slow),
    ],
)
def test_a_weakness_under_another_name_and_shape_evolves(reshaped, tmp_path, qualname, operator):
    found = evolve(reshaped, tmp_path, qualname)
    assert found.champion is not None, found.reason
    assert operator in found.champion.variant.operator


def test_a_crash_under_another_name_is_healed(reshaped, tmp_path):
    found = evolve(reshaped, tmp_path, "fill_rate")
    assert found.champion is not None, found.reason
    assert found.champion.objective == "heal"
    assert found.baseline.pure
