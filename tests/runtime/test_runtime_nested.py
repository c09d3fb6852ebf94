"""Functions inside functions: one gene, however many functions there are and come."""

from __future__ import annotations

import asyncio
import gc
import textwrap
import threading
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from codegenesis.fragment import assemble
from codegenesis.runtime import probe
from codegenesis.runtime.live import LiveGene, Version
from codegenesis.runtime.registry import Registry, registry
from codegenesis.runtime.seats import gather

if TYPE_CHECKING:
    from other_pythons import Python

    from codegenesis.runtime.capture import Capture
    from conftest import House, Import, Purse

SHOP = """
    import functools

    def scale(rate, unit="EUR"):
        def apply(amount, fee=1):
            return amount * rate + fee, unit
        return apply

    ten = scale(10)

    def walk(depth):
        def down(n):
            return [depth] + (down(n - 1) if n else [])
        return down

    def counter():
        count = 0
        def more(by=1):
            nonlocal count
            count += by
            return count
        return more

    def sort(items):
        def key(item):
            return -item
        return sorted(items, key=key)

    def deep(a):
        def middle(b):
            def inner(c):
                return a, b, c
            return inner
        return middle

    def twice(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return 2 * function(*args, **kwargs)
        return wrapper

    @twice
    def price(amount):
        return amount + 1

    def cached(rate):
        @functools.lru_cache
        def apply(amount):
            return amount * rate
        return apply

    class Cart:
        def __init__(self):
            self.__secret = 7
        def total(self):
            def add(n):
                return self.__secret + n, __class__
            return add

    def odd(a):
        def inner(b=a):
            return b
        return inner

    def suspending(base):
        async def fetch(x):
            return base + x
        def items(n):
            yield base + n
        async def ticks(n):
            yield base + n
        return fetch, items, ticks

    def looping(steps):
        def step(n):
            return n
        for _ in steps:
            yield step
            def step(n):
                return n
"""


@pytest.fixture
def shop(imported: Import) -> Any:
    return imported(SHOP)


def gene_of(shop: Any, name: str) -> LiveGene:
    """A gene in a registry of its own; what exists of it is found."""
    outer, *names = name.split(".")
    function = shop.Cart.total if outer == "Cart" else getattr(shop, outer)
    ours = Registry()
    gene = ours.add_inside(function, names)
    assert gene
    assert gene.definition
    ours.tidy()
    return gene


def version(gene: LiveGene, source: str) -> Version:
    code = assemble(
        textwrap.dedent(source), gene.function, owner=gene.owner, filename=f"<test {gene.target}>"
    )
    return Version(code, variant="v", loaded="d", release="r")


def swap(gene: LiveGene, source: str) -> None:
    gene.switch(version(gene, source))


FORMS = pytest.mark.parametrize("prelude", ["", "MARK = 'new'\n"], ids=["direct", "redirect"])


@FORMS
def test_functions_that_exist_and_those_to_come_are_swapped_and_come_back(
    shop: Any, prelude: str
) -> None:
    before = shop.scale(2)
    gene = gene_of(shop, "scale.apply")
    assert gene.target == f"{shop.__name__}:scale.<locals>.apply"
    assert gene.free == ("rate", "unit")
    swap(gene, f"{prelude}def apply(amount, fee=1):\n    return -amount * rate + fee, unit")
    after = shop.scale(3, "USD")
    assert [before(1), shop.ten(1), after(1)] == [(-1, "EUR"), (-9, "EUR"), (-2, "USD")]
    gene.switch(gene.original())
    later = shop.scale(4)
    assert [f(1, 0) for f in (before, shop.ten, after, later)] == [
        (2, "EUR"), (10, "EUR"), (3, "USD"), (4, "EUR"),
    ]  # fmt: skip


def test_nothing_stays_in_the_path_of_a_swapped_closure(shop: Any) -> None:
    gene = gene_of(shop, "scale.apply")
    swap(gene, "def apply(amount, fee=1):\n    return rate")
    assert shop.ten.__code__ is gene.current.code
    assert shop.scale(1).__code__ is gene.current.code
    assert not any(callable(const) for const in gene.current.code.co_consts)


