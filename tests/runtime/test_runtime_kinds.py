"""Who can be evolved, who is refused and in which words; what is found by itself."""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import codegenesis
from codegenesis import interpreters
from codegenesis.errors import NotEvolvableError
from codegenesis.runtime import kinds, register
from codegenesis.runtime.agent import agent
from codegenesis.runtime.describe import root_of
from codegenesis.runtime.discover import Targets, complete, modules, search
from codegenesis.runtime.registry import Registry, registry
from codegenesis.runtime.scout import Scout

if TYPE_CHECKING:
    from conftest import House, Import

SHOP = """
    import functools, sys, inspect, types
    from os.path import join
    from codegenesis import evolvable

    def plain(x):
        return x

    @functools.lru_cache
    def cached(x):
        return x

    def decorate(f):
        @functools.wraps(f)
        def wrapper(*args):
            return f(*args)
        return wrapper

    @decorate
    def decorated(x):
        return x

    def silent(f):
        def around(*args):
            return f(*args)
        return around

    @silent
    def hidden(x):
        return x

    async def coroutine():
        pass

    def generator():
        yield 1

    async def agenerator():
        yield 1

    @types.coroutine
    def awaitable():
        yield 1

    def factory(a):
        def inner():
            return a
        return inner

    closure = factory(1)
    short = lambda x: x
    part = functools.partial(plain, 1)

    def made():
        class Local:
            def method(self):
                return 1
        return Local.method

    local = made()

    def nested():
        def inner():
            return 1
        return inner

    def frames():
        return sys._getframe(0)

    class Cart:
        def total(self):
            return 1
        def __repr__(self):
            return "cart"
        def __hidden(self):
            return 1
        @property
        def size(self):
            return 1
        @classmethod
        def make(cls):
            return cls()
        @staticmethod
        def count():
            return 1
        class Inner:
            def deep(self):
                return 1
"""


@pytest.fixture
def shop(imported: Import) -> Any:
    return imported(SHOP)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cached", ""),
        ("decorated", ""),
        ("coroutine", ""),
        ("generator", ""),
        ("agenerator", ""),
        ("awaitable", "types.coroutine"),
        ("closure", ""),
        ("local", "made inside a function"),
        ("short", "lambda"),
        ("frames", "frames around it"),
        ("Cart", "class"),
        ("part", "partial"),
        ("join", ""),
    ],
)
def test_kinds_are_refused_with_a_reason(shop: Any, name: str, words: str) -> None:
    reason = kinds.refusal(getattr(shop, name))
    assert words in reason
    assert bool(reason) is bool(words)


@pytest.mark.parametrize(
    ("candidate", "words"),
    [
        (len, "not written in Python"),
        (str.upper, "not written in Python"),
        (functools.partial(print), "partial"),
        (property(lambda self: 1), "lambda"),
        (property(), "property"),
        (3, "not a function but a int"),
    ],
)
def test_other_objects_are_refused_too(candidate: object, words: str) -> None:
    assert words in kinds.refusal(candidate)


def test_registering_a_refused_kind_raises(shop: Any) -> None:
    with pytest.raises(NotEvolvableError, match="awaitable cannot be evolved: it is a generator"):
        register(shop.awaitable)
    inner = shop.nested()
    del shop.nested
    with pytest.raises(NotEvolvableError, match="defined in is not found by its name"):
        register(inner)
    with pytest.raises(NotEvolvableError, match="frames around it"):
        codegenesis.evolvable(shop.frames)


def test_what_decorators_made_stands_for_the_function_behind_it(shop: Any) -> None:
    parts = [vars(shop.Cart)[name] for name in ("size", "make", "count")]
    genes = [register(each) for each in (*parts, shop.cached, shop.decorated, shop.Cart().total)]
    assert [gene.qualname for gene in genes] == [
        "Cart.size", "Cart.make", "Cart.count", "cached", "decorated", "Cart.total",
    ]  # fmt: skip
    for gene in genes:
        registry.remove(gene)


