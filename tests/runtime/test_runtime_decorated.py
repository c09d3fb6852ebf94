"""Decorated functions: the one behind the decorators evolves, what is around it stays."""

from __future__ import annotations

import functools
import textwrap
import threading
from typing import TYPE_CHECKING, Any

import pytest

from codegenesis.errors import NotEvolvableError
from codegenesis.fragment import assemble
from codegenesis.runtime.live import LiveGene, Version
from codegenesis.runtime.registry import Registry, register, registry

if TYPE_CHECKING:
    from conftest import House, Import

SHOP = """
    import contextlib
    import dataclasses
    import functools

    def logged(word):
        def decorate(function):
            @functools.wraps(function)
            def wrapper(*args, **kwargs):
                return word, function(*args, **kwargs)
            return wrapper
        return decorate

    @functools.lru_cache(maxsize=None)
    def tax(amount):
        return amount * 2

    @functools.cache
    def fib(n):
        return n if n < 2 else fib(n - 1) + fib(n - 2)

    @logged("outer")
    @functools.lru_cache
    @logged("inner")
    def price(amount):
        return amount + 1

    @functools.singledispatch
    def area(shape):
        return "unknown"

    @area.register
    def area_of_square(shape: int):
        return shape * shape

    @functools.wraps(tax)
    def like_tax(amount):
        return -tax(amount)

    @contextlib.contextmanager
    def opened(name):
        yield name

    @dataclasses.dataclass
    class Point:
        x: int
        y: int = 0

        def length(self):
            return self.x + self.y

        def __repr__(self):
            return "point"

    class Cart:
        rate = 3

        def __init__(self, n):
            self.n = n

        @property
        def size(self):
            return self.n

        @size.setter
        def size(self, value):
            self.n = value

        @classmethod
        def make(cls, n):
            return cls(n + cls.rate)

        @staticmethod
        def count(items):
            return len(items)

        @functools.cached_property
        def total(self):
            return self.n * 2

        @functools.singledispatchmethod
        def add(self, item):
            return "unknown"

        @add.register
        def add_int(self, item: int):
            return self.n + item

        @functools.lru_cache
        def slow(self, x):
            return x

    class Big(Cart):
        rate = 10
"""


@pytest.fixture
def shop(imported: Import) -> Any:
    return imported(SHOP)


def taken(candidate: object, *, owner: type | None = None) -> LiveGene:
    gene = register(candidate, owner=owner)
    registry.remove(gene)
    return Registry().add(gene.function, owner=owner)


def swap(gene: LiveGene, source: str) -> None:
    code = assemble(
        textwrap.dedent(source), gene.function, owner=gene.owner, filename=f"<test {gene.target}>"
    )
    gene.switch(Version(code, variant="v", loaded="d", release="r"))


def revert(gene: LiveGene) -> None:
    gene.switch(gene.original())


FORMS = pytest.mark.parametrize("prelude", ["", "MARK = 1\n"], ids=["direct", "redirect"])


@FORMS
def test_properties_class_and_static_methods_are_swapped_inside(shop: Any, prelude: str) -> None:
    cart, own = shop.Cart(5), vars(shop.Cart)
    genes = [taken(own[name]) for name in ("size", "make", "count")]
    bound = shop.Cart.make
    swap(genes[0], f"{prelude}def size(self):\n    return -self.n")
    swap(genes[1], f"{prelude}def make(cls, n):\n    return cls(n - cls.rate)")
    swap(genes[2], f"{prelude}def count(items):\n    return -len(items)")
    cart.size = 6
    assert (cart.size, shop.Cart.make(1).n, shop.Big.make(1).n, bound(2).n) == (-6, -2, -9, -1)
    assert (shop.Cart.count([1]), cart.count([1, 2])) == (-1, -2)
    assert isinstance(own["size"], property)
    for gene in genes:
        revert(gene)
    assert (cart.size, shop.Big.make(1).n, cart.count([1])) == (6, 11, 1)


def test_a_cache_forgets_what_other_code_answered(shop: Any) -> None:
    elsewhere = functools.lru_cache(shop.tax)
    shop.also = elsewhere
    assert (shop.tax(1), elsewhere(1)) == (2, 2)
    gene = taken(shop.tax)
    swap(gene, "def tax(amount):\n    return amount * 3")
    assert (shop.tax(1), elsewhere(1)) == (3, 3)
    revert(gene)
    assert (shop.tax(1), elsewhere(1)) == (2, 2)
    assert shop.tax.cache_info().currsize == 1


def test_a_call_on_its_way_in_old_code_leaves_nothing_in_the_cache(imported: Import) -> None:
    shop = imported("""
        import functools
        @functools.cache
        def slow(x):
            gate()
            return "old"
    """)
    entered, release = threading.Event(), threading.Event()
    shop.gate = lambda: (entered.set(), release.wait(20))
    ours = Registry()
    gene = ours.add(shop.slow.__wrapped__)
    thread = threading.Thread(target=shop.slow, args=(1,))
    thread.start()
    assert entered.wait(20)
    swap(gene, "def slow(x):\n    return 'new'")
    release.set()
    thread.join(20)
    assert shop.slow(1) == "old", "it was stored after the swap"
    ours.tidy()
    assert shop.slow(1) == "new"


