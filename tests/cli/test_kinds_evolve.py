"""`evolve` and `fix` take every kind of function, through real jails, down to the file."""

from __future__ import annotations

import json

import pytest

BODY = """
    seen = []
    again = []
    for name in names:
        if name in seen:
            again.append(name)
        else:
            seen.append(name)
"""


def body(indent=0, *, end="return again"):
    lines = f"{BODY}    {end}\n".strip("\n").splitlines()
    return "\n".join(" " * indent + line for line in lines) + "\n"


MODULE = f'''\
"""Names of guests."""

import asyncio
import functools


def traced(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


def hiding(function):
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


class Party:
    @staticmethod
    def repeated(names):
{body(4)}
    @classmethod
    def of_class(cls, names):
{body(4)}
    @property
    def twice(self):
        names = self.names
{body(4)}

@traced
def wrapped(names):
{body()}

@functools.lru_cache(maxsize=10)
def cached(names):
    names = names.split()
{body()}

@functools.singledispatch
def dispatched(names):
{body()}

@hiding
def hidden(names):
{body()}

def doorkeeper(prefix):
    greeted = 0

    def greet(names):
        nonlocal greeted
        greeted += 1
{body(4, end="return [prefix + name for name in again]")}
    return greet


async def gathered(names):
    await asyncio.sleep(60)
{body()}

def each_once(names):
    seen = []
    for name in names:
        if name not in seen:
            seen.append(name)
            yield name


async def slowly(names):
    seen = []
    async for name in trickled(names):
        if name not in seen:
            seen.append(name)
            yield name


async def trickled(names):
    for name in names:
        yield name
'''
QUICK = tuple(
    word
    for name in ("budget_s=30", "symbolic_s=0", "min_strength=0", "search_share=0")
    for word in ("--set", name)
)


@pytest.fixture
def guests(project):
    """The project with every kind of function in it, and calls for them."""
    (project / "guests.py").write_text(MODULE)
    rows = [[f"guest {i * k % 197}" for i in range(250)] for k in range(1, 13)]
    files = {
        "calls": [{"args": [names]} for names in rows],
        "text": [{"args": ["-".join(names).replace(" ", "").replace("-", " ")]} for names in rows],
        "closure": [
            {"args": [names], "kwargs": {".prefix": "dear ", ".greeted": at}}
            for at, names in enumerate(rows)
        ],
    }
    for name, calls in files.items():
        (project / f"{name}.jsonl").write_text("\n".join(map(json.dumps, calls)))
    return project


QUICK_ONES = [("doorkeeper.greet", "closure"), ("gathered", "calls")]
SLOW_ONES = [
    ("Party.repeated", "calls"),
    ("wrapped", "calls"),
    ("cached", "text"),
    ("dispatched", "calls"),
    ("each_once", "calls"),
    ("slowly", "calls"),
]


@pytest.mark.parametrize(
    ("name", "inputs"),
    [*QUICK_ONES, *(pytest.param(*each, marks=pytest.mark.slow) for each in SLOW_ONES)],
)
def test_every_kind_of_function_is_evolved_down_to_the_file(run, guests, name, inputs):
    target = f"guests:{name}"
    done = run(
        "evolve", target, "--inputs", f"{inputs}.jsonl", "--json", "--apply", "--yes", *QUICK
    )
    assert done.code == 0, done.err or done.out
    champion = done.document["champion"]
    verdicts = {trial["gate"]: trial["verdict"] for trial in champion["trials"]}
    for gate in ("replay", "effects", "differential", "race"):
        assert verdicts[gate] == "passed", champion["trials"]
    before, after = MODULE.splitlines(), (guests / "guests.py").read_text().splitlines()
    assert [line.strip() for line in set(after) - set(before)]
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert {old.strip() for old, _ in changed} == {"seen = []", "seen.append(name)"}
    assert {new.strip() for _, new in changed} == {"seen = set()", "seen.add(name)"}


def test_what_a_decorator_hides_is_refused_with_the_way_out(run, guests):
    done = run("evolve", "guests:hidden", "--inputs", "calls.jsonl", *QUICK)
    assert done.code == 2
    assert "hiding.<locals>.wrapper" in done.err
    assert "functools.wraps" in done.err


@pytest.mark.slow
def test_a_closure_is_fixed_by_examples_that_give_its_variables(run, guests):
    (guests / "prices.py").write_text(
        "def pricer(rate):\n    def price(amount):\n        return amount * rate + 1\n\n"
        "    return price\n"
    )
    examples = [
        {"args": [a], "kwargs": {".rate": r}, "result": a * r} for a in (2, 5) for r in (3, 4)
    ]
    (guests / "prices.jsonl").write_text("\n".join(map(json.dumps, examples)))
    done = run("fix", "prices:pricer.price", "--examples", "prices.jsonl", "--json")
    assert done.code == 0, done.err
    assert done.document["plausible"]


@pytest.mark.slow
def test_calls_of_methods_come_from_the_users_tests(run, guests):
    tests = guests / "tests"
    tests.mkdir()
    (tests / "test_party.py").write_text(
        "from guests import Party\n\n\n"
        "NAMES = [f'guest {i % 90}' for i in range(200)]\n\n\n"
        "def test_a_class_method():\n    assert Party.of_class(NAMES) == NAMES[90:]\n\n\n"
        "def test_a_property():\n    party = Party()\n    party.names = NAMES\n"
        "    assert party.twice == NAMES[90:]\n"
    )
    for name in ("of_class", "twice"):
        target = f"guests:Party.{name}"
        done = run("evolve", target, "--tests", "tests", "--json", *QUICK, "--set", "budget_s=60")
        assert done.code == 0, done.err or done.out
        trials = {each["gate"]: each for each in done.document["champion"]["trials"]}
        assert trials["tests"]["verdict"] == "passed"
