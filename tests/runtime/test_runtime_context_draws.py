"""For whom a call is made: segment and trace on what is recorded, draws that stick to a key."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from typing import TYPE_CHECKING, Any

import pytest

from codegenesis.fragment import assemble
from codegenesis.model import Release
from codegenesis.runtime import probe
from codegenesis.runtime.context import Context, enter, leave
from codegenesis.runtime.intake import Intake
from codegenesis.runtime.live import LiveGene, Version
from codegenesis.runtime.redaction import Redactor
from codegenesis.runtime.router import Router, share_of

if TYPE_CHECKING:
    from codegenesis.model import Sample
    from codegenesis.runtime.capture import Capture
    from codegenesis.runtime.router import Drawn
    from conftest import Import, Purse

SHOP = """
    import asyncio

    def which():
        return "control"

    async def which_later():
        await asyncio.sleep(0)
        return "control"
"""


@pytest.fixture
def shop(imported: Import) -> Any:
    return imported(SHOP)


@pytest.fixture
def intake() -> Intake:
    return Intake(service="shop", process="p", redactor=Redactor(()))


class Canary:
    """A router whose arms say who they are."""

    def __init__(self, function: Any, purse: Purse, *, weight: float = 0.5, id: str = "r") -> None:
        self.function = function
        self.gene = LiveGene(function)
        self.samples: deque[Drawn] = deque()
        kind = "async def" if asyncio.iscoroutinefunction(function) else "def"
        code = assemble(
            f"{kind} {function.__name__}():\n    return 'variant'", function, filename="<test>"
        )
        self.router = Router(
            self.gene,
            release=Release(
                id=id, gene="g", variant="v", base="b", stage="canary", weight=weight,
                created_ns=0, updated_ns=0, expires_ns=1 << 62,
            ),
            candidate=Version(code, variant="v"),
            samples=self.samples,
            falls=deque(),
            purse=purse,
        )  # fmt: skip
        self.gene.cover(self.router)

    def ask(self, use: Context) -> str:
        """What a call gives within a use."""
        token = enter(use)
        try:
            arm: str = self.function()
        finally:
            leave(token)
        return arm


def keys(number: int) -> list[str]:
    return [f"user {n}" for n in range(number)]


def test_a_key_meets_one_arm(shop: Any, purse: Purse) -> None:
    canary = Canary(shop.which, purse)
    arms = {key: {canary.ask(Context(key=key)) for _ in range(5)} for key in keys(50)}
    assert all(len(met) == 1 for met in arms.values())
    assert {arm for met in arms.values() for arm in met} == {"control", "variant"}


def test_another_process_draws_the_same(shop: Any, imported: Import, purse: Purse) -> None:
    here, there = Canary(shop.which, purse), Canary(imported(SHOP).which, purse)
    for key in keys(50):
        assert here.ask(Context(key=key)) == there.ask(Context(key=key))


def test_another_release_draws_anew(shop: Any, imported: Import, purse: Purse) -> None:
    one, two = Canary(shop.which, purse), Canary(imported(SHOP).which, purse, id="s")
    pairs = Counter((one.ask(Context(key=key)), two.ask(Context(key=key))) for key in keys(200))
    assert len(pairs) == 4
    assert min(pairs.values()) > 20


@pytest.mark.parametrize(
    ("weight", "low", "high"), [(0.0, 0, 0), (0.2, 130, 270), (1.0, 1000, 1000)]
)
def test_keys_are_drawn_by_weight(
    shop: Any, purse: Purse, weight: float, low: int, high: int
) -> None:
    canary = Canary(shop.which, purse, weight=weight)
    drawn = Counter(canary.ask(Context(key=key)) for key in keys(1000))
    assert low <= drawn["variant"] <= high


def test_who_sees_new_code_still_does_when_its_share_grows(shop: Any, purse: Purse) -> None:
    canary = Canary(shop.which, purse, weight=0.2)
    before = {key for key in keys(300) if canary.ask(Context(key=key)) == "variant"}
    canary.router.weight = 0.6
    after = {key for key in keys(300) if canary.ask(Context(key=key)) == "variant"}
    assert before < after


def test_shares_are_between_zero_and_one_whatever_the_key_is() -> None:
    odd = ["", "\0", "\ud800", "x" * 100_000, "ü"]
    assert all(0 <= share_of(key, "r") < 1 for key in odd)


def test_a_use_without_a_key_is_drawn_call_by_call(shop: Any, purse: Purse) -> None:
    canary, use = Canary(shop.which, purse), Context()
    assert {canary.ask(use) for _ in range(100)} == {"control", "variant"}


def test_the_arm_is_noted_in_the_use(shop: Any, purse: Purse) -> None:
    canary = Canary(shop.which, purse)
    for key in keys(20):
        use = Context(key=key)
        arm = canary.ask(use)
        assert use.arms == {"r": arm}


def test_coroutines_stick_to_the_key_of_their_task(shop: Any, purse: Purse) -> None:
    Canary(shop.which_later, purse)

    async def use(key: str) -> set[str]:
        enter(Context(key=key))
        return {await shop.which_later() for _ in range(5)}

    async def together() -> list[set[str]]:
        return await asyncio.gather(*(use(key) for key in keys(40)))

    met = asyncio.run(together())
    assert all(len(arms) == 1 for arms in met)
    assert set().union(*met) == {"control", "variant"}


def test_samples_say_for_whom_and_do_not_give_the_key_away(
    shop: Any, purse: Purse, intake: Intake
) -> None:
    canary = Canary(shop.which, purse)
    for key in ("ann", "ann", "bob", ""):
        canary.ask(Context(segment="pro", key=key))
    first, again, other, none = intake.samples(canary.samples)
    assert {each.segment for each in (first, again, other, none)} == {"pro"}
    assert first.key == again.key != other.key
    assert (len(first.key), none.key) == (32, "")
    assert b"ann" not in bytes.fromhex(first.key)
    assert first.key != elsewhere(canary).key


def elsewhere(canary: Canary) -> Sample:
    """The first sample as it is told to another store."""
    other = Intake(service="shop", process="p", redactor=Redactor(()))
    return next(other.samples(canary.samples))


def test_samples_of_coroutines_say_for_whom(shop: Any, purse: Purse, intake: Intake) -> None:
    canary = Canary(shop.which_later, purse)

    async def use() -> None:
        enter(Context(segment="pro", key="ann"))
        await shop.which_later()

    asyncio.run(use())
    (sample,) = intake.samples(canary.samples)
    assert sample.segment == "pro"
    assert sample.key


def test_observations_say_for_whom_and_in_which_trace(
    shop: Any, capture: Capture, purse: Purse, intake: Intake
) -> None:
    probe.arm(LiveGene(shop.which), size=2, capture=capture, purse=purse)
    trace = "0123456789abcdef" * 2
    token = enter(Context(segment="free", trace=trace))
    shop.which()
    leave(token)
    shop.which()
    inside, outside = intake.observations(capture.ring.drain())
    assert (inside.segment, inside.trace) == ("free", trace)
    assert (outside.segment, outside.trace) == ("", "")


def test_a_call_belongs_to_the_use_that_it_began_in(
    shop: Any, capture: Capture, purse: Purse, intake: Intake
) -> None:
    probe.arm(LiveGene(shop.which_later), size=20, capture=capture, purse=purse)

    async def use(segment: str) -> None:
        enter(Context(segment=segment))
        await shop.which_later()

    async def together() -> None:
        await asyncio.gather(*(use(name) for name in ("a", "b", "c")))

    asyncio.run(together())
    seen = intake.observations(capture.ring.drain())
    assert sorted(each.segment for each in seen) == ["a", "b", "c"]
