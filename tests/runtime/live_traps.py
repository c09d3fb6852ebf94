"""Every trap of swapping code in a live process; a script that each version of Python runs.

python live_traps.py        runs all, one JSON object on standard output: name -> what failed
"""

from __future__ import annotations

import asyncio
import copy
import functools
import gc
import json
import multiprocessing
import os
import pickle
import sys
import threading
import traceback
import types
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

from codegenesis.errors import FragmentError
from codegenesis.fragment import assemble, install
from codegenesis.runtime import probe
from codegenesis.runtime.capture import Capture, Ring
from codegenesis.runtime.live import LiveGene, Version
from codegenesis.runtime.registry import Registry

# --- the application ------------------------------------------------------------------------------


def price(amount, fee=1, *, unit="EUR"):
    return amount + fee, unit


def down(n):
    return 0 if n == 0 else 1 + down(n - 1)


def walker(step):
    def walk(n):
        return 0 if n == 0 else step + walk(n - 1)

    return walk


def scale(rate):
    def apply(amount):
        return amount * rate

    return apply


ten = scale(10)


def other(alpha):
    def apply(amount):
        return alpha

    return apply


@functools.lru_cache
def cached(x):
    return "old", x


def items(n):
    for at in range(n):
        yield "old", at


async def later(x):
    await asyncio.sleep(0)
    return "old", x


async def ticks(n):
    for at in range(n):
        yield "old", at


class Base:
    def name(self):
        return "base"


class _Cart(Base):
    def __init__(self):
        self.__secret = 7

    def name(self):
        return "cart of " + super().name()

    def open(self, add=0):
        return self.__secret + add

    def __hidden(self):
        return 1

    def show(self):
        return self.__hidden()


# --- how it is swapped ----------------------------------------------------------------------------

FORMS = ("", "MARK = 1\n")


class Purse:
    def spend(self, cpu_ns: int) -> None:
        pass


def gene_of(function: Any, *names: str) -> LiveGene:
    ours = Registry()
    gene = ours.add_inside(function, names) if names else ours.add(function)
    assert gene
    assert gene.definition
    ours.tidy()
    return gene


def version(gene: LiveGene, source: str) -> Version:
    code = assemble(source, gene.function, owner=gene.owner, filename=f"<test {gene.target}>")
    return Version(code, variant="v", loaded="d", release="r")


def swap(gene: LiveGene, source: str) -> None:
    gene.switch(version(gene, source))


def watched(gene: LiveGene, size: int) -> Ring:
    ring = Ring()
    capture = Capture(mode="plain", sensitive=lambda name: False, key=b"k" * 32, ring=ring)
    assert probe.arm(gene, size=size, capture=capture, purse=Purse())
    return ring


def refused(gene: LiveGene, source: str, words: str) -> None:
    for prelude in FORMS:
        fails(lambda text=prelude + source: version(gene, text), words)


def fails(action: Callable[[], object], words: str) -> None:
    """There is no pytest where this runs."""
    said = "nothing"
    try:
        action()
    except FragmentError as error:
        said = str(error)
    assert words in said, said


# --- the traps ------------------------------------------------------------------------------------


def free_variables_go_by_name() -> None:
    gene = gene_of(scale, "apply")
    fails(lambda: install(other(1).__code__, ten), "free variables")
    for prelude in FORMS:
        swap(gene, f"{prelude}def apply(amount):\n    return -amount * rate")
        assert (ten(1), scale(2)(3)) == (-10, -6)
        swap(gene, f"{prelude}def apply(amount):\n    return amount")
        assert (ten(1), scale(2)(3)) == (1, 3)


def defaults_stay_those_of_the_original() -> None:
    gene = gene_of(price)
    refused(gene, 'def price(amount, fee=2, *, unit="EUR"): pass', "cannot change defaults")
    refused(gene, 'def price(amount, fee, *, unit="EUR"): pass', "defaults to other parameters")
    for prelude in FORMS:
        swap(gene, f'{prelude}def price(amount, fee=1, *, unit="EUR"):\n    return fee, unit')
        price.__defaults__, price.__kwdefaults__ = (50,), {"unit": "USD"}
        assert price(1) == (50, "USD")
        price.__defaults__, price.__kwdefaults__ = (1,), {"unit": "EUR"}
        assert price(1) == (1, "EUR")


