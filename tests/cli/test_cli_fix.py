"""`fix` and `synthesise`: from what a function should do to changes; nothing is written unasked."""

import json
import signal
import subprocess
import sys

import pytest

from codegenesis import wire
from codegenesis.lifecycle import locate
from codegenesis.model import Observation, Outcome
from codegenesis.store import Store

MODULE = '''\
"""Prices."""

from codegenesis import invariant


def total(prices, discount):
    """Sum less discount, never below zero."""
    result = 1
    for price in prices:
        result += price
    if result < discount:
        return 1
    return result - discount


def mean(values):
    return sum(values) / len(values)


@invariant(lambda result, low: result >= low, says="never below the bound")
def clamp(value, low, high):
    return max(min(value, low), high)


def countdown(number):
    while number > 1:
        number -= 1
        yield number


def shout(text):
    """Upper case with an exclamation mark.

    >>> shout("hey")
    'HEY!'
    """
    raise NotImplementedError
'''

TESTS = """\
from prices import countdown


def test_countdown():
    assert list(countdown(3)) == [2, 1, 0]
    assert list(countdown(0)) == []
"""

CASES = [
    {"args": [[1, 2], 1], "result": 2},
    {"args": [[], 0], "result": 0},
    {"args": [[5], 7], "result": 0},
    {"args": [[5, 6], 1], "result": 10},
]
BUDGET = ("--budget", "20000trials,60s")


@pytest.fixture
def shop(project):
    (project / "prices.py").write_text(MODULE)
    (project / "test_prices.py").write_text(TESTS)
    (project / "cases.jsonl").write_text("\n".join(map(json.dumps, CASES)))
    return project


def test_two_mistakes_are_mended_from_examples_applied_when_asked_and_undone(run, shop):
    asked = ("prices:total", "--examples", "cases.jsonl", "--apply", "--yes", "--json")
    done = run("fix", *asked, *BUDGET)
    assert done.code == 0, done.err
    document = done.document
    assert len(document["failing"]) == 4
    assert "+    result = 0" in document["fixes"][0]["diff"]
    assert "+        return 0" in document["fixes"][0]["diff"]
    assert "result = 0" in (shop / "prices.py").read_text()
    kept = run("runs", "--json").document
    assert [each["run"]["command"] for each in kept] == ["fix"]
    assert run("undo", document["run"]).code == 0
    assert (shop / "prices.py").read_text() == MODULE


@pytest.mark.slow
def test_a_search_is_reproduced_from_its_seed(run, shop):
    asked = ("fix", "prices:total", "--examples", "cases.jsonl", "--json", "--seed", "7")
    once, again = (run(*asked, "--budget", "1500trials").document for _ in range(2))
    assert [fix["diff"] for fix in once["fixes"]] == [fix["diff"] for fix in again["fixes"]]
    assert once["first_trial"] == again["first_trial"]
    assert (shop / "prices.py").read_text() == MODULE


@pytest.mark.slow
def test_a_generator_is_mended_from_its_tests(run, shop):
    done = run("fix", "prices:countdown", "--tests", "test_prices.py", "--json", *BUDGET)
    assert done.code == 0, done.err
    assert any("number > 0" in fix["diff"] for fix in done.document["fixes"])


@pytest.mark.slow
def test_a_recorded_crash_is_mended_and_other_calls_stay_as_they_were(run, shop):
    gene = locate("prices.py:mean", service="party", cwd=shop)
    empty = Outcome(kind="raised", value=b"", detail="ZeroDivisionError: division by zero")
    seen = [
        _seen(gene.id, [n, n + 2], Outcome(kind="returned", value=wire.encode(n + 1.0)))
        for n in range(5)
    ]
    seen.append(_seen(gene.id, [], empty, error="builtins.ZeroDivisionError"))
    with Store.open(shop / ".codegenesis" / "genesis.db") as store:
        store.put_genes([gene])
        store.add_observations(seen)
    unknown = run("fix", "prices:mean", "--crash", "KeyError")
    assert unknown.code == 2
    assert "1: builtins.ZeroDivisionError" in unknown.err
    done = run("fix", "prices:mean", "--crash", "1", "--json", *BUDGET)
    assert done.code == 0, done.err
    assert done.document["failing"] == ["example 1"]


