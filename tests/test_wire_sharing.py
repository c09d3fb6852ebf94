"""Sharing on the wire: which objects are the same one is part of a value, and costs no more."""

import dataclasses
import sys

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codegenesis import wire
from codegenesis.errors import WireError
from codegenesis.wire import tags


@dataclasses.dataclass
class Node:
    value: object
    next: object = None


@dataclasses.dataclass(frozen=True)
class Price:
    cents: int


class Odd:
    """Hashable by what it is, not by what it holds."""

    def __init__(self, inner):
        self.inner = inner


def resolve(name):
    module, _, qualname = name.partition(":")
    return getattr(sys.modules[module], qualname)


def back(value):
    return wire.decode(wire.encode(value), resolve=resolve)


def test_one_object_twice_is_not_two_equal_ones():
    row = [1]
    for shared, apart in (
        ([row, row], [[1], [1]]),
        ({"a": row, "b": row}, {"a": [1], "b": [1]}),
        ((row, (row,)), ([1], ([1],))),
        ([Node(1)] * 2, [Node(1), Node(1)]),
        ([bytearray(b"x")] * 2, [bytearray(b"x"), bytearray(b"x")]),
        ([{1}] * 2, [{1}, {1}]),
    ):
        assert wire.encode(shared) != wire.encode(apart)
        assert wire.encode(back(shared)) == wire.encode(shared)


def test_what_cannot_be_changed_is_the_same_whichever_it_is():
    price, word, pair = Price(5), "".join(["a", "b"]), (1, "x")
    assert wire.encode([price, price]) == wire.encode([Price(5), Price(5)])
    assert wire.encode([word, word]) == wire.encode(["ab", "".join("ab")])
    assert wire.encode([pair, pair]) == wire.encode([(1, "x"), (1, "x")])


def test_a_value_without_sharing_is_written_as_if_nobody_counted():
    assert wire.encode([[1], {"a": (2, [])}]) == msgspec.msgpack.encode(
        [[1], {tags.DICT: [["a"], [{tags.TUPLE: [2, []]}]]}]
    )


def test_shared_objects_are_one_object_again():
    row = [1]
    args, kwargs = wire.decode_call(wire.encode_call((row, [row]), {"k": row}), resolve=resolve)
    assert args[0] is args[1][0] is kwargs["k"]
    node = Node([1])
    node.next = node
    made = back({"first": node, "again": node})
    assert made["first"] is made["again"] is made["first"].next


def test_a_value_that_contains_itself_travels():
    ring = [1]
    ring.append({"me": (ring,)})
    made = back(ring)
    assert made[1]["me"][0] is made
    assert wire.encode(made) == wire.encode(ring)
    assert wire.decode(wire.encode(ring)) == [1, {"me": (wire.Opaque(wire.SHARED, (0,)),)}]


def test_a_reader_without_classes_gets_a_tree_however_much_is_shared():
    many = [1]
    for _ in range(60):
        many = [many, many]
    data = wire.encode(many, max_bytes=1000)
    assert len(repr(wire.decode(data))) < 10_000
    assert wire.encode(wire.decode(data, resolve=resolve)) == data


def test_without_sharing_everything_is_written_out_within_the_budget():
    row = [1]
    assert wire.encode([row, row], sharing=False) == wire.encode([[1], [1]])
    ring = []
    ring.append(ring)
    with pytest.raises(WireError, match="too deeply"):
        wire.encode(ring, sharing=False)
    many = [1]
    for _ in range(60):
        many = [many, many]
    with pytest.raises(WireError, match="more than 1000 bytes"):
        wire.encode(many, max_bytes=1000, sharing=False)


def test_members_of_a_set_are_counted_each_by_itself():
    inner = [1]
    one, other = Odd(inner), Odd(inner)
    grown = {one, other}
    assert wire.encode(grown) == wire.encode({other, one})
    assert wire.encode([inner, grown]) == wire.encode([[1], {Odd([1]), Odd([1])}])
    twice = Odd([inner, inner])
    assert wire.encode({twice}) != wire.encode({Odd([[1], [1]])})
    (made,) = back({twice})
    assert made.inner[0] is made.inner[1]