def the_kind_does_not_change() -> None:
    for function, text in (
        (price, 'def price(amount, fee=1, *, unit="EUR"): yield 1'),
        (price, 'async def price(amount, fee=1, *, unit="EUR"): pass'),
        (items, "def items(n): return []"),
        (items, "async def items(n): yield 1"),
        (later, "def later(x): return x"),
        (ticks, "async def ticks(n): return n"),
    ):
        refused(gene_of(function), text, "change its kind")


def names_are_mangled() -> None:
    shown, opened = gene_of(_Cart.show), gene_of(_Cart.open)
    hidden = gene_of(vars(_Cart)["_Cart__hidden"])
    assert hidden.standing() == "there"
    for prelude in FORMS:
        swap(shown, f"{prelude}def show(self):\n    return self.__hidden() + self.__secret")
        swap(opened, f"{prelude}def open(self, add=0):\n    return -self.__secret - add")
        swap(hidden, f"{prelude}def __hidden(self):\n    return 10")
        assert (_Cart().show(), _Cart().open(1)) == (17, -8)


def super_finds_its_class() -> None:
    named, opened = gene_of(_Cart.name), gene_of(_Cart.open)
    for prelude in FORMS:
        swap(named, f"{prelude}def name(self):\n    return 'new ' + super().name()")
        swap(opened, f"{prelude}def open(self, add=0):\n    return super().name()")
        assert (_Cart().name(), _Cart().open()) == ("new base", "base")
        swap(named, f"{prelude}def name(self):\n    return 'alone'")
        assert _Cart().name() == "alone"


def inner_functions_are_made_from_the_new_constant() -> None:
    gene, outer = gene_of(scale, "apply"), LiveGene(price)
    assert outer
    swap(gene, "def apply(amount):\n    return 'new'")
    assert {scale(n)(n) for n in range(3)} == {"new"}
    gene.switch(gene.original())
    assert [scale(n)(n) for n in range(3)] == [0, 1, 4]


def caches_forget() -> None:
    gene = gene_of(cached.__wrapped__)
    assert (cached(1), cached(1)) == (("old", 1), ("old", 1))
    swap(gene, "def cached(x):\n    return 'new', x")
    assert cached(1) == ("new", 1)
    gene.switch(gene.original())
    assert cached(1) == ("old", 1)


def a_recursion_may_be_as_deep_as_before() -> None:
    depth = sys.getrecursionlimit() - 100
    walk = walker(1)
    gene, inner = gene_of(down), gene_of(walker, "walk")
    for function, each in ((down, gene), (walk, inner)):
        assert function(depth) == depth
        ring = watched(each, 3)
        assert [function(depth), function(depth)] == [depth] * 2
        assert len(ring.drain()) == 2
        each.uncover()
        assert function(depth) == depth


def generators_in_flight_go_on_in_old_code() -> None:
    gene = gene_of(items)
    made = items(3)
    assert next(made) == ("old", 0)
    fresh = items(1)
    swap(gene, "def items(n):\n    yield 'new'")
    assert not gene.drained()
    assert [*made] == [("old", 1), ("old", 2)]
    assert [*fresh] == [("old", 0)], "it was made before the swap"
    assert [*items(1)] == ["new"]
    del made, fresh
    gc.collect()
    assert gene.drained()


def coroutines_in_flight_go_on_in_old_code() -> None:
    gene = gene_of(later)

    async def both() -> list[object]:
        old = asyncio.ensure_future(later(1))
        await asyncio.sleep(0)
        swap(gene, "async def later(x):\n    return 'new', x")
        return [await old, await later(2)]

    assert asyncio.run(both()) == [("old", 1), ("new", 2)]


def async_generators_in_flight_go_on_in_old_code() -> None:
    gene = gene_of(ticks)

    async def both() -> list[object]:
        made = ticks(2)
        got: list[object] = [await anext(made)]
        swap(gene, "async def ticks(n):\n    yield 'new'")
        got += [item async for item in made]
        return got + [item async for item in ticks(1)]

    assert asyncio.run(both()) == [("old", 0), ("old", 1), "new"]


def whoever_imported_it_by_name_sees_the_swap() -> None:
    user = types.ModuleType("user")
    sys.modules["live_traps_here"] = sys.modules[__name__]
    exec("from live_traps_here import price, ten as closure", vars(user))
    gene, inner = gene_of(price), gene_of(scale, "apply")
    swap(gene, 'def price(amount, fee=1, *, unit="EUR"):\n    return "new"')
    swap(inner, "def apply(amount):\n    return 'new'")
    assert (user.price(1), user.closure(1)) == ("new", "new")
    assert copy.copy(vars(user))["price"] is price