def test_functions_keep_their_own_defaults_and_free_variables(shop: Any) -> None:
    shop.ten.__defaults__ = (5,)
    gene = gene_of(shop, "scale.apply")
    swap(gene, "def apply(amount, fee=1):\n    return rate, fee")
    assert (shop.ten(1), shop.scale(3)(1)) == ((10, 5), (3, 1))


@FORMS
def test_what_a_closure_assigns_is_seen_by_old_and_new(shop: Any, prelude: str) -> None:
    more = shop.counter()
    assert more() == 1
    gene = gene_of(shop, "counter.more")
    swap(
        gene,
        f"{prelude}def more(by=1):\n    nonlocal count\n    count = count + 10 * by\n"
        "    return count",
    )
    assert more() == 11
    gene.switch(gene.original())
    assert more() == 12


def test_a_function_two_levels_down_is_reached_everywhere(shop: Any) -> None:
    middle = shop.deep(1)
    inner = middle(2)
    gene = gene_of(shop, "deep.middle.inner")
    assert gene.qualname == "deep.<locals>.middle.<locals>.inner"
    swap(gene, "def inner(c):\n    return 'new', a, b, c")
    assert inner(3) == ("new", 1, 2, 3)
    assert shop.deep(4)(5)(6) == ("new", 4, 5, 6)
    swap(gene, "def inner(c):\n    return c")
    assert (inner(3), shop.deep(4)(5)(6)) == (3, 6)


def test_a_function_without_free_variables_is_one_too(shop: Any) -> None:
    gene = gene_of(shop, "sort.key")
    swap(gene, "def key(item):\n    return item")
    assert shop.sort([2, 3, 1]) == [1, 2, 3]
    swap(gene, "import functools\n@functools.cache\ndef key(item):\n    return -item")
    assert shop.sort([2, 3, 1]) == [3, 2, 1]


def test_a_decorators_wrapper_is_a_function_inside(shop: Any) -> None:
    gene = gene_of(shop, "twice.wrapper")
    swap(gene, "def wrapper(*args, **kwargs):\n    return 3 * function(*args, **kwargs)")
    assert shop.price(1) == 6


def test_a_function_inside_a_method_keeps_mangled_names_and_its_class(shop: Any) -> None:
    add = shop.Cart().total()
    gene = gene_of(shop, "Cart.add")
    assert gene.owner is shop.Cart
    for prelude in ("", "ONE = 1\n"):
        swap(gene, f"{prelude}def add(n):\n    return self.__secret - n, __class__")
        assert (add(1), shop.Cart().total()(2)) == ((6, shop.Cart), (5, shop.Cart))


def test_caches_inside_a_function_are_emptied(shop: Any) -> None:
    apply = shop.cached(3)
    assert apply(2) == 6
    gene = gene_of(shop, "cached.apply")
    swap(gene, "def apply(amount):\n    return -amount * rate")
    assert apply(2) == -6
    gene.switch(gene.original())
    assert apply(2) == 6


@FORMS
def test_coroutines_and_generators_inside_stay_what_they_are(shop: Any, prelude: str) -> None:
    fetch, items, ticks = shop.suspending(5)
    genes = [gene_of(shop, f"suspending.{name}") for name in ("fetch", "items", "ticks")]
    swap(genes[0], f"{prelude}async def fetch(x):\n    return base - x")
    swap(genes[1], f"{prelude}def items(n):\n    got = yield base\n    yield got, n")
    swap(genes[2], f"{prelude}async def ticks(n):\n    got = yield base\n    yield got, n")

    async def drive() -> list[object]:
        made = ticks(2)
        return [await fetch(1), await anext(made), await made.asend("sent")]

    made = items(3)
    assert [next(made), made.send("sent")] == [5, ("sent", 3)]
    assert asyncio.run(drive()) == [4, 5, ("sent", 2)]


