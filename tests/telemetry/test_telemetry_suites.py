"""`pytest --codegenesis`: real suites, run in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import msgspec
import pytest

from codegenesis import wire
from codegenesis.genome.survey import survey
from codegenesis.model import Coverage, Event
from codegenesis.store import Store

sys.path.append(str(Path(__file__).parents[1] / "runtime"))
from other_pythons import VERSIONS, Python

SUITE = """
    import pytest
    from shop import pricing

    @pytest.fixture
    def country():
        return "de"

    def test_a_quote_has_taxes(country):
        assert pricing.quote(100, country) == 119

    @pytest.mark.parametrize("net", range(100))
    def test_nothing_is_free(net):
        assert pricing.quote(net, "fr") >= net

    def test_there_are_no_other_countries():
        with pytest.raises(KeyError):
            pricing.rate("it")

    def test_a_cart_adds_up():
        assert pricing.Cart().total() == 0

    @pytest.mark.skip
    def test_later():
        pass
"""


@pytest.fixture
def project(shop: Path) -> Path:
    (shop / "pyproject.toml").write_text('[project]\nname = "shop"\nversion = "1"\n')
    (shop / "tests").mkdir()
    (shop / "tests" / "test_shop.py").write_text(textwrap.dedent(SUITE))
    (shop / "conftest.py").write_text("def helper():\n    return 1\n")
    return shop


def run(project: Path, *options: str, **environ: str) -> str:
    """What pytest prints."""
    command = [sys.executable, "-m", "pytest", "-p", "codegenesis.pytest_plugin", *options]
    alone = {"PYTHONPATH": str(project), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        command, cwd=project, env={**os.environ, **alone, **environ},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout


def named(events: list[Event], name: str) -> Event:
    (found,) = [event for event in events if event.name.endswith(name)]
    return found


def test_calls_outcomes_and_lines_of_a_suite_are_recorded(project: Path) -> None:
    said = run(project, "--codegenesis")
    assert "1 failed, 102 passed, 1 skipped" in said
    assert "codegenesis: 204 calls of 3 functions in 103 tests recorded" in said
    with Store.open(project / ".codegenesis" / "genesis.db") as store:
        targets = {gene.target for gene in store.genes()}
        calls = store.observations("shop/shop.pricing:quote", replayable=True)
        rates = store.observations("shop/shop.pricing:rate")
        totals = store.observations("shop/shop.pricing:Cart.total")
        survey(store)
        rolled = store.buckets.totals()
        traits = {trait.name for trait in store.traits("shop/shop.pricing:quote")}
        events = store.events.find(kind="test")
    assert targets == {f"shop.pricing:{name}" for name in ("rate", "quote", "Cart.total")}

    assert len(calls) == 101
    assert wire.decode_call(calls[0].call) == ((100, "de"), {})
    assert {call.burst_rate for call in calls} == {0.0}
    assert all(call.outcome and call.outcome.kind == "returned" for call in calls)
    meant = [call for call in rates if call.outcome and call.outcome.kind == "raised"]
    assert [call.error for call in meant] == [""]
    assert [call.error for call in totals] == ["builtins.AttributeError"]
    assert rolled == {}
    assert traits == {"tests", "test_failure_rate", "line_coverage"}

    taxes = named(events, "::test_a_quote_has_taxes")
    assert (taxes.level, taxes.unit, taxes.value > 0) == ("passed", "ns", True)
    assert calls[0].trace == taxes.trace
    assert msgspec.msgpack.decode(taxes.body) == {
        "shop.pricing:quote": [3],
        "shop.pricing:rate": [2],
    }
    wrong = named(events, "::test_a_cart_adds_up")
    assert wrong.level == "failed"
    assert wrong.fingerprint.startswith("builtins.AttributeError in shop.pricing:Cart.total < ")

    summed = {e.gene: e for e in events if e.name == "coverage"}
    total = summed["shop/shop.pricing:Cart.total"]
    assert msgspec.msgpack.decode(total.body, type=Coverage) == Coverage(
        failed=1, lines={2: (0, 1)}
    )
    assert summed["shop/shop.pricing:quote"].count == 101


@pytest.mark.slow
def test_only_what_is_asked_for_is_recorded(project: Path) -> None:
    run(project, "--codegenesis", "--codegenesis-target", "shop.pricing:rate")
    with Store.open(project / ".codegenesis" / "genesis.db") as store:
        assert {gene.qualname for gene in store.genes()} == {"rate"}


def test_a_suite_that_is_not_recorded_runs_as_ever(project: Path) -> None:
    said = run(project, "--codegenesis", CODEGENESIS_DISABLED="1")
    assert "1 failed, 102 passed" in said
    assert "codegenesis:" not in said
    assert not (project / ".codegenesis").exists()


@pytest.mark.slow
def test_trouble_of_ours_does_not_fail_the_suite(project: Path) -> None:
    (project / ".codegenesis").write_text("in the way")
    said = run(project, "--codegenesis")
    assert "1 failed, 102 passed" in said
    assert "codegenesis: nothing more is recorded: StoreError" in said


MANY = """
    from shop import many

    def test_a_lot():
        for function in many.ALL:
            for number in range(40):
                function(number)