def _seen(gene, values, outcome, error=""):
    return Observation(
        gene=gene,
        process="p",
        at_ns=1,
        wall_ns=1,
        cpu_ns=1,
        call=wire.encode_call((values,), {}),
        outcome=outcome,
        error=error,
        fingerprint=f"{error} in prices:mean" if error else "",
    )


@pytest.mark.slow
def test_a_broken_promise_is_mended(run, shop):
    calls = [{"args": [value, 0, 9]} for value in (-1, 4, 12)] + [{"args": [5, 8, 3]}]
    (shop / "clamp.jsonl").write_text("\n".join(map(json.dumps, calls)))
    done = run("fix", "prices:clamp", "--inputs", "clamp.jsonl", "--json", *BUDGET)
    assert done.code == 0, done.err
    assert done.document["fixes"]


@pytest.mark.slow
def test_examples_in_the_docstring_are_cases(run, shop):
    (shop / "half.py").write_text(
        'def half(n):\n    """>>> half(5)\n    2.5\n    """\n    return n // 2\n'
    )
    done = run("fix", "half.py:half", "--json", *BUDGET)
    assert done.code == 0, done.err
    assert "+    return n / 2" in done.document["fixes"][0]["diff"]


def test_what_cannot_be_fixed_says_why(run, shop):
    (shop / "odd.jsonl").write_text('{"args": [[1], 0], "result": "blue"}\n')
    (shop / "fine.jsonl").write_text('{"args": [[3, 5]], "result": 4}\n')
    nothing = run(
        "fix", "prices:total", "--examples", "odd.jsonl", "--json", "--budget", "300trials"
    )
    assert nothing.code == 6
    assert nothing.document["nearest"] == 0
    passing = run("fix", "prices:mean", "--examples", "fine.jsonl")
    assert passing.code == 3
    assert "passes all of 1 cases" in passing.out
    unsaid = run("fix", "prices:mean")
    assert unsaid.code == 2
    assert "--examples" in unsaid.err
    both = run("fix", "prices:mean", "--examples", "fine.jsonl", "--crash", "1")
    assert both.code == 2


def test_a_body_is_written_from_examples_and_committed_to_a_branch(run, shop):
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.example"]
    for arguments in (["init", "-q"], ["add", "prices.py"], ["commit", "-qm", "begin"]):
        subprocess.run([*git, *arguments], check=True, cwd=shop)
    (shop / "more.jsonl").write_text('{"args": ["go on"], "result": "GO ON!"}\n')
    done = run(
        "synthesise",
        "prices:shout",
        "--examples",
        "more.jsonl",
        "--branch",
        "shouting",
        "--json",
        "--budget",
        "30s",
    )
    assert done.code == 0, done.err
    assert "text.upper()" in done.document["bodies"][0]["diff"]
    assert done.document["landed"]["branch"]["name"] == "shouting"
    shown = subprocess.run(
        ["git", "show", "shouting:prices.py"], capture_output=True, text=True, check=True, cwd=shop
    )
    assert "text.upper()" in shown.stdout
    assert (shop / "prices.py").read_text() == MODULE


def test_what_has_a_body_or_no_examples_is_not_synthesised(run, shop):
    done = run("synthesise", "prices:mean")
    assert done.code == 2
    assert "codegenesis fix" in done.err
    (shop / "empty.py").write_text("def later(x):\n    raise NotImplementedError\n")
    unsaid = run("synthesise", "empty.py:later")
    assert unsaid.code == 2
    assert "no example" in unsaid.err


@pytest.mark.parametrize(("command", "target"), [("fix", "total"), ("synthesise", "shout")])
def test_a_search_that_is_interrupted_ends_with_what_it_found(shop, command, target):
    cases = [{"args": [[1], 1], "result": "odd"}, {"args": ["hey"], "result": 2.5}]
    (shop / "odd.jsonl").write_text("\n".join(map(json.dumps, cases)))
    asked = [f"prices:{target}", "--examples", "odd.jsonl", "--budget", "10min"]
    process = subprocess.Popen(
        [sys.executable, "-m", "codegenesis", command, *asked], cwd=shop, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr
    process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, said = process.communicate(timeout=60)
    assert process.returncode == 130, (out, said)
    assert f"prices:{target}: no" in out
    assert "it was stopped" in out
