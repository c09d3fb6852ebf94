"""Rewards, events and roll-ups are kept as they were told."""

from msgspec.structs import replace

from codegenesis.model import Bucket, Event, Reward
from codegenesis.store import Store

REWARD = Reward(
    service="shop", process="p", name="checkout", value=2.5, segment="gold", trace="ab" * 16,
    arms={"r1": "variant", "r2": "control"}, at_ns=7,
)  # fmt: skip
EVENT = Event(
    service="shop", source="logging", kind="log", gene="shop/m:f", name="shop.m", level="error",
    message="no stock \udcff", count=3, value=1.5, attributes={"code": "503"},
    body=b"\x80", at_ns=9,
)  # fmt: skip
BUCKET = Bucket(
    gene="shop/m:f", start_ns=60, width_ns=60, n=4, errors=1, cpu_ns=8, wall_ns=9, body=b"\x80"
)


def test_rewards_come_back(store: Store) -> None:
    store.rewards.add([REWARD])
    assert store.rewards.find(service="shop") == [REWARD]
    assert store.rewards.find(service="shop", since_ns=8) == []
    ((number, read),) = store.rewards.numbered(service="shop", after_id=0, since_ns=0)
    assert read == REWARD
    assert store.rewards.numbered(service="shop", after_id=number, since_ns=0) == []
    assert store.rewards.prune(before_ns=8) == 1


def test_news_are_what_was_told_after_a_number(store: Store) -> None:
    assert store.events.mentioned() == (0, set())
    store.events.add([EVENT])
    number, genes = store.events.mentioned()
    assert genes == {"shop/m:f"}
    store.events.add([Event(service="shop", source="otlp", kind="span", at_ns=10)])
    assert store.events.mentioned(after=number) == (number + 1, set())


def test_events_of_a_stretch_are_folded(store: Store) -> None:
    def merge(events: list[Event]) -> list[Event]:
        return [replace(events[-1], count=sum(event.count for event in events))]

    spans = [Event(service="s", source="otlp", kind="span", at_ns=each) for each in (1, 2, 3, 9)]
    store.events.add([*spans, EVENT])
    assert store.events.fold(("span",), since_ns=2, before_ns=9, merge=merge) == 1
    assert [event.count for event in store.events.find(kind="span")] == [1, 2, 1]
    assert store.events.fold(("span",), since_ns=3, before_ns=9, merge=merge) == 0
    assert len(store.events.find(kind="log")) == 1


def test_events_come_back_in_order_and_the_newest_of_them(store: Store) -> None:
    later = Event(service="shop", source="otlp", kind="span", at_ns=10)
    store.events.add([EVENT, later])
    (kept,) = store.events.find(kind="log", gene="shop/m:f")
    assert (kept.attributes, kept.count, kept.body) == ({"code": "503"}, 3, b"\x80")
    assert kept.message == "no stock \\udcff"
    assert store.events.find(limit=1) == [later]
    assert [event.at_ns for event in store.events.find()] == [9, 10]
    assert store.events.prune(before_ns=10) == 1


def test_a_bucket_takes_the_place_of_an_earlier_one(store: Store) -> None:
    store.buckets.put([BUCKET])
    again = Bucket(gene="shop/m:f", start_ns=60, width_ns=60, n=5, errors=1, cpu_ns=9, wall_ns=9)
    store.buckets.put([again])
    assert store.buckets.find("shop/m:f") == [again]
    assert store.buckets.prune(width_ns=60, before_ns=61) == 1
    assert store.buckets.find("shop/m:f") == []