"""


@pytest.mark.slow
def test_what_is_too_much_for_one_test_is_said(project: Path) -> None:
    defs = "".join(f"def f{n}(x):\n    return x\n" for n in range(140))
    (project / "shop" / "many.py").write_text(
        defs + "ALL = [v for k, v in list(globals().items()) if k[0] == 'f']\n"
    )
    (project / "tests" / "test_shop.py").write_text(textwrap.dedent(MANY))
    said = run(project, "--codegenesis")
    assert f"{140 * 32 - 384} calls of" in said
    assert "(384 more were dropped" in said


LINES = """
    import sys
    from codegenesis.runtime.lines import lines
    from codegenesis.runtime.live import LiveGene

    def which(x):
        if x:
            return [y for y in range(3)]
        return 0

    def other():
        return 1

    gene, seen = LiveGene(which), lines()
    seen.watch(gene)
    which(1)
    told = []
    for argument in (0, 1, 1):
        seen.begin()
        which(argument), other()
        told.append({name: sorted(found) for name, found in seen.end().items()})
    which(0)
    assert seen.end() == {}, seen.why
    seen.close()
    assert sys.gettrace() is None
    print(told)
"""


HOOKS = """
    import asyncio, logging, threading
    from codegenesis.runtime import hooks, incidents

    def crash():
        {}["it"]

    async def forget():
        asyncio.get_running_loop().call_soon(crash)
        await asyncio.sleep(0.01)

    logging.disable(logging.NOTSET)
    logging.lastResort = None
    threading.excepthook = print
    hooks.install()
    thread = threading.Thread(target=crash)
    thread.start()
    thread.join()
    asyncio.run(forget())
    logging.getLogger("shop").error("no %d", 1)
    told = incidents.box.take(service="s", process="p", clean=str, genes=())
    print(sorted((e.kind, e.gene, e.count) for e in told))
"""


@pytest.fixture(params=VERSIONS)
def python(request: pytest.FixtureRequest, tmp_path: Path) -> Python:
    return Python(request.param, tmp_path / "site")


def test_lines_and_errors_are_seen_on_every_version(python: Python, tmp_path: Path) -> None:
    (tmp_path / "seen.py").write_text(textwrap.dedent(LINES))
    before, after = {"__main__:which": [2, 4]}, {"__main__:which": [2, 3]}
    assert python.run(tmp_path / "seen.py") == f"{[before, after, after]}\n"
    (tmp_path / "hooked.py").write_text(textwrap.dedent(HOOKS))
    crash = ("crash", "s/__main__:crash", 1)
    assert python.run(tmp_path / "hooked.py").endswith(f"{[crash, crash, ('log', '', 1)]}\n")


@pytest.mark.slow
def test_what_a_suite_called_is_enough_to_evolve_a_function(project: Path) -> None:
    (project / "shop" / "guests.py").write_text(
        textwrap.dedent("""
            def repeated(names):
                seen, again = [], []
                for name in names:
                    if name in seen and name not in again:
                        again.append(name)
                    seen.append(name)
                return again
        """)
    )
    (project / "tests" / "test_guests.py").write_text(
        textwrap.dedent("""
            import pytest
            from shop.guests import repeated

            @pytest.mark.parametrize("seed", range(1, 31))
            def test_repeated(seed):
                names = [f"guest {i * seed % 397}" for i in range(400)]
                assert all(names.count(name) > 1 for name in repeated(names))
        """)
    )
    run(project, "--codegenesis", "tests/test_guests.py")
    command = [sys.executable, "-m", "codegenesis", "evolve", "shop.guests:repeated", "--json"]
    done = subprocess.run(
        command, cwd=project, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "repeated" in json.dumps(json.loads(done.stdout))