def test_a_variant_of_the_outer_function_makes_what_the_inner_gene_runs(shop: Any) -> None:
    ours = Registry()
    outer, inner = ours.add(shop.scale), ours.add_inside(shop.scale, ["apply"])
    assert inner
    assert inner.definition
    swap(inner, "def apply(amount, fee=1):\n    return 'inner'")
    swap(
        outer,
        """
        def scale(rate, unit="EUR"):
            rate += 1
            def apply(amount, fee=1):
                return amount * rate + fee, unit
            return apply
        """,
    )
    made = shop.scale(2)
    assert made(1) == "inner"
    inner.switch(inner.original())
    assert (made(1), shop.scale(3)(1)) == ((4, "EUR"), (5, "EUR"))
    swap(
        outer,
        """
        def scale(rate, unit="EUR"):
            def apply(amount, fee=1):
                return "its own"
            return apply
        """,
    )
    swap(inner, "def apply(amount, fee=1):\n    return 'inner'")
    assert (made(1), shop.scale(1)(1)) == ("inner", "its own")
    outer.switch(outer.original())
    assert shop.scale(1)(1) == "inner"


def test_a_third_version_waits_for_outer_frames_that_make_the_old(shop: Any) -> None:
    gene = gene_of(shop, "looping.step")
    making = shop.looping([1, 2, 3])
    first = next(making)
    swap(gene, "def step(n):\n    return 'new'")
    assert first(1) == "new"
    late = next(making)
    assert late(1) == 1, "the frame on its way has the old constant"
    assert not gene.drained()
    gather([gene])
    assert late(1) == "new"
    making.close()
    del making
    gc.collect()
    assert gene.drained()


def test_a_default_that_the_outer_function_works_out_is_a_reason(house: House, shop: Any) -> None:
    house.registry.add_inside(shop.odd, ["inner"])
    house.visit()
    (noted,) = house.store.find_genes(f"{shop.__name__}:odd.<locals>.inner")
    assert "its default a is worked out" in noted.refused
    assert shop.odd(3)() == 3


def test_closures_meet_canaries_and_releases(house: House, shop: Any) -> None:
    gene = house.registry.add_inside(shop.scale, ["apply"])
    assert gene
    house.visit()
    source = "def apply(amount, fee=1):\n    return 'new', amount * rate + fee, unit\n"
    release = house.release(gene, source, stage="canary", weight=0.5)
    house.visit()
    made = shop.scale(2)
    drawn = {call(1) for call in (shop.ten, made) for _ in range(60)}
    assert drawn == {(11, "EUR"), (3, "EUR"), ("new", 11, "EUR"), ("new", 3, "EUR")}
    release = house.move(release, "live")
    house.visit()
    assert {call(1) for call in (shop.ten, made)} == {("new", 11, "EUR"), ("new", 3, "EUR")}
    house.move(release, "rolled_back")
    house.visit()
    assert (shop.ten(1), made(1), shop.scale(3)(1)) == ((11, "EUR"), (3, "EUR"), (4, "EUR"))
    assert house.outcomes(release) == ["swapped", "swapped", "reverted"]


def test_a_closure_that_fails_in_new_code_falls_back_for_all(house: House, shop: Any) -> None:
    gene = house.registry.add_inside(shop.scale, ["apply"])
    assert gene
    house.visit()
    release = house.release(
        gene, "def apply(amount, fee=1):\n    return amount.missing\n", pure=True
    )
    house.visit()
    assert (shop.ten(1), shop.scale(2)(1)) == ((11, "EUR"), (3, "EUR"))
    house.visit()
    assert house.outcomes(release)[-1] == "rolled_back"
    assert gene.current.variant == ""
    assert shop.ten(1) == (11, "EUR")


def test_a_closure_is_described_with_its_variables(house: House, shop: Any) -> None:
    house.registry.add_inside(shop.scale, ["apply"])
    house.registry.add_inside(shop.cached, ["apply"])
    house.visit()
    scale, cached = sorted(house.store.genes(), key=lambda gene: gene.target, reverse=True)
    assert (scale.free, scale.kind, scale.refused) == (("rate", "unit"), "function", "")
    assert scale.source == "def apply(amount, fee=1):\n    return amount * rate + fee, unit\n"
    assert (cached.decorated, cached.source.splitlines()[0]) == (
        "@functools.lru_cache", "def apply(amount):",
    )  # fmt: skip


# --- what stands in front -------------------------------------------------------------------------


