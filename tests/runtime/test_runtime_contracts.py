"""Functions with promises are as evolvable as others."""

import icontract
import pytest

import codegenesis
from codegenesis.lifecycle.targets import locate
from codegenesis.runtime.kinds import function_of, refusal
from codegenesis.runtime.registry import Registry


@codegenesis.invariant(lambda result: result >= 0)
def half(x):
    return x / 2


@icontract.require(lambda x: x >= 0)
@icontract.ensure(lambda result, x: result == 2 * x)
def double(x):
    return x + x


@icontract.invariant(lambda self: self.level >= 0)
class Tank:
    def __init__(self, level):
        self.level = level

    def drain(self, amount):
        self.level -= amount
        return self.level


def test_a_noted_invariant_is_no_wrapper():
    assert refusal(half) == ""
    assert function_of(half) is half


@pytest.mark.parametrize(
    ("decorated", "name"), [(double, "double"), (Tank.drain, "drain")], ids=["function", "method"]
)
def test_the_function_behind_icontracts_checkers_is_what_evolves(decorated, name):
    inner = function_of(decorated)
    assert inner is not decorated
    assert refusal(inner) == ""
    assert inner.__code__.co_name == name
    assert inner.__code__.co_filename == __file__


def test_icontract_goes_on_checking_what_was_swapped_in():
    registry = Registry()
    gene = registry.add(function_of(double))
    try:
        code = (lambda x: 3 * x).__code__.replace(co_name="double")
        gene.function.__code__ = code
        with pytest.raises(icontract.ViolationError):
            double(1)
    finally:
        registry.remove(gene)
    assert double(1) == 2


def test_functions_with_promises_can_be_named(tmp_path):
    (tmp_path / "promised.py").write_text(
        "import icontract\nfrom codegenesis import invariant\n\n"
        "@invariant(lambda result: result)\ndef noted(x): return x\n\n"
        "@icontract.ensure(lambda result: result)\ndef checked(x): return x\n\n"
        "@other.thing\ndef odd(x): return x\n"
    )
    for name in ("noted", "checked"):
        assert locate(f"promised.py:{name}", service="s", cwd=tmp_path).qualname == name
