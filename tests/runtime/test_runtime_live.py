"""Swapping a live function: every trap of `__code__`, and the rule of two versions."""

from __future__ import annotations

import functools
import gc
import pickle
import textwrap
import threading
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from codegenesis.errors import FragmentError
from codegenesis.fragment import assemble
from codegenesis.runtime import probe
from codegenesis.runtime.live import LiveGene, Version

if TYPE_CHECKING:
    from codegenesis.runtime.capture import Capture
    from conftest import Import, Purse

SHOP = """
    RATE = 2

    def price(amount, fee=1):
        return amount * RATE + fee

    def down(n):
        return ["old"] + (down(n - 1) if n else [])

    def wait():
        gate()
        return "old"

    class Base:
        def name(self):
            return "base"

    class Cart(Base):
        def __init__(self):
            self.__secret = 7

        def name(self):
            return "cart of " + super().name()

        def open(self, add=0):
            return self.__secret + add

        def __hidden(self):
            return 1

        def wait(self):
            gate()
            return "old"
"""


@pytest.fixture
def shop(imported: Import) -> Any:
    return imported(SHOP)


def version(gene: LiveGene, source: str) -> Version:
    code = assemble(
        textwrap.dedent(source), gene.function, owner=gene.owner, filename=f"<test {gene.target}>"
    )
    return Version(code, variant="v", loaded="d", release="r")


def test_a_registered_function_is_the_same_object_and_does_the_same(shop: Any) -> None:
    before, result = shop.price, shop.price(2)
    gene = LiveGene(shop.price)
    assert shop.price is before
    assert shop.price(2) == result
    assert gene.target == f"{shop.__name__}:price"
    assert gene.definition.source.startswith("def price(amount, fee=1):")
    assert gene.standing() == "there"


def test_a_swap_and_the_way_back(shop: Any) -> None:
    gene = LiveGene(shop.price)
    gene.switch(version(gene, "def price(amount, fee=1):\n    return 'new'"))
    assert shop.price(2) == "new"
    gene.switch(gene.original())
    assert shop.price(2) == 5


def test_all_that_hold_the_function_see_the_swap(shop: Any) -> None:
    alias, partial = shop.price, functools.partial(shop.price, 1)
    bound, unbound = shop.Cart().open, shop.Cart.open
    gene, method = LiveGene(shop.price), LiveGene(shop.Cart.open)
    gene.switch(version(gene, "def price(amount, fee=1):\n    return 'new'"))
    method.switch(version(method, "def open(self, add=0):\n    return 'new'"))
    assert [alias(1), partial(), bound(), unbound(shop.Cart())] == ["new"] * 4
    assert pickle.loads(pickle.dumps(shop.price)) is shop.price


@pytest.mark.parametrize("prelude", ["", "import math\n"])
def test_mangled_names_and_super_in_methods(shop: Any, prelude: str) -> None:
    cart = shop.Cart()
    name, open_ = LiveGene(shop.Cart.name), LiveGene(shop.Cart.open)
    hidden = LiveGene(vars(shop.Cart)["_Cart__hidden"])
    assert name.owner is open_.owner is hidden.owner is shop.Cart
    assert hidden.standing() == "there"
    name.switch(version(name, f"{prelude}def name(self):\n    return 'new ' + super().name()"))
    open_.switch(
        version(
            open_,
            f"{prelude}def open(self, add=0):\n    return -self.__secret + self.__hidden() + add",
        )
    )
    hidden.switch(version(hidden, f"{prelude}def __hidden(self):\n    return 10"))
    assert (cart.name(), cart.open(), cart.open(5)) == ("new base", 3, 8)


@pytest.mark.parametrize("prelude", ["", "X = 1\n"])
def test_a_variant_sees_a_rebound_constant_of_the_module(shop: Any, prelude: str) -> None:
    gene = LiveGene(shop.price)
    gene.switch(version(gene, f"{prelude}def price(amount, fee=1):\n    return RATE"))
    shop.RATE = 99
    assert shop.price(1) == 99


