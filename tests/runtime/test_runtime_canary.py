"""Router and guard: who runs what, what is measured, and what happens when new code fails."""

from __future__ import annotations

import random
import textwrap
import threading
import time
from collections import Counter, deque
from typing import TYPE_CHECKING, Any

import pytest

from codegenesis.fragment import assemble
from codegenesis.model import Release
from codegenesis.runtime.guard import Guard
from codegenesis.runtime.live import LiveGene, Version
from codegenesis.runtime.net import Fall
from codegenesis.runtime.router import Drawn, Router

if TYPE_CHECKING:
    from conftest import Import, Purse

SHOP = """
    def which(x):
        return "old"

    def take(items):
        return items.pop()

    def fail(x):
        raise ValueError(x)

    def fib(n):
        return n if n < 2 else fib(n - 1) + fib(n - 2)

    def spin(n):
        total = 0
        for i in range(n):
            total += i
        return total

    class Tree:
        def __init__(self, child):
            self.child = child
        def size(self):
            return 1 + (self.child.size() if self.child else 0)
"""


@pytest.fixture
def shop(imported: Import) -> Any:
    return imported(SHOP)


class Canary:
    """A router in front of a function, and what it leaves behind."""

    def __init__(
        self, function: Any, source: str, purse: Purse, *, weight: float = 0.5, pure: bool = False
    ) -> None:
        self.gene = LiveGene(function)
        self.samples: deque[Drawn] = deque()
        self.falls: deque[Fall] = deque()
        self.new = version(self.gene, source)
        self.router = Router(
            self.gene,
            release=release(stage="canary", weight=weight, pure=pure),
            candidate=self.new,
            samples=self.samples,
            falls=self.falls,
            purse=purse,
        )
        self.gene.cover(self.router)

    def arms(self) -> Counter[str]:
        return Counter(drawn.arm for drawn in self.samples)


def version(gene: LiveGene, source: str) -> Version:
    code = assemble(
        textwrap.dedent(source), gene.function, owner=gene.owner, filename=f"<test {gene.target}>"
    )
    return Version(code, variant="v", loaded="d", release="r")


def release(**changes: Any) -> Release:
    fields = {
        "id": "r", "gene": "g", "variant": "v", "base": "b", "stage": "live", "created_ns": 0,
        "updated_ns": 0, "expires_ns": 1 << 62,
    }  # fmt: skip
    return Release(**{**fields, **changes})


@pytest.mark.parametrize(
    ("weight", "low", "high"), [(0.0, 0, 0), (0.3, 200, 400), (1.0, 1000, 1000)]
)
def test_calls_are_drawn_by_weight(
    shop: Any, purse: Purse, weight: float, low: int, high: int
) -> None:
    canary = Canary(shop.which, "def which(x):\n    return 'new'", purse, weight=weight)
    results = Counter(shop.which(n) for n in range(1000))
    assert low <= results["new"] <= high
    assert results["new"] + results["old"] == 1000
    assert not canary.falls


def test_measured_calls_are_those_that_were_drawn(shop: Any, purse: Purse) -> None:
    canary = Canary(shop.which, "def which(x):\n    return 'new'", purse)
    canary.router.quota = 300
    results = Counter({"old": "control", "new": "variant"}[shop.which(n)] for n in range(300))
    assert canary.arms() == results
    assert all(drawn.cost.wall_ns >= 0 and not drawn.error for drawn in canary.samples)


def test_the_draw_leaves_the_chance_of_the_application_alone(shop: Any, purse: Purse) -> None:
    Canary(shop.which, "def which(x):\n    return 'new'", purse)
    random.seed(1)
    expected = random.Random(1).random()
    for n in range(10):
        shop.which(n)
    assert random.random() == expected


def test_the_quota_bounds_what_is_measured_not_what_is_drawn(shop: Any, purse: Purse) -> None:
    canary = Canary(shop.which, "def which(x):\n    return 'new'", purse)
    canary.router.quota = 10
    results = Counter(shop.which(n) for n in range(200))
    assert len(canary.samples) == 10
    assert results["new"] > 50
    canary.router.renew()
    shop.which(1)
    assert len(canary.samples) == 11


def test_a_slower_variant_is_seen_to_be_slower(shop: Any, purse: Purse) -> None:
    canary = Canary(shop.spin, "def spin(n):\n    return sum(i for i in range(n * 20))", purse)
    canary.router.quota = 200
    for _ in range(200):
        shop.spin(300)
    costs: dict[str, list[int]] = {"control": [], "variant": []}
    for drawn in canary.samples:
        costs[drawn.arm].append(drawn.cost.cpu_ns)
    assert min(costs["variant"]) > 3 * min(costs["control"]) > 0


def test_a_recursion_is_drawn_once_and_stays_in_its_arm(shop: Any, purse: Purse) -> None:
    source = """
        def fib(n):
            LOG.append("new")
            return n if n < 2 else fib(n - 1) + fib(n - 2)
    """
    shop.LOG = []
    canary = Canary(shop.fib, source, purse)
    for _ in range(40):
        shop.LOG.clear()
        assert shop.fib(7) == 13
        assert len(shop.LOG) in (0, 41)  # all calls of the recursion, or none
    assert len(canary.samples) == 40


def test_a_method_that_recurses_keeps_its_depth(shop: Any, purse: Purse) -> None:
    trees = [None]
    for _ in range(800):
        trees.append(shop.Tree(trees[-1]))
    source = "def size(self):\n    return 1 + (self.child.size() if self.child else 0)"
    canary = Canary(shop.Tree.size, source, purse)
    for _ in range(20):
        assert trees[800].size() == 800
        assert trees[400].size() == 400
    assert len(canary.samples) == 40
    assert shop.Tree.size.__code__ is not canary.gene.current.code  # the router stands again


