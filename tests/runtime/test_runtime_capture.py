"""What is kept of a call, and what never is."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from codegenesis import wire
from codegenesis.runtime import capture as capture_module
from codegenesis.runtime import probe
from codegenesis.runtime.capture import PENDING_CALLS, VALUE_BYTES, Capture, Raw
from codegenesis.runtime.intake import Intake
from codegenesis.runtime.live import LiveGene
from codegenesis.runtime.redaction import Redactor
from codegenesis.runtime.session import digest_key
from codegenesis.runtime.sketch import sketch

if TYPE_CHECKING:
    from pathlib import Path

    from codegenesis.model import Observation
    from conftest import Import, Purse

SHOP = """
    from dataclasses import dataclass
    from typing import NamedTuple

    MISSING = object()

    @dataclass
    class Customer:
        name: str
        email: str

    @dataclass
    class Item:
        price: int

    class Login(NamedTuple):
        user: str
        password: str

    def echo(x):
        return x

    def login(user, password="none"):
        return user

    def sentinel(x, default=MISSING, *, other=MISSING):
        return x

    def remember(x, seen=[]):
        seen.append(x)
        return len(seen)

    def lookup(x):
        return {"access_token": x}
"""

NewCapture = Callable[..., Capture]


@pytest.fixture
def shop(imported: Import) -> Any:
    return imported(SHOP)


class Watcher:
    """Calls functions under a burst and returns what would be stored."""

    def __init__(self, capture: Capture, purse: Purse, redactor: Redactor) -> None:
        self.capture = capture
        self.purse = purse
        self.intake = Intake(service="shop", process="p", redactor=redactor)

    def see(self, function: Any, *args: object, times: int = 1, **kwargs: object) -> list[Any]:
        gene = LiveGene(function)
        probe.arm(gene, size=times, capture=self.capture, purse=self.purse)
        for _ in range(times):
            function(*args, **kwargs)
        return self.stored()

    def stored(self) -> list[Observation]:
        return list(self.intake.observations(self.capture.ring.drain()))


@pytest.fixture
def watcher(new_capture: NewCapture, purse: Purse) -> Callable[..., Watcher]:
    def make(mode: str = "plain", redact: tuple[str, ...] = ()) -> Watcher:
        redactor = Redactor(redact, instances=mode == "values")
        return Watcher(new_capture(mode, redact), purse, redactor)

    return make


def test_plain_values_are_kept(shop: Any, watcher: Callable[..., Watcher]) -> None:
    (seen,) = watcher().see(shop.echo, [1, {"a": (2.5, None)}])
    assert wire.decode_call(seen.call) == (([1, {"a": (2.5, None)}],), {})
    assert wire.decode(seen.outcome.value) == [1, {"a": (2.5, None)}]
    assert seen.outcome.kind == "returned"
    assert seen.cpu_ns == seen.outcome.cpu_ns


@pytest.mark.parametrize(("mode", "kept"), [("plain", False), ("values", True)])
def test_instances_are_kept_only_where_the_owner_says_so(
    shop: Any, watcher: Callable[..., Watcher], mode: str, kept: bool
) -> None:
    (seen,) = watcher(mode).see(shop.echo, [shop.Item(3)])
    assert (seen.call is not None) is kept
    assert seen.call_digest
    assert json.loads(seen.sketch)["x"]["items"] == f"{shop.__name__}:Item"


@pytest.mark.parametrize(
    ("mode", "digest", "sketched"), [("sketch", True, True), ("off", False, False)]
)
def test_less_can_be_kept(
    shop: Any, watcher: Callable[..., Watcher], mode: str, digest: bool, sketched: bool
) -> None:
    (seen,) = watcher(mode).see(shop.echo, 1)
    assert seen.call is None
    assert seen.outcome is None
    assert bool(seen.call_digest) is digest
    assert (seen.sketch != "{}") is sketched
    assert seen.wall_ns > 0


@pytest.mark.parametrize(
    "value",
    [
        {"password": "hunter2"},
        {"a": [{"userToken": "hunter2"}]},
        [({"E-Mail": "hunter2"},)],
        {"card": "hunter2"},
        {"PIN": "hunter2"},
    ],
)
def test_a_call_with_a_sensitive_key_is_not_kept(
    shop: Any, watcher: Callable[..., Watcher], value: object
) -> None:
    (seen,) = watcher().see(shop.echo, value)
    assert seen.call is None
    assert seen.outcome is None
    assert "hunter2" not in seen.sketch
    assert seen.call_digest


@pytest.mark.parametrize("value", [{"spinner": 1}, {"discard": 1}, {"span": 1}, {"author": 1}])
def test_names_that_only_look_sensitive_are_kept(
    shop: Any, watcher: Callable[..., Watcher], value: object
) -> None:
    (seen,) = watcher().see(shop.echo, value)
    assert seen.call is not None


def test_sensitive_attributes_and_fields_count(shop: Any, watcher: Callable[..., Watcher]) -> None:
    for value in (shop.Customer("n", "e"), shop.Login("u", "p"), [shop.Login("u", "p")]):
        (seen,) = watcher("values").see(shop.echo, value)
        assert seen.call is None
    (seen,) = watcher("values").see(shop.echo, shop.Item(1))
    assert seen.call is not None


def test_a_sensitive_parameter_has_its_type_only(
    shop: Any, watcher: Callable[..., Watcher]
) -> None:
    (seen,) = watcher().see(shop.login, "ann", "hunter2")
    assert seen.call is None
    assert json.loads(seen.sketch)["password"] == {"type": "str"}


def test_a_sensitive_result_is_not_kept_either(shop: Any, watcher: Callable[..., Watcher]) -> None:
    (seen,) = watcher().see(shop.lookup, "hunter2")
    assert seen.call is None
    assert seen.outcome is None


def test_the_owner_can_name_more(shop: Any, watcher: Callable[..., Watcher]) -> None:
    (seen,) = watcher(redact=("postcode",)).see(shop.echo, {"post_code": 1, "PostCode": 2})
    assert seen.call is not None
    (seen,) = watcher(redact=("post_?code",)).see(shop.echo, {"postCode": 1})
    assert seen.call is None


def test_default_objects_that_cannot_travel_are_left_out(
    shop: Any, watcher: Callable[..., Watcher]
) -> None:
    (seen,) = watcher().see(shop.sentinel, 1)
    assert wire.decode_call(seen.call) == ((1,), {})
    assert seen.outcome.after == seen.call


def test_mutable_defaults_are_part_of_the_call(shop: Any, watcher: Callable[..., Watcher]) -> None:
    watch = watcher()
    seen = watch.see(shop.remember, 5, times=2)
    assert [wire.decode_call(each.call)[0] for each in seen] == [(5, []), (5, [5])]


def test_what_cannot_be_encoded_is_sketched(shop: Any, watcher: Callable[..., Watcher]) -> None:
    (seen,) = watcher().see(shop.echo, iter([]))
    assert seen.call is None
    assert seen.call_digest == ""
    assert json.loads(seen.sketch) == {"x": {"type": "list_iterator"}}


def test_what_is_too_large_is_sketched(shop: Any, watcher: Callable[..., Watcher]) -> None:
    (seen,) = watcher().see(shop.echo, "x" * (VALUE_BYTES + 1))
    assert seen.call is None
    assert json.loads(seen.sketch)["x"]["len"] == VALUE_BYTES + 1


def test_a_huge_argument_costs_a_bounded_time(
    shop: Any, watcher: Callable[..., Watcher], purse: Purse
) -> None:
    class Counting(list[int]):
        touched = 0

    items = [Counting() for _ in range(50)]
    huge = [items] * 2_000_000
    (seen,) = watcher().see(shop.echo, huge)
    assert seen.call is None
    assert json.loads(seen.sketch)["x"]["len"] == 2_000_000


def test_no_code_of_the_arguments_runs(shop: Any, watcher: Callable[..., Watcher]) -> None:
    touched = []

    class Nosy(dict[str, int]):
        def __len__(self) -> int:
            touched.append("len")
            return 0

        def __iter__(self) -> Any:
            touched.append("iter")
            return iter(())

        def __getattribute__(self, name: str) -> Any:
            touched.append(name)
            return dict.__getattribute__(self, name)

    (seen,) = watcher("values").see(shop.echo, Nosy(a=1))
    assert not touched
    assert json.loads(seen.sketch)["x"]["len"] == 1


def test_repeats_have_the_same_digest_which_depends_on_the_key(
    shop: Any, new_capture: NewCapture, purse: Purse
) -> None:
    gene = LiveGene(shop.echo)
    digests = []
    for key in (b"a" * 32, b"b" * 32):
        capture = new_capture()
        capture.key = key
        probe.arm(gene, size=3, capture=capture, purse=purse)
        for value in ("x", "y", "x"):
            shop.echo(value)
        digests.append([raw.digest for raw in capture.ring.drain()])
    (one, two, three), others = digests
    assert one == three != two
    assert not {one, two} & set(others)


def test_values_are_kept_up_to_a_limit_then_only_new_ones(
    shop: Any, watcher: Callable[..., Watcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture_module, "FULL", 5)
    monkeypatch.setattr(capture_module, "NOVEL", 2)
    watch, gene = watcher(), LiveGene(shop.echo)
    probe.arm(gene, size=20, capture=watch.capture, purse=watch.purse)
    for value in [1, 1, 2, 1, 2, 1, 2, 3, 1, 4, 5, 6]:
        shop.echo(value)
    seen = watch.stored()
    assert [each.call is not None for each in seen] == [
        True, True, True, True, True, False, False, True, False, True, False, False,
    ]  # fmt: skip
    assert len({each.call_digest for each in seen}) == 6


def test_the_ring_drops_the_oldest_and_counts(shop: Any, new_capture: NewCapture) -> None:
    capture = new_capture()
    gene = LiveGene(shop.echo)

    class Watch:
        variant = ""

        def __init__(self) -> None:
            self.gene = gene

        def rate(self) -> float:
            return 0.0

    first = Raw(Watch())
    capture.ring.append(first)
    for _ in range(PENDING_CALLS):
        capture.ring.append(Raw(Watch()))
    waiting = capture.ring.drain()
    assert len(waiting) == PENDING_CALLS
    assert first not in waiting
    assert capture.ring.dropped == 1


def test_sketches_of_plain_things() -> None:
    seen = sketch(
        {"i": 3, "huge": 10**40, "inf": float("-inf"), "s": "abc", "l": [3, 1, 2], "m": [1, "a"],
         "d": {"k": 1}, "none": None, "e": [], "secret": [1]},
        sensitive={"secret"},
    )  # fmt: skip
    assert seen["i"] == {"type": "int", "value": 3}
    assert seen["huge"]["value"] == 2**53
    assert seen["inf"]["value"] == -1.7e308
    assert seen["s"] == {"type": "str", "len": 3}
    assert seen["l"] == {"type": "list", "len": 3, "items": "int", "low": 1, "high": 3}
    assert seen["m"]["items"] == "mixed"
    assert seen["d"] == {"type": "dict", "len": 1, "items": "str"}
    assert seen["none"] == {"type": "NoneType"}
    assert seen["e"] == {"type": "list", "len": 0}
    assert seen["secret"] == {"type": "list"}
    json.dumps(seen, allow_nan=False)


def test_the_key_of_digests_is_kept_with_the_store(tmp_path: Path) -> None:
    key = digest_key(tmp_path)
    assert digest_key(tmp_path) == key
    assert (tmp_path / "digest.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["digest.key"]
    assert digest_key(tmp_path / "missing") != digest_key(tmp_path / "missing")