def test_a_cached_recursion_stays_cached(shop: Any) -> None:
    gene = taken(shop.fib)
    swap(gene, "def fib(n):\n    return 0 if n < 1 else 1 if n < 2 else fib(n - 2) + fib(n - 1)")
    assert shop.fib(80) == 23416728348467685


def test_all_decorators_stay_around(shop: Any) -> None:
    assert shop.price(1) == ("outer", ("inner", 2))
    gene = taken(shop.price)
    assert gene.qualname == "price"
    swap(gene, "def price(amount):\n    return -amount")
    assert shop.price(1) == ("outer", ("inner", -1))
    revert(gene)
    assert shop.price(1) == ("outer", ("inner", 2))


def test_single_dispatch_goes_on_dispatching(shop: Any) -> None:
    base, square = taken(shop.area), taken(shop.area_of_square)
    assert (base.qualname, square.qualname) == ("area", "area_of_square")
    swap(base, "def area(shape):\n    return 'new'")
    swap(square, "def area_of_square(shape):\n    return -shape * shape")
    assert (shop.area("x"), shop.area(3)) == ("new", -9)
    method = taken(vars(shop.Cart)["add"])
    named = taken(vars(shop.Cart)["add_int"])
    swap(method, "def add(self, item):\n    return 'new'")
    swap(named, "def add_int(self, item):\n    return self.n - item")
    assert (shop.Cart(5).add("x"), shop.Cart(5).add(1)) == ("new", 4)


def test_a_cached_property_is_worked_out_by_new_code_on_new_objects(shop: Any) -> None:
    old = shop.Cart(1)
    assert old.total == 2
    gene = taken(vars(shop.Cart)["total"])
    swap(gene, "def total(self):\n    return self.n * 3")
    assert (shop.Cart(1).total, old.total) == (3, 2)


def test_a_cached_method_is_swapped(shop: Any) -> None:
    cart = shop.Cart(1)
    assert cart.slow(4) == 4
    gene = taken(vars(shop.Cart)["slow"])
    swap(gene, "def slow(self, x):\n    return -x")
    assert cart.slow(4) == -4


def test_wrapping_says_nothing_of_another_function(shop: Any) -> None:
    ours = Registry()
    gene = ours.add(shop.like_tax)
    assert gene.standing() == "there"
    swap(gene, "def like_tax(amount):\n    return 0")
    assert (shop.like_tax(1), shop.tax(1)) == (0, 2)


def test_methods_of_data_classes_and_context_managers(shop: Any) -> None:
    length, shown = taken(shop.Point.length), taken(shop.Point.__repr__)
    swap(length, "def length(self):\n    return self.x * self.y")
    swap(shown, "def __repr__(self):\n    return f'{self.x}:{self.y}'")
    assert (shop.Point(2, 3).length(), repr(shop.Point(2, 3))) == (6, "2:3")
    opened = taken(shop.opened)
    swap(opened, "def opened(name):\n    yield name * 2")
    with shop.opened("a") as got:
        assert got == "aa"


def test_what_a_data_class_writes_itself_is_no_gene(shop: Any) -> None:
    with pytest.raises(NotEvolvableError, match="written by a program"):
        register(shop.Point.__init__)


def test_a_cache_that_cannot_be_emptied_stops_nothing(shop: Any) -> None:
    def failing() -> None:
        raise RuntimeError("no")

    shop.price.cache_clear = failing
    gene = taken(shop.price)
    swap(gene, "def price(amount):\n    return -amount")
    assert shop.price(1) == ("outer", ("inner", -1))


def test_decorated_functions_are_described_and_released(shop: Any, house: House) -> None:
    gene = house.add(shop.tax.__wrapped__)
    assert shop.tax(1) == 2
    house.visit()
    (noted,) = house.store.find_genes(gene.target)
    assert noted.decorated == "@functools.lru_cache(maxsize=None)"
    assert noted.refused == ""
    release = house.release(gene, "def tax(amount):\n    return amount * 4\n")
    house.visit()
    assert house.outcomes(release) == ["swapped"]
    assert shop.tax(1) == 4
    house.move(release, "rolled_back")
    house.visit()
    assert shop.tax(1) == 2


def test_what_a_canary_answered_does_not_stay_in_a_cache(shop: Any, house: House) -> None:
    gene = house.add(shop.tax.__wrapped__)
    house.visit()
    release = house.release(
        gene, "def tax(amount):\n    return amount * 4\n", stage="canary", weight=1.0
    )
    house.visit()
    assert (shop.tax(1), shop.tax.cache_info().currsize) == (4, 1)
    house.move(release, "rolled_back")
    house.visit()
    assert shop.tax(1) == 2
