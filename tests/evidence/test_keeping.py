"""What a variant may keep between calls (a cache), and what it may look at (its arguments)."""

import pytest

from codegenesis.evidence import PolicyGate

DEF = "def fee(amount, tier='basic'):\n"

REFUSED = [
    ("_n = [0]\n" + DEF + "    _n[0] += 1\n    return amount\n", "more than a cache in _n"),
    ("_n = []\n" + DEF + "    _n.append(1)\n    return amount\n", "more than a cache in _n"),
    (
        "_c = {}\n" + DEF + "    _c[amount] = 1\n    return amount if len(_c) < 9 else 0\n",
        "more than a cache in _c",
    ),
    (
        "_c = {}\n" + DEF + "    _c['n'] = _c.get('n', 0) + 1\n    return amount\n",
        "more than a cache in _c",
    ),
    (
        "import itertools\n_n = itertools.count()\n" + DEF + "    return amount + 0 * next(_n)\n",
        "keeps an iterator",
    ),
    ("_n = iter(range(9))\n" + DEF + "    return next(_n, amount)\n", "keeps an iterator"),
    (
        "def _tick(seen=[]):\n    return seen\n" + DEF + "    return amount\n",
        "in the default of a parameter",
    ),
    (
        "def _make():\n    n = 0\n    def tick():\n        nonlocal n\n        n += 1\n"
        "        return n\n    return tick\n_tick = _make()\n" + DEF + "    return amount\n",
        "keeps a variable",
    ),
    (
        "def _make():\n    seen = []\n    def tick():\n        seen.append(1)\n"
        "    return tick\n_tick = _make()\n" + DEF + "    return amount\n",
        "keeps an object",
    ),
    (
        "def _tick():\n    pass\n" + DEF + "    _tick.n = 1\n    return amount\n",
        "keeps an attribute",
    ),
    (
        "class _Tick:\n    def hit(self):\n        self.n = 1\n_tick = _Tick()\n"
        + DEF
        + "    return amount\n",
        "which its methods change",
    ),
    (DEF + "    return amount + 0 * id(tier)\n", "asks for id"),
    (DEF + "    return amount + 0 * hash(tier)\n", "asks for hash"),
    (DEF + "    return amount + 0 * time.time()\n", "asks for time.time"),
    (DEF + "    return amount if random.random() < 2 else 0\n", "asks for random.random"),
]


@pytest.mark.parametrize(("source", "words"), REFUSED)
def test_policy_refuses_counters_and_looks_around(bench, source, words):
    trial = PolicyGate().run(bench.variant("fee", source), bench.case("fee", (5,)))
    assert trial.verdict == "failed"
    assert words in trial.detail


ALLOWED = [
    "_c = {}\n"
    + DEF
    + "    if amount not in _c:\n        _c[amount] = amount\n    return _c[amount]",
    "_c = {}\n"
    + DEF
    + "    if len(_c) > 99:\n        _c.clear()\n    return _c.setdefault(amount, 1)",
    "_table = [1, 2, 3]\n" + DEF + "    return sum(_table) + len(_table)",
    "import functools\n@functools.lru_cache(typed=True)\ndef _sum(n):\n    return n\n"
    + DEF
    + "    return _sum(amount)",
    "class _Row:\n    def __init__(self, n):\n        self.n = n\n"
    + DEF
    + "    return _Row(amount).n",
    DEF + "    seen = []\n    seen.append(amount)\n    return seen[0]",
    "def _walk(n):\n    seen = []\n    def step():\n        seen.append(n)\n    step()\n"
    "    return seen\n" + DEF + "    return _walk(amount)[0]",
]


@pytest.mark.parametrize("source", ALLOWED)
def test_policy_allows_caches_tables_and_what_lives_in_a_call(bench, source):
    trial = PolicyGate().run(bench.variant("fee", source), bench.case("fee", (5,)))
    assert (trial.verdict, trial.detail) == ("passed", "")


def test_what_the_original_asks_for_its_variants_may_ask_for(bench):
    variant = bench.variant("clock", "def clock(x):\n    return time.time() + x\n")
    assert PolicyGate().run(variant, bench.case("clock", (5,))).verdict == "passed"