def test_an_error_of_the_old_code_is_the_callers_and_remembered(shop: Any, purse: Purse) -> None:
    canary = Canary(shop.fail, "def fail(x):\n    return 'healed'", purse, weight=0.0)
    with pytest.raises(ValueError, match="7"):
        shop.fail(7)
    assert canary.samples[0].error == "builtins.ValueError"
    assert canary.gene.seen_errors == {"builtins.ValueError"}
    assert not canary.falls


def test_a_failing_variant_of_a_pure_gene_is_answered_by_the_old_code(
    shop: Any, purse: Purse
) -> None:
    canary = Canary(shop.which, "def which(x):\n    return 1 / 0", purse, weight=1.0, pure=True)
    assert shop.which([1, 2]) == "old"
    (drawn,) = canary.samples
    assert (drawn.error, drawn.regression) == ("builtins.ZeroDivisionError", True)
    (fall,) = canary.falls
    assert "where the old code returned" in fall.reason
    assert canary.gene.overlay is None
    assert shop.which(1) == "old"


def test_the_old_codes_own_error_is_no_regression_and_has_no_context(
    shop: Any, purse: Purse
) -> None:
    canary = Canary(shop.fail, "def fail(x):\n    return 1 / 0", purse, weight=1.0, pure=True)
    with pytest.raises(ValueError, match="7") as caught:
        shop.fail(7)
    assert caught.value.__context__ is None
    assert not canary.falls
    assert not canary.samples[0].regression


def test_a_call_whose_arguments_were_changed_is_not_repeated(shop: Any, purse: Purse) -> None:
    source = "def take(items):\n    items.pop()\n    return 1 / 0"
    canary = Canary(shop.take, source, purse, weight=1.0, pure=True)
    items = [1, 2, 3]
    with pytest.raises(ZeroDivisionError):
        shop.take(items)
    assert items == [1, 2]
    assert len(canary.falls) == 1
    assert shop.take(items) == 2


def test_a_failing_variant_of_a_gene_with_effects_is_taken_out_and_raises(
    shop: Any, purse: Purse
) -> None:
    canary = Canary(shop.which, "def which(x):\n    return 1 / 0", purse, weight=1.0)
    with pytest.raises(ZeroDivisionError):
        shop.which(1)
    assert "never seen to raise" in canary.falls[0].reason
    assert shop.which(1) == "old"


def test_an_error_that_the_old_code_raises_too_takes_nothing_out(shop: Any, purse: Purse) -> None:
    canary = Canary(shop.which, "def which(x):\n    raise KeyError(x)", purse, weight=1.0)
    canary.gene.seen_errors.add("builtins.KeyError")
    with pytest.raises(KeyError):
        shop.which(1)
    assert not canary.falls
    assert canary.gene.overlay is canary.router


def test_a_guard_leaves_after_its_calls(shop: Any) -> None:
    gene, falls = LiveGene(shop.which), deque[Fall]()
    new = version(gene, "def which(x):\n    return 'new'")
    gene.switch(new, overlay=Guard(gene, release=release(), new=new, falls=falls, calls=5))
    assert [shop.which(n) for n in range(6)] == ["new"] * 6
    assert shop.which.__code__ is new.code
    assert not falls


def test_a_guard_brings_the_original_back(shop: Any) -> None:
    gene, falls = LiveGene(shop.which), deque[Fall]()
    new = version(gene, "def which(x):\n    return {0: 'new'}[x]")
    guard = Guard(gene, release=release(pure=True), new=new, falls=falls)
    gene.switch(new, overlay=guard)
    assert [shop.which(n) for n in (0, 0, 1, 0)] == ["new", "new", "old", "old"]
    assert [fall.error for fall in falls] == ["builtins.KeyError"]
    assert gene.current.variant == ""


def test_a_guarded_recursion_is_guarded_once(shop: Any) -> None:
    gene, falls = LiveGene(shop.fib), deque[Fall]()
    new = version(gene, "def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)")
    gene.switch(new, overlay=Guard(gene, release=release(), new=new, falls=falls, calls=2))
    assert [shop.fib(10), shop.fib(11), shop.fib(12)] == [55, 89, 144]
    assert shop.fib.__code__ is new.code


def test_a_third_version_waits_for_a_canary_that_was_taken_out(shop: Any, purse: Purse) -> None:
    entered, go = threading.Event(), threading.Event()
    shop.gate = lambda: (entered.set(), go.wait(20))
    canary = Canary(shop.which, "def which(x):\n    gate()\n    return 'new'", purse, weight=1.0)
    gene = canary.gene
    thread = threading.Thread(target=shop.which, args=(1,))
    thread.start()
    assert entered.wait(20)
    gene.uncover(canary.router)
    del canary
    assert not gene.drained()
    assert shop.which(1) == "old"
    go.set()
    thread.join(20)
    assert gene.drained()


def test_routing_in_threads_answers_right(shop: Any, purse: Purse) -> None:
    canary = Canary(
        shop.fib, "def fib(n):\n    return n if n < 2 else fib(n - 2) + fib(n - 1)", purse
    )
    wrong: list[int] = []
    end = time.monotonic() + 1.0

    def work() -> None:
        while time.monotonic() < end:
            canary.router.renew()
            if shop.fib(8) != 21:
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert set(canary.arms()) == {"control", "variant"}
