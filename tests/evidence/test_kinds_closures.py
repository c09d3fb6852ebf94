"""Closures before the gates: their free variables are inputs and effects like all others."""

import pytest

from codegenesis import fragment, wire
from codegenesis.evidence import baseline, baseline_tests, case, run_gates, standard_gates
from codegenesis.evidence.aim import watched
from codegenesis.evidence.manners import reported
from codegenesis.evidence.probes import probed, trail
from codegenesis.evidence.strength import strength
from codegenesis.evidence.witness import witnessed
from codegenesis.model import Gene, Observation, Variant
from codegenesis.sandbox import Environment, Sandbox

SOURCE = """
def doorkeeper(prefix, guests):
    greeted = 0

    def greet(names):
        nonlocal greeted
        seen = []
        for name in names:
            if name not in seen:
                seen.append(name)
                guests.append(prefix + name)
        greeted += len(seen)
        assert greeted >= 0
        return seen

    return greet


def lister(limit):
    async def listed(names):
        for name in names:
            if len(name) > limit:
                yield name

    return listed


def walker():
    def depth(tree):
        return 1 + max((depth(each) for each in tree), default=0)

    return depth
"""
FREE = {
    "doorkeeper.<locals>.greet": ("greeted", "guests", "prefix"),
    "lister.<locals>.listed": ("limit",),
    "walker.<locals>.depth": ("depth",),
}
CALLS = {
    "doorkeeper.<locals>.greet": [
        ((names,), {".greeted": at, ".guests": ["eve"], ".prefix": "dear "})
        for at, names in enumerate((["a", "b", "a"], [], ["c"], ["d", "d", "e"]))
    ],
    "lister.<locals>.listed": [((["ab", "c", "def"],), {".limit": at}) for at in range(4)],
    "walker.<locals>.depth": [((tree,), {}) for tree in ([], [[], [[]]], [[[]]])],
}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    root = tmp_path_factory.mktemp("evidence_closures")
    path = root / "cg_evidence_closures.py"
    path.write_text(SOURCE)
    environment = Environment(root=str(root), module=path.stem, path=str(path))
    with Sandbox(environment) as sandbox:
        yield path, sandbox


@pytest.fixture
def judged(place):
    path, sandbox = place

    def judge(qualname):
        found = fragment.find(SOURCE, qualname)
        gene = Gene(
            service="test", module=path.stem, qualname=qualname, kind="function", path=str(path),
            root=str(path.parent), line=found.line, source=found.source, free=FREE[qualname],
        )  # fmt: skip
        calls = [
            Observation(
                gene=gene.id, process="p", at_ns=0, wall_ns=1, cpu_ns=1,
                call=wire.encode_call(*call),
            )
            for call in CALLS[qualname]
        ]  # fmt: skip
        original = baseline(gene, sandbox, calls)
        assert original.usable, original.reason
        return case(gene, sandbox, original, fresh=25)

    return judge


def last_of(made, source):
    variant = Variant(gene=made.gene.id, base=made.gene.base, source=source, operator="test")
    last = run_gates(standard_gates(), variant, made)[-1]
    return (last.gate, last.detail) if last.verdict == "failed" else ("", "")


GREET = fragment.find(SOURCE, "doorkeeper.<locals>.greet").source
CHANGES = [
    ("seen = []", "seen = list()", ""),
    ("greeted += len(seen)", "greeted += len(names)", "replay"),
    ("prefix + name", "'dear ' + name", "differential"),
    ("guests.append(prefix + name)", "pass", "replay"),
    ("return seen", "return guests", "replay"),
    ("nonlocal greeted", "greeted = 0", "replay"),
]


@pytest.mark.parametrize(("old", "new", "gate"), CHANGES)
def test_a_version_must_treat_free_variables_alike(judged, old, new, gate):
    assert old in GREET
    died, detail = last_of(judged("doorkeeper.<locals>.greet"), GREET.replace(old, new))
    assert died == gate, detail


@pytest.mark.slow
def test_a_version_with_helpers_shares_them_and_not_the_variables(judged):
    prelude = "def _joined(left, right):\n    return left + right\n\n\n"
    source = prelude + GREET.replace("prefix + name", "_joined(prefix, name)")
    assert last_of(judged("doorkeeper.<locals>.greet"), source) == ("", "")


@pytest.mark.slow
def test_an_async_generator_over_a_variable_is_judged(judged):
    made = judged("lister.<locals>.listed")
    right = made.gene.source.replace("len(name) > limit", "not len(name) <= limit")
    wrong = made.gene.source.replace("len(name) > limit", "len(name) > 1")
    assert last_of(made, right) == ("", "")
    assert last_of(made, wrong)[0] == "replay"


@pytest.mark.slow
def test_a_closure_that_calls_itself_finds_itself(judged):
    made = judged("walker.<locals>.depth")
    assert last_of(made, made.gene.source.replace("1 + max", "max(0, 1) + max")) == ("", "")
    assert last_of(made, made.gene.source.replace("1 + max", "2 + max"))[0] == "replay"


@pytest.mark.slow
def test_the_evidence_notices_most_mistakes_in_a_closure(judged):
    made = judged("doorkeeper.<locals>.greet")
    found = strength(made, standard_gates(), budget_s=20.0, most=6)
    assert found.mutants >= 3
    assert found.killed / found.mutants > 0.6, found.survivors


def test_the_users_tests_say_nothing_of_a_closure_and_that_is_told(judged, place):
    path, sandbox = place
    gene = judged("walker.<locals>.depth").gene
    assert "made anew" in baseline_tests(gene, sandbox, project=path.parent).reason


@pytest.mark.parametrize("qualname", FREE)
def test_closures_are_watched_without_being_changed(place, qualname):
    _, sandbox = place
    source = fragment.find(SOURCE, qualname).source
    args, kwargs = CALLS[qualname][0]
    call = wire.encode_call(args, kwargs)
    for dress in (witnessed, watched, probed):
        with sandbox.candidate(qualname, dress(source, free=FREE[qualname])) as candidate:
            outcome = candidate.call(call)
        assert outcome.kind == "returned", (dress, outcome.detail)
        report = reported(outcome)
        if dress is witnessed:
            assert set(report) == {"sharing", "prints", "logs", "changes", "asks"}
        if dress is probed:
            assert trail(outcome).lines
