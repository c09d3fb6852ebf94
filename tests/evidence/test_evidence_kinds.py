"""Generators, coroutines and async generators before the gates, laziness included."""

import pytest

from codegenesis import fragment, wire
from codegenesis.evidence import baseline, case, run_gates, standard_gates
from codegenesis.evidence.manners import reported
from codegenesis.evidence.plain import value_of
from codegenesis.evidence.witness import witnessed
from codegenesis.model import Gene, Observation, Variant
from codegenesis.sandbox import Environment, Sandbox

SOURCE = '''
import asyncio

SEEN = []


def doubled(xs):
    """Twice, without repeats."""
    seen = []
    for x in xs:
        if x not in seen:
            seen.append(x)
            yield x * 2


async def total(xs):
    """After an hour."""
    found = 0
    for x in xs:
        await asyncio.sleep(3600)
        found += x
    return found


async def ticks(xs):
    for x in xs:
        yield x + 1


def noisy(xs):
    for x in xs:
        print(x)
        SEEN.append(x)
        yield x


async def loud(xs):
    print(xs)
    return len(xs)


async def louder(xs):
    for x in xs:
        print(x)
        yield x
'''
CALLS = [([1, 2, 2, 3],), ([5],), ([],), ([4, 4],)]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    root = tmp_path_factory.mktemp("evidence_kinds")
    (root / "cg_evidence_kinds.py").write_text(SOURCE)
    path = str(root / "cg_evidence_kinds.py")
    with Sandbox(Environment(root=str(root), module="cg_evidence_kinds", path=path)) as sandbox:
        yield root, sandbox


@pytest.fixture
def judged(place):
    root, sandbox = place

    def judge(qualname, source):
        found = fragment.find(SOURCE, qualname)
        gene = Gene(
            service="test", module="cg_evidence_kinds", qualname=qualname, kind="function",
            path=str(root / "cg_evidence_kinds.py"), root=str(root), line=found.line,
            source=found.source,
        )  # fmt: skip
        calls = [
            Observation(
                gene=gene.id, process="p", at_ns=0, wall_ns=1, cpu_ns=1,
                call=wire.encode_call(args, {}),
            )
            for args in CALLS
        ]  # fmt: skip
        original = baseline(gene, sandbox, calls)
        assert original.usable, original.reason
        made = case(gene, sandbox, original, fresh=60)
        variant = Variant(gene=gene.id, base=gene.base, source=source, operator="test")
        last = run_gates(standard_gates(), variant, made)[-1]
        return (last.gate, last.detail) if last.verdict == "failed" else ("", "")

    return judge


HONEST = {
    "doubled": "def doubled(xs):\n    seen = []\n    for x in xs:\n        if not x in seen:\n"
    "            seen.append(x)\n            y = x * 2\n            yield y\n",
    "total": "async def total(xs):\n    found = 0\n    for x in xs:\n"
    "        await asyncio.sleep(3600)\n        found = found + x\n    return found\n",
    "ticks": "ONE = 1\nasync def ticks(xs):\n    for x in xs:\n        yield x + ONE\n",
    "noisy": "def noisy(xs):\n    for x in xs:\n        print(x)\n        SEEN.append(x)\n"
    "        y = x\n        yield y\n",
}


@pytest.mark.parametrize("qualname", HONEST)
def test_an_honest_variant_survives(judged, qualname):
    assert judged(qualname, HONEST[qualname]) == ("", "")


WRONG = [
    ("doubled", "def doubled(xs):\n    for x in dict.fromkeys(xs):\n        yield 2 * x", "replay"),
    ("doubled", "def doubled(xs):\n    return iter([x * 2 for x in set(xs)])\n", "parse replay"),
    ("total", "async def total(xs):\n    return sum(xs)\n", "replay"),
    ("ticks", "async def ticks(xs):\n    for x in [*xs]:\n        yield x + 1\n", "replay"),
    ("noisy", "def noisy(xs):\n    for x in xs:\n        print(x)\n        yield x", "effects"),
    ("loud", "async def loud(xs):\n    return len(xs)\n", "effects"),
    ("louder", "async def louder(xs):\n    for x in xs:\n        yield x\n", "effects"),
]  # fmt: skip


@pytest.mark.parametrize(("qualname", "source", "gates"), WRONG)
def test_a_wrong_variant_dies(judged, qualname, source, gates):
    gate, detail = judged(qualname, source)
    assert gate in gates.split(), detail


def test_a_lazy_variant_is_told_apart_in_words(judged):
    _, detail = judged(*WRONG[0][:2])
    assert "gives [2, 4, 6] as generator" in detail
    assert "goes about it otherwise" in detail


@pytest.mark.parametrize("qualname", ["doubled", "total", "ticks", "noisy", "loud", "louder"])
def test_a_witness_reports_on_every_kind(place, qualname):
    _, sandbox = place
    source = witnessed(fragment.find(SOURCE, qualname).source)
    with sandbox.candidate(qualname, source) as candidate:
        report = reported(candidate.call(wire.encode_call(([1, 2],), {})))
    assert set(report) == {"sharing", "prints", "logs", "changes", "asks"}
    assert bool(report["prints"]) == (qualname in ("noisy", "loud", "louder"))
    assert report["changes"] == (["SEEN"] if qualname == "noisy" else [])


def test_what_contains_itself_can_be_looked_at():
    ring = [1]
    ring.append(ring)
    assert value_of(wire.encode(ring))[0] == 1


def test_a_version_that_paces_itself_less_is_no_faster_version(judged):
    source = HONEST["total"].replace("await asyncio.sleep(3600)", "pass")
    gate, detail = judged("total", source)
    assert gate == "replay"
    assert "after 4 turns and 14400 s of waiting" in detail
    assert detail.endswith("after 0 turns and 0 s of waiting")
