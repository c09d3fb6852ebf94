"""What rules may do to functions that wait, and to closures."""

import pytest

from codegenesis import core
from codegenesis.core.syntax import Unit, View, suspensions
from codegenesis.model import Gene


def variants(source, *, free=()):
    gene = Gene(
        service="test", module="cg_none", qualname="f", kind="function", path="/none.py", root="/",
        line=1, source=source, free=free,
    )  # fmt: skip
    context = core.context_for(gene, [])
    return {each.operator: each.source for each in core.generate(gene, context=context)}


WEAK = {
    "generator": "def f(xs):\n    seen = []\n    for x in xs:\n        if x not in seen:\n"
    "            seen.append(x)\n            yield x\n",
    "coroutine": "async def f(xs, ys):\n    await g()\n    return [x for x in xs if x in ys]\n",
    "async generator": "async def f(xs):\n    seen = []\n    async for x in xs:\n"
    "        if x not in seen:\n            seen.append(x)\n            yield x\n",
}


@pytest.mark.parametrize("kind", WEAK)
def test_what_waits_gets_a_set_as_well(kind):
    assert "set(" in variants(WEAK[kind])["set_membership"]


SHARED = [
    "async def f(self, jobs):\n    for job in jobs:\n        if job in self.cancelled:\n"
    "            continue\n        await job.run()\n",
    "def f(xs, known):\n    for x in xs:\n        if x in known:\n            yield x\n",
    "def f(xs):\n    seen = []\n    for x in xs:\n        if x not in seen:\n"
    "            seen.append(x)\n        yield seen\n",
    "async def f(xs, pattern):\n    for x in xs:\n        await g(re.compile(pattern), x)\n",
]


@pytest.mark.parametrize("source", SHARED)
def test_what_others_may_change_meanwhile_is_not_moved_over_a_wait(source):
    assert variants(source) == {}


def test_the_same_without_a_wait_in_the_loop_is_moved():
    source = "async def f(xs, known):\n    await g()\n    for x in xs:\n        if x in known:\n"
    assert "set_membership" in variants(f"{source}            print(x)\n")


def test_places_that_suspend_are_told_with_their_words_and_depth():
    source = (
        "async def f(xs):\n    await g()\n    async for x in xs:\n        if await h(x):\n"
        "            yield x\n    async with x as y:\n        pass\n"
    )
    assert suspensions(View(Unit.parse(source))) == [
        (0, "await g()"),
        (0, "for x in xs"),
        (1, "if await h(x)"),
        (1, "yield x"),
        (0, "with x as y"),
    ]


def test_nothing_in_front_of_a_closure_names_its_free_variables():
    source = "def f(x):\n    return [len(w) for w in x if re.compile(pattern).match(w)]\n"
    for variant in variants(source, free=("pattern",)).values():
        assert "pattern" not in variant[: variant.index("def f")]
