"""Fragments: what a variant's source may look like, and that one store makes it the function."""

from __future__ import annotations

import copy
import functools
import importlib.util
import pickle
import sys
import textwrap
import threading
import traceback
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codegenesis import fragment
from codegenesis.errors import FragmentError

SHOP = '''
"""A module with every trap in it."""
import functools

RATE = 2


def quote(amount, fee=1, *rest, unit="EUR", **more):
    return amount * RATE + fee


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


@functools.wraps(fib)
def wrapped(n): return n


def numbers():
    yield 1


def outer(a):
    def inner():
        return a
    return inner


class Base:
    def name(self):
        return "base"


class _Basket(Base):
    def __init__(self):
        self.__secret = 7

    def name(self):
        """What it is called."""
        return "basket of " + super().name()

    def plain(self, add=0):
        return self.__secret + add

    def __hidden(self):
        return self.__secret

    def open(self):
        return self.__hidden()

    def maker(self, rate):
        def secret(add):
            return self.__secret * rate + add, __class__
        return secret

    @property
    def size(self):
        return 1

    @size.setter
    def size(self, value):
        pass

    def text(self):
        # a comment
        value = """
  two
four"""
        return value
'''


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[types.ModuleType]:
    path = tmp_path / "fragment_shop.py"
    path.write_text(SHOP)
    spec = importlib.util.spec_from_file_location("fragment_shop", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["fragment_shop"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["fragment_shop"]


def swap(
    function: Callable[..., object], source: str, *, owner: type | None = None
) -> types.CodeType:
    assert isinstance(function, types.FunctionType)
    name = f"<codegenesis test:{function.__qualname__} {abs(hash(source)):x}>"
    code = fragment.assemble(textwrap.dedent(source), function, owner=owner, filename=name)
    fragment.install(code, function)
    return code


def test_a_definition_is_dedented_and_without_decorators(shop: types.ModuleType) -> None:
    found = fragment.locate(shop._Basket.name)
    assert found.source == (
        'def name(self):\n    """What it is called."""\n    return "basket of " + super().name()\n'
    )
    assert SHOP.splitlines()[found.line - 1] == "    def name(self):"
    wrapped = types.FunctionType(shop.wrapped.__code__, vars(shop))
    assert fragment.definition(wrapped) == "def wrapped(n): return n\n"


def test_dedenting_leaves_the_inside_of_strings_alone(shop: types.ModuleType) -> None:
    source = fragment.definition(shop._Basket.text)
    assert source.startswith("def text(self):\n    # a comment\n")
    assert '"""\n  two\nfour"""' in source
    swap(shop._Basket.text, source, owner=shop._Basket)
    assert shop._Basket().text() == "\n  two\nfour"


@pytest.mark.parametrize("name", ["quote", "fib", "_Basket.plain", "_Basket.__hidden"])
def test_a_definition_is_the_same_with_and_without_importing(
    shop: types.ModuleType, name: str
) -> None:
    holder, _, bare = name.rpartition(".")
    owner = getattr(shop, holder) if holder else shop
    function = vars(owner)[fragment.mangle(bare, holder)]
    assert fragment.find(SHOP, name) == fragment.locate(function)


def test_an_edited_file_is_not_taken_for_what_runs(shop: types.ModuleType) -> None:
    Path(shop.__file__ or "").write_text(SHOP.replace("* RATE", "* RATE + 1"))
    with pytest.raises(FragmentError, match="is not what runs") as caught:
        fragment.definition(shop.quote)
    assert "restart" in caught.value.remedy
    assert fragment.definition(shop.fib).startswith("def fib(n)")


def test_decorators_are_told_and_nested_definitions_are_found(shop: types.ModuleType) -> None:
    assert fragment.find(SHOP, "wrapped").decorated == "@functools.wraps(fib)"
    assert fragment.find(SHOP, "fib").decorated == ""
    assert fragment.locate(shop.outer(1)) == fragment.find(SHOP, "outer.<locals>.inner")
    assert fragment.definition(shop.outer(1)) == "def inner():\n    return a\n"


def test_a_property_is_its_getter(shop: types.ModuleType) -> None:
    size = vars(shop._Basket)["size"]
    assert fragment.locate(size.fget) == fragment.find(SHOP, "_Basket.size")
    assert fragment.find(SHOP, "_Basket.size").source == "def size(self):\n    return 1\n"
    with pytest.raises(FragmentError, match="setter"):
        fragment.locate(size.fset)


def test_a_name_that_several_functions_have_is_refused(tmp_path: Path) -> None:
    text = "if True:\n    def f(): return 1\nelse:\n    def f(): return 2\n"
    (tmp_path / "twice.py").write_text(text)
    space: dict[str, types.FunctionType] = {}
    exec(compile(text, str(tmp_path / "twice.py"), "exec"), space)
    with pytest.raises(FragmentError, match="several functions are called f"):
        fragment.locate(space["f"])


def test_what_has_no_source_says_so(shop: types.ModuleType) -> None:
    space: dict[str, types.FunctionType] = {}
    exec("def typed(): return 1", space)
    with pytest.raises(FragmentError, match="no source"):
        fragment.definition(space["typed"])
    with pytest.raises(FragmentError, match="nowhere"):
        fragment.find(SHOP, "nowhere")


def test_a_plain_def_is_taken_directly(shop: types.ModuleType) -> None:
    code = swap(shop.quote, 'def quote(amount, fee=1, *rest, unit="EUR", **more):\n    return -1')
    assert shop.quote(3) == -1
    assert not any(callable(const) for const in code.co_consts)
    assert shop.quote.__code__ is code
    assert code.co_qualname == "quote"


def test_a_prelude_is_private_and_sees_the_live_module(shop: types.ModuleType) -> None:
    before = set(vars(shop))
    swap(
        shop.quote,
        """
        from math import floor
        HALF = 0.5
        def helper(x):
            return floor(x * HALF) + RATE
        def quote(amount, fee=1, *rest, unit="EUR", **more):
            return helper(amount), fee, rest, unit, more
        """,
    )
    assert shop.quote(4, 2, 3, unit="x", k=1) == (4, 2, (3,), "x", {"k": 1})
    shop.RATE = 100
    assert shop.quote(4)[0] == 102
    assert set(vars(shop)) == before | {"RATE"}


def test_two_variants_with_one_prelude_name_do_not_meet(shop: types.ModuleType) -> None:
    swap(shop.fib, "K = 1\ndef fib(n):\n    return K")
    swap(shop.quote, 'K = 2\ndef quote(amount, fee=1, *rest, unit="EUR", **more):\n    return K')
    assert (shop.fib(0), shop.quote(0)) == (1, 2)


def test_a_cached_recursion_hits_its_own_cache(shop: types.ModuleType) -> None:
    swap(
        shop.fib,
        """
        import functools
        @functools.lru_cache(maxsize=None)
        def fib(n):
            return n if n < 2 else fib(n - 1) + fib(n - 2)
        """,
    )
    assert shop.fib(90) == 2880067194370816120  # would not end without the cache


def test_a_decorated_def_alone_is_assembled_too(shop: types.ModuleType) -> None:
    swap(
        shop.fib, "@lambda function: lambda n: ('decorated', function(n))\ndef fib(n):\n  return n"
    )
    assert shop.fib(3) == ("decorated", 3)


def test_defaults_are_the_objects_of_the_original(shop: types.ModuleType) -> None:
    basket = shop._Basket()
    marker = shop._Basket.plain.__defaults__ = (40,)
    for prelude in ("", "X = 1\n"):
        swap(
            shop._Basket.plain,
            f"{prelude}def plain(self, add=SOMETHING):\n    return self.__secret + add",
            owner=shop._Basket,
        )
        assert basket.plain() == 47
    assert shop._Basket.plain.__defaults__ is marker


def test_a_recursive_variant_with_a_prelude_uses_the_original_defaults(
    shop: types.ModuleType,
) -> None:
    swap(
        shop.quote,
        """
        X = 1
        def quote(amount, fee=1, *rest, unit="EUR", **more):
            return (fee, unit) if amount == 0 else quote(0)
        """,
    )
    assert shop.quote(1, 5, unit="x") == (1, "EUR")


@pytest.mark.parametrize("prelude", ["", "X = 1\n"])
def test_super_and_mangled_names_work(shop: types.ModuleType, prelude: str) -> None:
    cls, basket = shop._Basket, shop._Basket()
    bound = basket.name
    swap(cls.name, f"{prelude}def name(self):\n    return 'new ' + super().name()", owner=cls)
    swap(vars(cls)["_Basket__hidden"], f"{prelude}def __hidden(self):\n    return -self.__secret",
         owner=cls)  # fmt: skip
    assert (bound(), basket.open()) == ("new base", -7)


@pytest.mark.parametrize("prelude", ["", "X = 1\n"])
def test_super_may_go_and_may_come(shop: types.ModuleType, prelude: str) -> None:
    cls, basket = shop._Basket, shop._Basket()
    swap(cls.name, f"{prelude}def name(self):\n    return 'alone'", owner=cls)
    swap(cls.plain, f"{prelude}def plain(self, add=0):\n    return super().name()", owner=cls)
    assert (basket.name(), basket.plain()) == ("alone", "base")


def test_a_decorated_method_keeps_super(shop: types.ModuleType) -> None:
    cls, basket = shop._Basket, shop._Basket()
    swap(
        cls.name,
        "import functools\n@functools.lru_cache\ndef name(self):\n    return super().name() + '!'",
        owner=cls,
    )
    assert basket.name() == "base!"


FULL = '(amount, fee=1, *rest, unit="EUR", **more)'


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "ends with nothing"),
        ("def quote(", "does not compile"),
        ("\0", "does not compile"),
        ("x = 1", "must end with `def quote"),
        (f"def other{FULL}: pass", "ends with `def other"),
        (f"async def quote{FULL}: pass", "change its kind"),
        (f"async def quote{FULL}: yield 1", "change its kind"),
        (f"X = 1\nasync def quote{FULL}: pass", "change its kind"),
        (f"async def other{FULL}: pass", "ends with `async def other"),
        (f"def quote{FULL}: yield 1", "change its kind"),
        ("def quote(amount, fee=1): pass", "defaults to other parameters"),
        (f"def quote{FULL.replace('amount', 'total')}: pass", "the fragment takes (total, fee"),
        (f"def quote{FULL.replace('amount', 'amount, /')}: pass", "the fragment takes"),
        (f"def quote{FULL.replace('=1', '=2')}: pass", "cannot change defaults"),
        (f"def quote{FULL.replace('=1', '=True')}: pass", "cannot change defaults"),
        (f"def quote{FULL.replace('=1', '')}: pass", "defaults to other parameters"),
        (f"from os import *\ndef quote{FULL}: pass", "import by name"),
        (f"from __future__ import annotations\ndef quote{FULL}: pass", "__future__"),
        (f"global RATE\ndef quote{FULL}: pass", "`global`"),
        (f"if 1:\n    global RATE\n    RATE = 3\ndef quote{FULL}: pass", "`global`"),
        (f"return 1\ndef quote{FULL}: pass", "does not compile"),
        (f"1 / 0\ndef quote{FULL}: pass", "raises ZeroDivisionError"),
        (f"import sys\nsys.exit(3)\ndef quote{FULL}: pass", "raises SystemExit: 3"),
        (f"raise ValueError\ndef quote{FULL}: pass", "can never be reached"),
        (f"@property\ndef quote{FULL}: pass", "give a property"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_changes(
    shop: types.ModuleType, source: str, words: str
) -> None:
    before = shop.quote.__code__
    with pytest.raises(FragmentError) as caught:
        swap(shop.quote, source)
    assert words in str(caught.value)
    assert shop.quote.__code__ is before
    assert shop.quote(1) == 3


def test_all_closures_of_a_def_run_one_code(shop: types.ModuleType) -> None:
    one, two = shop.outer(1), shop.outer(2)
    code = swap(one, "def inner():\n    return -a")
    fragment.install(code, two)
    assert (one(), two()) == (-1, -2)
    assert code.co_qualname == "outer.<locals>.inner"
    assert not any(callable(const) for const in code.co_consts)


def test_closures_share_the_prelude_and_keep_their_own_variables(shop: types.ModuleType) -> None:
    one, two = shop.outer(1), shop.outer(2)
    code = swap(one, "LIST = []\ndef inner():\n    LIST.append(a)\n    return (lambda: LIST)()")
    fragment.install(code, two)
    assert (one(), two()) == ([1, 2], [1, 2])
    assert code.co_freevars == ("a",)


@pytest.mark.parametrize("prelude", ["", "X = 5\n"])
def test_what_a_closure_assigns_stays_in_its_cell(shop: types.ModuleType, prelude: str) -> None:
    one = shop.outer(1)
    swap(one, f"{prelude}def inner():\n    nonlocal a\n    a += 1\n    return a")
    assert (one(), one()) == (2, 3)
    assert one.__closure__ is not None
    assert one.__closure__[0].cell_contents == 3


@pytest.mark.parametrize("prelude", ["", "X = 5\n"])
def test_a_closure_may_use_fewer_of_its_variables(shop: types.ModuleType, prelude: str) -> None:
    one = shop.outer(1)
    swap(one, f"{prelude}def inner():\n    return 7")
    assert one() == 7
    assert one.__code__.co_freevars == ("a",)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import functools\n@functools.cache\ndef inner():\n    return a", "cannot be decorated"),
        ("def inner():\n    return inner()", "cannot call itself"),
        ("def inner():\n    yield a", "change its kind"),
        ("def inner(b):\n    return a", "the fragment takes (b)"),
    ],
)
def test_what_does_not_fit_a_closure_is_refused(
    shop: types.ModuleType, source: str, words: str
) -> None:
    with pytest.raises(FragmentError) as caught:
        swap(shop.outer(1), source)
    assert words in str(caught.value)