@pytest.mark.parametrize("prelude", ["", "X = 1\n"])
def test_defaults_set_later_count_for_old_and_new(shop: Any, prelude: str) -> None:
    gene = LiveGene(shop.price)
    gene.switch(version(gene, f"{prelude}def price(amount, fee=1):\n    return fee"))
    shop.price.__defaults__ = (50,)
    assert shop.price(1) == 50
    gene.switch(gene.original())
    assert shop.price(1) == 52


@pytest.mark.parametrize(
    "source",
    [
        "def price(amount, fee=2):\n    return 1",
        "def price(amount, fee):\n    return 1",
        "def price(amount, cost=1):\n    return 1",
        "def price(amount, fee=1):\n    yield 1",
        "async def price(amount, fee=1):\n    return 1",
    ],
)
def test_a_swap_that_changes_the_contract_is_refused(shop: Any, source: str) -> None:
    gene = LiveGene(shop.price)
    with pytest.raises(FragmentError):
        version(gene, source)
    assert shop.price(2) == 5


@pytest.mark.parametrize("method", [False, True])
def test_calls_in_flight_finish_on_the_old_code_and_hold_up_a_third(
    shop: Any, method: bool
) -> None:
    entered, release = threading.Event(), threading.Event()
    shop.gate = lambda: (entered.set(), release.wait(20))
    function = shop.Cart.wait if method else shop.wait
    call = shop.Cart().wait if method else shop.wait
    gene = LiveGene(function)
    results: list[str] = []
    thread = threading.Thread(target=lambda: results.append(call()))
    thread.start()
    assert entered.wait(20)
    gene.switch(version(gene, f"def wait({'self' if method else ''}):\n    return 'new'"))
    assert call() == "new"
    assert not gene.drained()
    release.set()
    thread.join(20)
    gc.collect()
    assert results == ["old"]
    assert gene.drained()


def test_a_recursion_in_flight_goes_on_in_the_new_code(shop: Any) -> None:
    gene = LiveGene(shop.down)
    new = version(gene, "def down(n):\n    return ['new'] + (down(n - 1) if n else [])")
    shop.down.__globals__["switch_at"] = lambda n: gene.switch(new) if n == 2 else None
    gene.switch(
        version(
            gene,
            "def down(n):\n    switch_at(n)\n    return ['old'] + (down(n - 1) if n else [])",
        )
    )
    assert shop.down(3) == ["old", "old", "new", "new"]


def test_tracebacks_of_evolved_code_show_its_lines(shop: Any) -> None:
    gene = LiveGene(shop.price)
    gene.switch(version(gene, "X = {}\ndef price(amount, fee=1):\n    return X[fee]  # look here"))
    try:
        shop.price(1)
    except KeyError as error:
        shown = "".join(traceback.format_exception(error))
    assert "return X[fee]  # look here" in shown
    assert f"<test {shop.__name__}:price>" in shown


def test_switching_ends_a_burst(shop: Any, capture: Capture, purse: Purse) -> None:
    gene = LiveGene(shop.price)
    probe.arm(gene, size=10, capture=capture, purse=purse)
    new = version(gene, "def price(amount, fee=1):\n    return 'new'")
    gene.switch(new)
    assert gene.overlay is None
    assert shop.price.__code__ is new.code


def test_a_name_that_leads_elsewhere_is_noticed(shop: Any) -> None:
    gene = LiveGene(shop.price)
    shop.price = functools.lru_cache(shop.price)
    assert gene.standing() == "there"
    shop.price = lambda amount: gene.function(amount) + 0
    assert gene.standing() == "other"
    del shop.price
    assert gene.standing() == "missing"


def test_the_main_script_has_one_name_everywhere(shop: Any) -> None:
    shop.price.__module__ = "__mp_main__"
    assert LiveGene(shop.price).module == "__main__"