def bound_methods_see_the_swap() -> None:
    bound, unbound = _Cart().open, _Cart.open
    gene = gene_of(_Cart.open)
    swap(gene, "def open(self, add=0):\n    return 'new'")
    assert (bound(), unbound(_Cart()), [*map(bound, [1])]) == ("new", "new", ["new"])


def partials_see_the_swap() -> None:
    partial, inner = functools.partial(price, 1), functools.partial(ten, 1)
    swap(gene_of(price), 'def price(amount, fee=1, *, unit="EUR"):\n    return "new"')
    swap(gene_of(scale, "apply"), "def apply(amount):\n    return 'new'")
    assert (partial(), inner()) == ("new", "new")


def pickles_are_names() -> None:
    swap(gene_of(price), 'def price(amount, fee=1, *, unit="EUR"):\n    return "new"')
    assert pickle.loads(pickle.dumps(price)) is price
    assert pickle.loads(pickle.dumps(_Cart().open))() == 7


def a_forked_child_goes_on_and_holds_no_lock() -> None:
    ours = Registry()
    gene, inner = ours.add(price), ours.add_inside(scale, ["apply"])
    assert inner
    assert inner.definition
    ours.tidy()
    new = version(inner, "def apply(amount):\n    return 'new'")
    swap(gene, 'def price(amount, fee=1, *, unit="EUR"):\n    return "new"')
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with gene.lock, inner.lock, inner.outer.lock:  # type: ignore[union-attr]
            held.set()
            done.wait(20)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(20)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # there is a second thread
        child = os.fork()
    if child == 0:
        ours.after_fork()
        inner.switch(new)
        good = (price(1), ten(1), scale(2)(2)) == ("new", "new", "new")
        gene.switch(gene.original())
        os._exit(0 if good and price(1) == (2, "EUR") else 1)
    status = os.waitpid(child, 0)[1]
    done.set()
    thread.join()
    assert os.waitstatus_to_exitcode(status) == 0
    assert (price(1), ten(1)) == ("new", 10)


def a_spawned_worker_begins_with_the_code_of_the_file() -> None:
    swap(gene_of(price), 'def price(amount, fee=1, *, unit="EUR"):\n    return "new"')
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(price, (1,)) == (2, "EUR")
        assert pool.apply(_Cart().open, (1,)) == 8


def subinterpreters_are_refused_in_words() -> None:
    name = "_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters"
    interpreters = import_module(name)
    legacy = ("legacy",) if sys.version_info >= (3, 13) else ()
    settings = {} if legacy else {"isolated": False}
    inside = interpreters.create(*legacy, **settings)
    reading, writing = os.pipe()
    text = f"""
import logging, os, codegenesis
logging.getLogger("codegenesis").addHandler(logging.StreamHandler(os.fdopen({writing}, "w")))
@codegenesis.evolvable
def price(x):
    return x
assert price(1) == 1
codegenesis.start()
"""
    failed = interpreters.run_string(inside, text)
    assert not failed, failed
    interpreters.destroy(inside)
    with os.fdopen(reading) as told:
        assert "this is a subinterpreter" in told.read()


TRAPS: list[Callable[[], None]] = [
    free_variables_go_by_name,
    defaults_stay_those_of_the_original,
    the_kind_does_not_change,
    names_are_mangled,
    super_finds_its_class,
    inner_functions_are_made_from_the_new_constant,
    caches_forget,
    a_recursion_may_be_as_deep_as_before,
    generators_in_flight_go_on_in_old_code,
    coroutines_in_flight_go_on_in_old_code,
    async_generators_in_flight_go_on_in_old_code,
    whoever_imported_it_by_name_sees_the_swap,
    bound_methods_see_the_swap,
    partials_see_the_swap,
    pickles_are_names,
    a_forked_child_goes_on_and_holds_no_lock,
    a_spawned_worker_begins_with_the_code_of_the_file,
    subinterpreters_are_refused_in_words,
]


def outcome(trap: Callable[[], None]) -> str:
    """What went wrong, after everything is as it was."""
    functions = [price, down, cached.__wrapped__, items, later, ticks, scale, walker, ten]
    functions += [each for each in vars(_Cart).values() if type(each) is types.FunctionType]
    before = [(each, each.__code__) for each in functions]
    try:
        trap()
    except BaseException:
        return traceback.format_exc()
    else:
        return ""
    finally:
        for function, code in before:
            function.__code__ = code


if __name__ == "__main__":
    print(json.dumps({trap.__name__: outcome(trap) for trap in TRAPS}))