def test_a_result_that_is_an_argument_is_not_a_copy_of_it():
    xs, node = [1, 2], Node([3])
    for result, copy in (
        (xs, [1, 2]),
        ([xs], [[1, 2]]),
        ({"n": node}, {"n": Node([3])}),
        (node.value, [3]),
    ):
        same, after = wire.encode_outcome(result, (xs, node), {})
        other, _ = wire.encode_outcome(copy, (xs, node), {})
        assert same != other
        assert other == wire.encode(copy)
        assert after == wire.encode_call((xs, node), {})
        assert wire.decode(same) == wire.decode(other)


def test_which_argument_it_is_counts():
    left, right = [1], [1]
    first, _ = wire.encode_outcome(left, (left, right), {})
    second, _ = wire.encode_outcome(right, (left, right), {})
    named, _ = wire.encode_outcome(right, (left,), {"right": right})
    assert len({first, second, named}) == 3


def test_odd_numbers_and_texts_do_not_disturb_the_count():
    xs = [2**70, "\ud800"]
    value, after = wire.encode_outcome([xs, xs], (xs,), {})
    assert wire.decode_call(after) == ((xs,), {})
    assert wire.decode(value)[0] == xs
    assert value != wire.encode_outcome([xs, list(xs)], (xs,), {})[0]


def test_both_together_must_fit():
    xs = list(range(100))
    wire.encode_outcome(xs, (xs,), {}, max_bytes=240)
    with pytest.raises(WireError, match="more than 200 bytes"):
        wire.encode_outcome(xs, (xs,), {}, max_bytes=200)


@pytest.mark.parametrize(
    "tree",
    [
        {tags.REF: 0},
        [{tags.REF: 1}],
        [{tags.REF: -1}],
        [{tags.REF: True}],
        [{tags.REF: "x"}],
        {tags.TUPLE: [{tags.REF: 0}]},
        {tags.ARGUMENT: [-1, 1]},
        {tags.ARGUMENT: [0]},
        {tags.OVERLAP: [0, 1]},
        [1, {tags.SET: [{tags.REF: 0}]}],
        {tags.BUILT: []},
        {tags.BUILT: [1]},
        {tags.BUILT: ["os:system", "true"]},
        {tags.BUILT: ["builtins:reference", 1]},
        {tags.BUILT: ["builtins:exception", "builtins:ValueError", [], {}]},
    ],
)
def test_a_number_that_means_nothing_is_refused(tree):
    for known in (None, resolve):
        with pytest.raises(WireError):
            wire.decode(msgspec.msgpack.encode(tree), resolve=known)


shared = st.recursive(
    st.integers(0, 3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
        | st.builds(Node, inner)
        | inner.map(lambda value: [value, value])
        | inner.map(lambda value: (value, Node([value])))
    ),
    max_leaves=10,
)


def shape(value, known):
    """What makes a value, with numbers for objects: what the wire must tell apart."""
    if isinstance(value, int):
        return value
    if not isinstance(value, tuple):
        if id(value) in known:
            return ("again", known[id(value)])
        known[id(value)] = len(known)
    parts = value
    if isinstance(value, dict):
        parts = [*value.keys(), *value.values()]
        return ("dict", [part if isinstance(part, str) else shape(part, known) for part in parts])
    if isinstance(value, Node):
        parts = [value.value, value.next or 0]
    return (type(value).__name__, [shape(part, known) for part in parts])


@settings(deadline=None, derandomize=True)
@given(shared)
def test_sharing_makes_the_round_trip(value):
    data = wire.encode(value)
    made = wire.decode(data, resolve=resolve)
    assert shape(made, {}) == shape(value, {})
    assert wire.encode(made) == data


@settings(deadline=None, derandomize=True)
@given(shared, shared)
def test_equal_bytes_mean_equally_shared(left, right):
    assert (wire.encode(left) == wire.encode(right)) == (shape(left, {}) == shape(right, {}))


@settings(deadline=None, derandomize=True, max_examples=200)
@given(shared, st.data())
def test_damaged_sharing_is_a_value_or_a_wire_error(value, data):
    whole = bytearray(wire.encode_call((value, [value]), {}))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] = data.draw(st.integers(0, 255))
    for known in (None, resolve):
        try:
            wire.decode(bytes(whole), resolve=known)
        except WireError:
            pass
