"""Free variables are part of a closure's calls: what is recorded, compared and put back."""

from __future__ import annotations

import asyncio
import textwrap
from collections import deque
from typing import TYPE_CHECKING, Any

import pytest

from codegenesis import wire
from codegenesis.fragment import assemble
from codegenesis.model import Release
from codegenesis.runtime import probe
from codegenesis.runtime.guard import Guard
from codegenesis.runtime.live import LiveGene, Version
from codegenesis.runtime.registry import Registry
from codegenesis.runtime.router import Router
from codegenesis.sandbox.closures import bind

if TYPE_CHECKING:
    from codegenesis.runtime.capture import Capture, Raw
    from codegenesis.runtime.net import Fall
    from conftest import Import, Purse

SHOP = """
    import asyncio

    def scale(rate, unit="EUR"):
        def apply(amount, *, fee=1):
            return amount * rate + fee, unit
        return apply

    def counter(step):
        count = 0
        def more(by=1):
            nonlocal count
            count += by * step
            return count
        return more

    def log():
        lines = []
        def write(line):
            lines.append(line)
        return write

    def walk(base):
        def down(n):
            return base + (down(n - 1) if n else 0)
        return down

    def late():
        def read():
            return value
        if asyncio is None:
            value = 1
        return read

    def around(function):
        def call(x):
            return function(x)
        return call

    def login(password):
        def check(given):
            return given == password
        return check

    def remote(rate):
        async def fetch(n):
            nonlocal rate
            await asyncio.sleep(0)
            rate += 1
            return n * rate
        return fetch

    def series(start):
        def items(n):
            for i in range(n):
                yield start + i
        return items

    class Base:
        def rate(self):
            return 2

    class Cart(Base):
        def total(self, fee):
            return super().rate() + fee
"""


@pytest.fixture
def shop(imported: Import) -> Any:
    return imported(SHOP)


def gene_of(shop: Any, outer: str, inner: str) -> LiveGene:
    """A gene in a registry of its own; what exists of it is found."""
    ours = Registry()
    gene = ours.add_inside(getattr(shop, outer), [inner])
    assert gene
    assert gene.definition
    ours.tidy()
    return gene


def watched(gene: LiveGene, capture: Capture, purse: Purse, *, size: int = 10) -> None:
    assert probe.arm(gene, size=size, capture=capture, purse=purse)


def raws(capture: Capture) -> list[Raw]:
    return capture.ring.drain()


def test_free_variables_are_keywords_with_a_dot(shop: Any, capture: Capture, purse: Purse) -> None:
    watched(gene_of(shop, "scale", "apply"), capture, purse)
    assert shop.scale(3)(10, fee=2) == (32, "EUR")
    (raw,) = raws(capture)
    assert wire.decode_call(raw.call) == ((10,), {"fee": 2, ".rate": 3, ".unit": "EUR"})
    assert raw.after == raw.call
    assert raw.sketch[".rate"] == {"type": "int", "value": 3}