def test_a_function_inside_a_method_has_its_class(shop: types.ModuleType) -> None:
    cls, basket = shop._Basket, shop._Basket()
    for prelude in ("", "ONE = 1\n"):
        made = basket.maker(5)
        swap(
            made,
            f"{prelude}def secret(add):\n    return self.__secret * rate + add, __class__",
            owner=cls,
        )
        assert made(1) == (36, cls)


def test_installing_compares_free_variables_by_name(shop: types.ModuleType) -> None:
    def other(alpha: int) -> types.CodeType:
        def inner() -> int:
            return alpha

        return inner.__code__

    inner = shop.outer(1)
    with pytest.raises(FragmentError, match="free variables"):
        fragment.install(other(1), inner)
    assert inner() == 1


def test_every_way_to_hold_the_function_sees_the_swap(shop: types.ModuleType) -> None:
    alias, partial = shop.fib, functools.partial(shop.fib, 1)
    bound = shop._Basket().plain
    in_dict = copy.copy(vars(shop))["fib"]
    swap(shop.fib, "def fib(n):\n    return 'new'")
    swap(shop._Basket.plain, "def plain(self, add=0):\n    return 'new'", owner=shop._Basket)
    assert {alias(1), partial(), in_dict(1), bound(), next(map(alias, [1]))} == {"new"}
    assert pickle.loads(pickle.dumps(alias)) is shop.fib