def test_a_wrapper_is_meant_where_it_is_defined(
    imported: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent, "start", lambda: None)
    shop = imported("""
        import functools
        from codegenesis import evolvable

        def twice(function):
            @evolvable
            @functools.wraps(function)
            def wrapper(*args):
                return 2 * function(*args)
            return wrapper

        @evolvable
        @twice
        def price(x):
            return x
    """)
    ours = [gene for gene in registry if gene.module == shop.__name__]
    assert {gene.qualname for gene in ours} == {"twice.<locals>.wrapper", "price"}
    assert shop.price(3) == 6
    for gene in ours:
        registry.remove(gene)


def test_registering_twice_is_registering_once(shop: Any) -> None:
    ours = Registry()
    assert ours.add(shop.plain) is ours.add(shop.plain)
    assert len(ours) == 1


def test_a_reloaded_function_takes_the_place_of_the_old(shop: Any) -> None:
    ours = Registry()
    old = ours.add(shop.plain)
    exec("def plain(x):\n    return 2", vars(shop))
    new = ours.add(shop.plain)
    assert list(ours) == [new]
    assert old is not new


def test_disabled_does_nothing_at_all(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEGENESIS_DISABLED", "1")
    before = shop.plain.__code__
    assert codegenesis.evolvable(shop.plain) is shop.plain
    assert shop.plain.__code__ is before
    assert codegenesis.evolvable(shop.generator) is shop.generator
    codegenesis.start()
    assert not any(gene.function is shop.plain for gene in registry)


def test_an_unsupported_interpreter_serves_and_says_so_once(
    shop: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(interpreters, "_told", False)
    monkeypatch.delenv("CODEGENESIS_DISABLED", raising=False)
    assert codegenesis.evolvable(shop.plain) is shop.plain
    assert codegenesis.evolvable(shop.generator) is shop.generator
    codegenesis.start()
    assert [r.getMessage() for r in caplog.records] == [
        "CodeGenesis evolves code on Linux, this is win32; run the application in a container to "
        "have it evolve. The application runs as it is."
    ]
    assert not any(gene.function is shop.plain for gene in registry)


# --- discovery ------------------------------------------------------------------------------------


def found_in(module: Any, *patterns: str) -> dict[str, str]:
    file = str(Path(module.__file__))
    wanted = Targets(patterns, here=Path(file).parent).of_module(module.__name__, file)
    return {each.qualname: each.reason for each in search(module.__name__, module, file, wanted)}


def test_everything_a_module_defines_is_found_with_the_reason_against_it(shop: Any) -> None:
    found = found_in(shop)
    unfit = {"hidden", "short", "frames", "awaitable", "made.<locals>.Local.method"}
    assert {name for name, reason in found.items() if reason} == unfit
    assert found.keys() - unfit == {
        "plain", "silent", "silent.<locals>.around", "decorate", "decorate.<locals>.wrapper",
        "factory", "factory.<locals>.inner", "nested", "nested.<locals>.inner", "made", "cached",
        "decorated", "coroutine", "generator",
        "agenerator", "Cart.total", "Cart.__hidden", "Cart.Inner.deep", "Cart.size", "Cart.make",
        "Cart.count",
    }  # fmt: skip
    assert "types.coroutine" in found["awaitable"]
    assert "functools.wraps" in found["hidden"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("{name}:plain", {"plain"}),
        ("{name}:factory", {"factory"}),
        ("{name}:factory.*", {"factory.<locals>.inner"}),
        ("{name}:Cart.*", {"Cart.total", "Cart.__repr__", "Cart.__hidden", "Cart.size", "Cart.make",
                           "Cart.count", "Cart.Inner.deep"}),
        ("{name}.py:plain", {"plain"}),
        ("*.py:*.deep", {"Cart.Inner.deep"}),
        ("shop_*:Cart.__repr__", {"Cart.__repr__"}),
        ("other:plain", set()),
        ("{name}:missing", set()),
    ],
)  # fmt: skip
def test_targets_name_what_is_wanted(shop: Any, pattern: str, expected: set[str]) -> None:
    assert set(found_in(shop, pattern.format(name=shop.__name__))) == expected


def test_a_package_pattern_means_the_package_and_all_below() -> None:
    targets = Targets(["shop.*"])
    assert targets.of_module("shop", "/x/shop/__init__.py")
    assert targets.of_module("shop.pricing", "/x/shop/pricing.py")
    assert targets.of_module("shop.a.b", "/x/shop/a/b.py")
    assert not targets.of_module("shopping", "/x/shopping.py")


def test_the_script_is_known_by_its_files_name() -> None:
    targets = Targets(["app:main", "tool.py"], here=Path("/x"))
    assert targets.of_module("__main__", "/x/app.py") == ["main"]
    assert targets.of_module("__main__", "/x/tool.py") == [""]
    assert targets.of_module("__main__", "/x/sub/tool.py") == []


def test_without_targets_it_is_what_lies_here_and_is_not_installed() -> None:
    here = Path(sys.prefix).parent
    targets = Targets([], here=here)
    assert targets.of_module("app", f"{here}/app.py")
    assert not targets.of_module("app", "/elsewhere/app.py")
    assert not targets.of_module("lib", f"{here}/venv/lib/python3/site-packages/lib.py")
    assert not targets.of_module("os", os.__file__)
    assert not targets.of_module("codegenesis.model", f"{here}/src/codegenesis/model.py")


def test_looking_around_wakes_up_nothing(imported: Import) -> None:
    touched: list[str] = []

    class Proxy:
        def __getattribute__(self, name: str) -> Any:
            touched.append(name)
            raise RuntimeError("outside of a request")

    module = imported("def f(x):\n    return x")
    module.proxy = Proxy()  # type: ignore[attr-defined]
    sys.modules["shop_proxy"] = Proxy()  # type: ignore[assignment]
    try:
        assert any(name == module.__name__ for name, _, _ in modules({}))
        assert set(found_in(module)) == {"f"}
    finally:
        del sys.modules["shop_proxy"]
    assert not touched


def test_a_module_that_cannot_be_looked_into_stops_nothing(imported: Import, house: House) -> None:
    class Meta(type):
        @property
        def __module__(cls) -> str:  # type: ignore[override]
            raise RuntimeError("no")

    bad, good = imported("def f(x):\n    return x"), imported("def g(x):\n    return x")
    bad.Odd = Meta("Odd", (), {})  # type: ignore[attr-defined]
    targets = Targets([f"{bad.__name__}:f", f"{good.__name__}:g"])
    scout = Scout(house.registry, service="shop", targets=targets)
    assert [gene.qualname for gene in scout.look()] == ["g"]
    assert scout.look() == []


def test_a_module_that_is_still_importing_is_left_alone(imported: Import) -> None:
    module = imported("def f(x):\n    return x")
    assert complete(module)
    module.__spec__._initializing = True  # type: ignore[union-attr]
    assert not complete(module)
    assert module.__name__ not in [name for name, _, _ in modules({})]


def test_refused_functions_are_on_the_map_with_their_reason(house: House, shop: Any) -> None:
    gene = house.add(shop.plain)
    shop.plain = lambda x: gene.function(x) + 0
    house.add(shop.Cart.total)
    house.visit()
    noted = {each.target: each for each in house.store.genes()}
    assert "functools.wraps" in noted[gene.target].refused
    assert noted[gene.target].source.startswith("def plain(x)")
    assert house.registry.get(gene.target) is None
    assert noted[f"{shop.__name__}:Cart.total"].refused == ""


def test_a_function_whose_file_changed_is_refused(house: House, shop: Any) -> None:
    path = Path(shop.__file__)
    gene = house.add(shop.plain)
    path.write_text(path.read_text().replace("return x", "return x + 1"))
    house.visit()
    (noted,) = house.store.find_genes(gene.target)
    assert "is not what runs" in noted.refused


@pytest.mark.parametrize(
    ("module", "path", "root"),
    [
        ("shop", "/x/shop.py", "/x"),
        ("shop", "/x/shop/__init__.py", "/x"),
        ("shop.pricing", "/x/shop/pricing.py", "/x"),
        ("a.b", "/x/a/b/__init__.py", "/x"),
        ("odd.name", "/x/elsewhere.py", "/x"),
    ],
)
def test_the_root_is_where_the_module_imports_from(module: str, path: str, root: str) -> None:
    assert root_of(module, Path(path)) == Path(root)
