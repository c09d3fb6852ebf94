"""What a call elsewhere did to copies is done to the caller's own objects."""

from collections import OrderedDict, deque
from dataclasses import dataclass, field

import pytest

from codegenesis.hosted.bring import bring


@dataclass
class Cart:
    owner: str
    lines: list = field(default_factory=list)


class Slotted:
    __slots__ = ("left", "right")

    def __init__(self, **parts):
        for name, part in parts.items():
            setattr(self, name, part)


@pytest.mark.parametrize(
    ("live", "left"),
    [
        ([3, 1, 2], [1, 2, 3]),
        ([1, 2], [1]),
        ([], [4]),
        ({"a": 1, "b": 2}, {"b": 2, "c": [3]}),
        ({1, 2}, {2, 3}),
        (bytearray(b"ab"), bytearray(b"abc")),
        (deque([1, 2], maxlen=2), deque([2, 3], maxlen=2)),
        (OrderedDict(a=1, b=2), OrderedDict(b=1, a=2)),
    ],
)
def test_a_container_becomes_what_is_left_of_it_and_stays_the_same_object(live, left):
    same = live
    assert bring(live, left) is live
    assert same == left
    assert list(same) == list(left)


def test_what_lies_inside_stays_the_same_object():
    inner, key = [2, 1], {"n": 1}
    live = [inner, key]
    bring(live, [[1, 2], {"n": 2}, []])
    assert live == [[1, 2], {"n": 2}, []]
    assert live[0] is inner
    assert live[1] is key


def test_instances_are_changed_attribute_by_attribute():
    lines = [1]
    live = Cart("ann", lines)
    left = Cart("bob", [1, 2])
    left.note = "new"
    bring(live, left)
    assert vars(live) == {"owner": "bob", "lines": [1, 2], "note": "new"}
    assert live.lines is lines


def test_slots_are_filled_and_emptied():
    live = Slotted(left=[1])
    bring(live, Slotted(right=2))
    assert not hasattr(live, "left")
    assert live.right == 2


def test_what_cannot_be_changed_in_place_is_replaced():
    assert bring(1, 2) == 2
    assert bring((1, [2]), (1, [3])) == (1, [3])
    assert bring([1], "x") == "x"


def test_an_unchanged_tuple_stays_the_same_with_what_it_holds():
    inner = [1]
    live = (0, inner)
    assert bring(live, (0, [1, 2])) == (0, [1, 2])
    assert inner == [1, 2]


def test_arrays_are_written_into():
    np = pytest.importorskip("numpy")
    live = np.zeros(3)
    view = live[:2]
    assert bring(live, np.arange(3.0)) is live
    assert view.tolist() == [0.0, 1.0]
    assert bring(live, np.arange(4.0)).size == 4