def test_calls_in_flight_finish_on_the_old_code(shop: types.ModuleType) -> None:
    entered, release, results = threading.Event(), threading.Event(), []
    shop.gate = lambda: (entered.set(), release.wait(10))
    swap(shop.fib, "def fib(n):\n    gate()\n    return 'old'")
    thread = threading.Thread(target=lambda: results.append(shop.fib(1)))
    thread.start()
    assert entered.wait(10)
    swap(shop.fib, "def fib(n):\n    return 'new'")
    assert shop.fib(1) == "new"
    release.set()
    thread.join(10)
    assert results == ["old"]


def test_tracebacks_show_the_lines_of_the_fragment(shop: types.ModuleType) -> None:
    swap(shop.fib, "X = 1\ndef fib(n):\n    y = X\n    return n.missing  # here")
    try:
        shop.fib(1)
    except AttributeError as error:
        text = "".join(traceback.format_exception(error))
    assert "return n.missing  # here" in text
    assert "<codegenesis test:fib" in text


def test_a_redirect_forwards_every_kind_of_parameter() -> None:
    def like(a, /, b, *c, d, **e):  # type: ignore[no-untyped-def]
        return None

    like.__code__ = fragment.redirect(like.__code__, lambda *a, **k: (a, k))
    assert like(1, 2, 3, d=4, e=5, a=6) == ((1, 2, 3), {"d": 4, "e": 5, "a": 6})


def test_an_unhashable_target_still_gives_a_hashable_code() -> None:
    class Target:
        __hash__ = None  # type: ignore[assignment]

        def __call__(self, a: int) -> int:
            return a + 1

    def like(a: int) -> int:
        return a

    like.__code__ = fragment.redirect(like.__code__, Target())
    assert hash(like.__code__) is not None
    assert like(1) == 2
