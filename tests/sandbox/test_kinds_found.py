"""Every kind of function is found in the jail; closures are called with what they close over."""

import pytest

from codegenesis import wire
from codegenesis.errors import FragmentError
from codegenesis.sandbox import Environment, Sandbox, loading
from codegenesis.sandbox.testing import InProcessExecutor

SOURCE = """
import contextlib
import functools


def repeat(times):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args):
            return [function(*args)] * times

        return wrapper

    return decorate


def hide(function):
    return lambda *args: function(*args)


class Base:
    def named(self):
        return "base"


class Cart(Base):
    LIMIT = 3

    def __init__(self, n):
        self.n = n

    @staticmethod
    def static(x):
        return x + 1

    @classmethod
    def of(cls, x):
        return x + cls.LIMIT

    @property
    def twice(self):
        return 2 * self.n

    @functools.cached_property
    def thrice(self):
        return 3 * self.n

    def __secret(self, x):
        return self.n + x

    def named(self):
        return super().named() + "!"

    def adder(self):
        def add(x):
            return self.__secret(x)

        return add


@functools.lru_cache
def cached(n):
    return n if n < 2 else cached(n - 1) + cached(n - 2)


@repeat(3)
@repeat(2)
def wrapped(x):
    return x + 1


@functools.singledispatch
def told(x):
    return "thing"


@told.register
def told_int(x: int):
    return "number"


@contextlib.contextmanager
def held(x):
    yield x


@hide
def hidden(x):
    return x


def pricer(rate, made):
    calls = 0

    def price(x, extra=3, *, sign=1):
        nonlocal calls
        calls += 1
        made.append(x)
        return sign * (x * rate + extra)

    def late(x, at=rate):
        return at

    return price, late


def walker():
    def depth(tree):
        return 1 + max((depth(each) for each in tree), default=0)

    return depth
"""
PRICE = {".rate": 2, ".made": [1], ".calls": 5}


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    path = tmp_path_factory.mktemp("kinds_found") / "cg_kinds_found.py"
    path.write_text(SOURCE)
    return Environment(root=str(path.parent), module=path.stem, path=str(path))


@pytest.fixture(scope="module", params=["jail", "in process"])
def executor(request, environment):
    made = Sandbox if request.param == "jail" else InProcessExecutor
    with made(environment) as opened:
        yield opened


@pytest.fixture(scope="module")
def cart(environment):
    """The class, as the application has it."""
    return loading.load(environment).Cart


FOUND = [
    ("Cart.static", (1,), 2),
    ("cached", (10,), 55),
    ("wrapped", (1,), 2),
    ("told", (1,), "thing"),
    ("told_int", (1,), "number"),
]


@pytest.mark.parametrize(("qualname", "args", "result"), FOUND)
def test_the_function_itself_is_called_behind_its_decorators(executor, qualname, args, result):
    with executor.candidate(qualname, None) as candidate:
        assert wire.decode(candidate.call(wire.encode_call(args, {})).value) == result


METHODS = [
    ("Cart.of", lambda cart: (cart, 1), 4),
    ("Cart.twice", lambda cart: (cart(4),), 8),
    ("Cart.thrice", lambda cart: (cart(4),), 12),
    ("Cart.__secret", lambda cart: (cart(4), 1), 5),
    ("Cart.named", lambda cart: (cart(4),), "base!"),
]


@pytest.mark.parametrize(("qualname", "args", "result"), METHODS)
def test_methods_get_what_they_are_methods_of(executor, cart, qualname, args, result):
    with executor.candidate(qualname, None) as candidate:
        assert wire.decode(candidate.call(wire.encode_call(args(cart), {})).value) == result


def test_a_function_inside_a_method_closes_over_its_object(executor, cart):
    source = "def add(x):\n    found = self.__secret(x)\n    return found\n"
    for version in (None, source):
        with executor.candidate("Cart.adder.<locals>.add", version) as candidate:
            outcome = candidate.call(wire.encode_call((1,), {".self": cart(4)}))
        assert wire.decode(outcome.value) == 5


def test_a_generator_behind_contextmanager_is_a_generator(executor):
    with executor.candidate("held", None) as candidate:
        said = wire.decode(candidate.call(wire.encode_call((1,), {})).value)
    assert said.state[:4] == ("generator", [1], "returned", None)


REFUSED = [
    ("hidden", "hide.<locals>.<lambda>"),
    ("pricer.<locals>.late", "default rate is worked out"),
    ("pricer.<locals>.gone", "can never be reached"),
    ("Cart.LIMIT", "came int"),
]


@pytest.mark.parametrize(("qualname", "words"), REFUSED)
def test_what_is_no_function_of_that_name_is_refused_in_words(executor, qualname, words):
    with pytest.raises(FragmentError, match=words):
        executor.candidate(qualname, None)


def test_calls_of_a_closure_bring_its_variables_and_take_them_home(executor):
    with executor.candidate("pricer.<locals>.price", None) as candidate:
        outcome = candidate.call(wire.encode_call((10,), {**PRICE, "sign": -1}))
        again = candidate.call(wire.encode_call((1, 0), PRICE))
    assert wire.decode(outcome.value) == -23
    args, kwargs = wire.decode_call(outcome.after)
    assert (args, kwargs) == (
        (10,), {".rate": 2, ".made": [1, 10], ".calls": 6, "sign": -1}
    )  # fmt: skip
    assert wire.decode(again.value) == 2
    assert wire.decode_call(again.after)[1][".calls"] == 6


def test_a_batch_of_calls_of_a_closure_shares_nothing(executor):
    calls = [wire.encode_call((n,), PRICE) for n in range(3)]
    with executor.candidate("pricer.<locals>.price", None) as candidate:
        outcomes = candidate.time(calls).outcomes
    assert [wire.decode_call(each.after)[1][".calls"] for each in outcomes] == [6, 6, 6]


def test_a_version_of_a_closure_closes_over_the_same_variables(executor):
    source = (
        "def _times(x, y):\n    return x * y\n\n"
        "def price(x, extra=3, *, sign=1):\n    return _times(x, rate) + extra\n"
    )
    with executor.candidate("pricer.<locals>.price", source) as candidate:
        outcome = candidate.call(wire.encode_call((10,), PRICE))
    assert wire.decode(outcome.value) == 23
    assert wire.decode_call(outcome.after)[1] == PRICE


def test_a_variable_that_a_call_does_not_bring_has_no_value(executor):
    with executor.candidate("pricer.<locals>.price", None) as candidate:
        outcome = candidate.call(wire.encode_call((10,), {".made": [], ".calls": 1}))
    assert (outcome.kind, wire.decode(outcome.value).type_name) == ("raised", "builtins.NameError")


def test_a_closure_that_calls_itself_finds_itself(executor):
    with executor.candidate("walker.<locals>.depth", None) as candidate:
        assert wire.decode(candidate.call(wire.encode_call(([[], [[]]],), {})).value) == 3