def test_a_burst_sees_the_calls_of_all_functions(shop: Any, capture: Capture, purse: Purse) -> None:
    gene = gene_of(shop, "scale.apply")
    probe.arm(gene, size=3, capture=capture, purse=purse)
    made = [shop.scale(rate) for rate in (1, 2)]
    assert [f(1) for f in (shop.ten, *made, shop.ten)] == [
        (11, "EUR"), (2, "EUR"), (3, "EUR"), (11, "EUR"),
    ]  # fmt: skip
    assert len(capture.ring.drain()) == 3
    assert gene.overlay is None
    assert shop.ten.__code__ is gene.current.code


def test_what_was_made_during_a_burst_is_found_later(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    ours = Registry()
    gene = ours.add_inside(shop.scale, ["apply"])
    assert gene
    ours.tidy()
    probe.arm(gene, size=1, capture=capture, purse=purse)
    stray = shop.scale(2)
    assert shop.ten(1) == (11, "EUR")
    assert stray.__code__ is not gene.current.code
    assert stray(1) == (3, "EUR")
    assert gene.strayed
    gather([gene])
    assert stray.__code__ is gene.current.code


def sent(function: Any) -> Any:
    """As libraries send functions by value: constants of the code go as they reduce themselves."""
    code, consts = function.__code__, []
    for const in code.co_consts:
        if callable(const) and not isinstance(const, types.CodeType):
            make, arguments = const.__reduce__()
            const = make(*arguments)  # noqa: PLW2901
        consts.append(const)
    came = code.replace(co_consts=tuple(consts))
    return types.FunctionType(came, function.__globals__, "f", function.__defaults__,
                              function.__closure__)  # fmt: skip


def test_functions_sent_by_value_leave_the_agent_behind(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    gene, plain = gene_of(shop, "scale.apply"), Registry().add(shop.sort)
    for each in (gene, plain):
        probe.arm(each, size=9, capture=capture, purse=purse)
    assert (sent(shop.ten)(1), sent(shop.sort)([1, 2])) == ((11, "EUR"), [2, 1])
    assert not capture.ring.waiting
    swap(gene, "ONE = 1\ndef apply(amount, fee=1):\n    return amount * rate + fee + ONE, unit")
    assert sent(shop.ten)(1) == (12, "EUR")
    probe.arm(gene, size=9, capture=capture, purse=purse)
    assert sent(shop.ten)(1) == (12, "EUR")
    assert not capture.ring.waiting


def test_a_recursion_costs_no_depth_while_it_is_watched(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    gene = gene_of(shop, "walk.down")
    assert gene.recursive
    probe.arm(gene, size=2, capture=capture, purse=purse)
    down = shop.walk("x")
    assert down(800) == ["x"] * 801
    assert down(1) == ["x"] * 2
    assert len(capture.ring.drain()) == 2


def test_decorating_each_function_is_decorating_the_def(imported: Import) -> None:
    shop = imported("""
        from codegenesis.runtime import register

        def scale(rate):
            def apply(amount):
                return amount * rate
            register(apply)
            return apply
    """)
    made = [shop.scale(rate) for rate in range(3)]
    gene = registry.get(f"{shop.__name__}:scale.<locals>.apply")
    assert gene
    swap(gene, "def apply(amount):\n    return -amount * rate")
    assert [f(2) for f in made] == [0, -2, -4]
    later = shop.scale(5)
    assert later(2) == -10
    assert registry.get(gene.target) is gene
    registry.remove(gene)
    assert [f(2) for f in (*made, later, shop.scale(6))] == [0, 2, 4, 10, 12]


def test_threads_that_make_and_call_see_one_or_the_other(shop: Any) -> None:
    gene = gene_of(shop, "scale.apply")
    new = version(gene, "def apply(amount, fee=1):\n    return amount * rate + fee, unit, 'new'")
    stop, wrong = threading.Event(), []

    def call() -> None:
        while not stop.is_set():
            made = shop.scale(3)
            for result in (made(2), shop.ten(2)):
                if result[:2] not in ((7, "EUR"), (21, "EUR")):
                    wrong.append(result)

    threads = [threading.Thread(target=call) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        gene.switch(new)
        gene.switch(gene.original())
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.slow
def test_closures_under_constant_change_give_no_wrong_result(each_python: Python) -> None:
    script = Path(__file__).parent / "closures_under_change.py"
    called, changed = each_python.run(script, "200000", "60", seconds=300).split()
    assert int(called) >= 200_000
    assert int(changed) >= 60
