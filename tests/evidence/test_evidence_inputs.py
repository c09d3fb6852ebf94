"""Fresh inputs: what they look like, that they repeat, and that they leave no trace."""

import collections
import dataclasses
import enum
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codegenesis.evidence.annotations import examples
from codegenesis.evidence.explore import explore
from codegenesis.evidence.inputs import Inputs
from codegenesis.evidence.literals import literals
from codegenesis.evidence.plain import call_of, data_of, value_of
from codegenesis.parsing import syntax_tree
from codegenesis.wire import decode, encode, encode_call

Pair = collections.namedtuple("Pair", "left right")


class Colour(enum.Enum):
    RED = 1


@dataclasses.dataclass
class Box:
    items: list
    colour: Colour


class Slotted:
    __slots__ = ("a", "b")


def slotted():
    made = Slotted()
    made.b = [1]
    return made


VALUES = [
    Box([1, Pair(1, 2.5)], Colour.RED),
    Pair(1, [Colour.RED]),
    {Colour.RED: Pair(1, 2)},
    {Pair(1, 2), Pair(2, 3)},
    frozenset({Pair(1, 2)}),
    slotted(),
    [slotted(), {"k": (slotted(),)}],
    collections.deque([Pair(1, 2)]),
    [1, True, 1.0, -0.0, float("nan"), None, 2**100, "\ud800", b"x", Decimal("1.0")],
    datetime(2024, 2, 29, tzinfo=UTC),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_values_with_instances_come_back_as_the_same_bytes(value):
    data = encode(value)
    assert data_of(value_of(data)) == data


def test_instances_are_shown_as_people_write_them():
    assert repr(value_of(encode(Box([1], Colour.RED)))) == "Box(items=[1], colour=Colour('RED'))"


def inputs(source, *calls):
    decoded = [call_of(encode_call(args, {})) for args in calls]
    return Inputs(source, decoded, literals=literals(syntax_tree(source)))


def drawn(made, n=200, seed=5):
    found = []

    def check(_data, call):
        found.append(call)
        return ""

    explore(made.fresh(), check, n=n, seed_=seed, budget_s=20.0)
    return found


def test_edges_hold_what_breaks_rewrites():
    made = inputs("def f(xs): pass", ([3, 4],), ([],))
    values = [repr(args[0]) for args, _ in made.edges()]
    for edge in (
        "[]",
        "[3]",
        "[3, 3]",
        "[3, None, 3]",
        "[3, nan, 3]",
        "[1, True, 1.0, 0, False, -0.0]",
    ):
        assert edge in values


@pytest.mark.parametrize(
    ("recorded", "edge"),
    [(1.5, "-0.0"), (1.5, "inf"), ("abc", "''"), ("abc", "'😀'"), (7, "-2"), ({"k": 1}, "{}")],
)
def test_edges_fit_the_type_that_was_seen(recorded, edge):
    made = inputs("def f(x): pass", (recorded,))
    assert edge in [repr(args[0]) for args, _ in made.edges()]


def test_constants_of_the_program_meet_each_other():
    source = "def f(o):\n    return o['state'] == 'lost' and o['days'] > 30"
    made = inputs(source, ({"state": "new", "days": 1},))
    assert any(
        args[0].get("state") == "lost" and args[0].get("days") == 31 for args, _ in made.edges()
    )


def test_fresh_calls_are_of_the_recorded_form_and_mostly_new():
    recorded = [([1, 2, 3], "ab"), ([4], "c")]
    calls = drawn(inputs("def f(xs, s): pass", *recorded))
    assert len(calls) > 100
    assert all(len(args) == 2 and not kwargs for args, kwargs in calls)
    assert sum(call[0] not in recorded for call in calls) > len(calls) // 2


def test_instances_are_varied_in_their_state():
    made = inputs("def f(box): pass", (Box([1, 2], Colour.RED),), (Box([5], Colour.RED),))
    states = {repr(args[0]) for args, _ in drawn(made)}
    assert len(states) > 20
    assert all(state.startswith("Box(items=[") for state in states)
    assert all(state.endswith("colour=Colour('RED'))") for state in states)


def test_the_same_seed_draws_the_same_calls_and_another_seed_others():
    made = inputs("def f(xs): pass", ([1.5, 2.0],), ([],))
    first, again, other = (list(map(repr, drawn(made, seed=seed))) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_familiar_is_what_traffic_or_the_annotation_showed():
    made = inputs("def f(xs: list[int | str], p): pass", ([1, 2], (1, 2)))
    assert made.familiar((([5], (3, 4)), {}))
    assert made.familiar((([5, "a"], (3, 4)), {}))
    assert not made.familiar((([5, None], (3, 4)), {}))
    assert not made.familiar((([5], (3, 4, 5)), {}))
    assert not made.familiar((([True], (3, 4)), {}))


@pytest.mark.parametrize(
    ("annotation", "some"),
    [
        ("int | None", [None]),
        ("Optional[str]", [None, ""]),
        ("list[int]", [[], [0]]),
        ("'dict[str, float]'", [{}]),
        ("Literal['a', 3]", ["a", 3]),
        ("tuple[int, ...]", [()]),
        ("set[str]", [set()]),
        ("Unknown[int]", []),
    ],
)
def test_annotations_give_examples(annotation, some):
    found = examples(syntax_tree(annotation, mode="eval").body)
    assert all(value in found for value in some)
    assert bool(found) == bool(some)


def test_exploring_finds_and_shrinks():
    made = inputs("def f(xs): pass", ([3, 4, 5],), ([],))
    found = explore(
        made.fresh(),
        lambda _data, call: "long" if len(call[0][0]) > 4 else "",
        n=300,
        seed_=1,
        budget_s=20.0,
    )
    assert found.words == "long"
    args, _ = call_of(found.call)
    assert len(args[0]) == 5


def test_exploring_leaves_nothing_in_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert drawn(inputs("def f(s, n): pass", ("text", 3)), n=30)
    assert list(tmp_path.iterdir()) == []


def test_a_spent_budget_ends_the_search_without_a_verdict():
    made = inputs("def f(x): pass", (3,))
    found = explore(made.fresh(), lambda _data, _call: "bad", n=50, seed_=1, budget_s=-1.0)
    assert found is None


plain = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.dates()
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.text(max_size=3), inner, max_size=4),
        st.sets(st.integers(), max_size=4),
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None, database=None, derandomize=True)
@given(st.lists(st.tuples(plain, plain), min_size=1, max_size=4), st.data())
def test_whatever_was_recorded_can_be_varied_and_sent(calls, data):
    """No recorded value breaks the inference, and all that comes out can be encoded."""
    made = inputs("def f(a, b): pass", *calls)
    for call in [*made.edges(), *(data.draw(made.fresh()) for _ in range(5))]:
        args, kwargs = decode(data_of(call))
        assert len(args) == 2
        assert kwargs == {}


def test_dates_are_varied_around_the_recorded_ones():
    days = {args[0] for args, _ in drawn(inputs("def f(day): pass", (date(2024, 2, 28),)))}
    assert date(2024, 2, 29) in days