def test_the_jail_makes_of_a_recorded_call_what_it_was(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    gene = gene_of(shop, "counter", "more")
    watched(gene, capture, purse)
    more = shop.counter(5)
    assert [more(), more(2)] == [5, 15]
    for raw, result in zip(raws(capture), (5, 15), strict=True):
        anew = bind(_empty(gene), *wire.decode_call(raw.call))
        assert anew() == wire.decode(raw.value) == result
        assert wire.encode_call(*anew.state()) == raw.after


def _empty(gene: LiveGene) -> Any:
    code = gene.original().code
    return gene.bare(code, tuple(type(shell())() for _ in code.co_freevars))


def shell() -> Any:
    """An empty cell."""
    value = 0
    (cell,) = (lambda: value).__closure__ or ()
    return cell


def test_what_a_call_assigns_shows_after_it(shop: Any, capture: Capture, purse: Purse) -> None:
    watched(gene_of(shop, "counter", "more"), capture, purse)
    assert shop.counter(5)() == 5
    (raw,) = raws(capture)
    assert wire.decode_call(raw.call)[1] == {".count": 0, ".step": 5}
    assert wire.decode_call(raw.after)[1] == {".count": 5, ".step": 5}


def test_what_a_call_changes_shows_after_it(shop: Any, capture: Capture, purse: Purse) -> None:
    watched(gene_of(shop, "log", "write"), capture, purse)
    shop.log()("a")
    (raw,) = raws(capture)
    assert wire.decode_call(raw.call)[1] == {".lines": []}
    assert wire.decode_call(raw.after)[1] == {".lines": ["a"]}


def test_closures_of_one_def_share_a_burst_and_nothing_else(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    gene = gene_of(shop, "counter", "more")
    watched(gene, capture, purse, size=4)
    one, two = shop.counter(1), shop.counter(10)
    assert [one(), two(), one(), two(), one()] == [1, 10, 2, 20, 3]
    steps = [wire.decode_call(raw.call)[1][".step"] for raw in raws(capture)]
    assert steps == [1, 10, 1, 10]
    assert gene.overlay is None


def test_one_that_calls_itself_is_kept_without_itself(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    gene = gene_of(shop, "walk", "down")
    watched(gene, capture, purse)
    assert shop.walk(3)(2) == 9
    (raw,) = raws(capture)
    assert wire.decode_call(raw.call) == ((2,), {".base": 3})
    assert bind(_empty(gene), *wire.decode_call(raw.call))() == 9


def test_closures_that_call_each_other_keep_their_own_variables(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    watched(gene_of(shop, "around", "call"), capture, purse)
    doubled = shop.around(shop.around(lambda x: 2 * x))
    assert [doubled(1), doubled(2)] == [2, 4]


def test_a_variable_without_a_value_is_left_out(shop: Any, capture: Capture, purse: Purse) -> None:
    watched(gene_of(shop, "late", "read"), capture, purse)
    with pytest.raises(NameError):
        shop.late()()
    (raw,) = raws(capture)
    assert wire.decode_call(raw.call) == ((), {})
    assert raw.error == "builtins.NameError"


def test_a_variable_that_cannot_be_encoded_is_sketched(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    watched(gene_of(shop, "around", "call"), capture, purse)
    assert shop.around(lambda x: x)(1) == 1
    (raw,) = raws(capture)
    assert not raw.keep
    assert raw.sketch[".function"] == {"type": "function"}


def test_a_sensitive_variable_has_its_type_only(shop: Any, capture: Capture, purse: Purse) -> None:
    watched(gene_of(shop, "login", "check"), capture, purse)
    assert shop.login("hunter2")("hunter2")
    (raw,) = raws(capture)
    assert raw.sketch[".password"] == {"type": "str"}
    assert not raw.keep


def test_closures_that_suspend_keep_their_variables(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    watched(gene_of(shop, "remote", "fetch"), capture, purse)
    watched(gene_of(shop, "series", "items"), capture, purse)
    one, two = shop.remote(1), shop.remote(2)

    async def together() -> list[int]:
        return await asyncio.gather(one(1), two(1))

    assert asyncio.run(together()) == [2, 3]
    assert list(zip(shop.series(1)(2), shop.series(5)(2), strict=True)) == [(1, 5), (2, 6)]
    seen = [(raw.gene.name, wire.decode_call(raw.call)[1]) for raw in raws(capture)]
    assert sorted(seen, key=str) == [
        ("fetch", {".rate": 1}), ("fetch", {".rate": 2}),
        ("items", {".start": 1}), ("items", {".start": 5}),
    ]  # fmt: skip


def test_the_class_of_super_is_no_variable(shop: Any, capture: Capture, purse: Purse) -> None:
    watched(LiveGene(shop.Cart.total), capture, purse)
    assert shop.Cart().total(1) == 3
    (raw,) = raws(capture)
    assert set(raw.sketch) == {"self", "fee"}


# --- new code ------------------------------------------------------------------------------------


def release(**changes: Any) -> Release:
    fields = {
        "id": "r", "gene": "g", "variant": "v", "base": "b", "stage": "canary", "weight": 1.0,
        "pure": True, "created_ns": 0, "updated_ns": 0, "expires_ns": 1 << 62,
    }  # fmt: skip
    return Release(**{**fields, **changes})


def put_in_front(gene: LiveGene, source: str, purse: Purse, stage: str) -> deque[Fall]:
    falls: deque[Fall] = deque()
    code = assemble(textwrap.dedent(source), gene.function, filename=f"<test {gene.target}>")
    new = Version(code, variant="v", loaded="d", release="r")
    if stage == "live":
        gene.switch(new, overlay=Guard(gene, release=release(stage="live"), new=new, falls=falls))
    else:
        gene.cover(
            Router(gene, release=release(), candidate=new, samples=deque(), falls=falls,
                   purse=purse)
        )  # fmt: skip
    return falls


@pytest.mark.parametrize("stage", ["canary", "live"])
def test_new_code_of_closures_is_answered_by_the_old_on_the_same_variables(
    shop: Any, purse: Purse, stage: str
) -> None:
    gene = gene_of(shop, "scale", "apply")
    source = "def apply(amount, *, fee=1):\n    return amount * rate // 0 + fee, unit"
    falls = put_in_front(gene, source, purse, stage)
    assert shop.scale(3)(10) == (31, "EUR")
    assert len(falls) == 1
    assert gene.overlay is None
    assert shop.scale(4)(10) == (41, "EUR")


def test_a_call_that_has_assigned_a_variable_is_not_repeated(shop: Any, purse: Purse) -> None:
    source = """
        def more(by=1):
            nonlocal count
            count += by * step
            return 1 / 0
    """
    falls = put_in_front(gene_of(shop, "counter", "more"), source, purse, "canary")
    more = shop.counter(5)
    with pytest.raises(ZeroDivisionError):
        more()
    assert len(falls) == 1
    assert more() == 10


def test_a_guard_counts_the_calls_of_all_closures(shop: Any, purse: Purse) -> None:
    gene = gene_of(shop, "series", "items")
    falls: deque[Fall] = deque()
    source = "def items(n):\n    yield from range(start, start + n)"
    new = Version(assemble(source, gene.function, filename="<test>"), variant="v")
    gene.switch(new, overlay=Guard(gene, release=release(), new=new, falls=falls, calls=4))
    assert [list(shop.series(k)(2)) for k in range(5)] == [[k, k + 1] for k in range(5)]
    assert gene.overlay is None
    assert not falls
