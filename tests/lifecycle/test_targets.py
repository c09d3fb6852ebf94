"""A TARGET is found by reading files; nothing of the project is imported for it."""

from pathlib import Path

import pytest

from codegenesis.errors import NotEvolvableError, TargetError
from codegenesis.lifecycle.targets import locate

SOURCE = '''\
raise SystemExit("importing this would end the process")

def quote(items: list[int], rate=2):
    """Price."""
    return sum(items) * rate

class Cart:
    def total(self):
        return 1

async def fetch(): ...

def numbers():
    yield 1

class Account:
    @property
    def limit(self):
        return self._limit

    @limit.setter
    def limit(self, value):
        self._limit = value

def priced(rate):
    def price(x, extra=2):
        return x * rate + extra
    def late(x, at=rate):
        return x
    class Local:
        def one(self):
            return rate
    if rate:
        def twice(x): return x
    else:
        def twice(x): return 2 * x
    return price, late, Local, twice

@functools.cache
def slow(n):
    return n
'''


@pytest.fixture
def project(tmp_path: Path) -> Path:
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "pricing.py").write_text(SOURCE)
    return tmp_path


def test_module_and_qualname_name_a_function(project):
    gene = locate("shop.pricing:quote", service="shop", cwd=project)
    assert (gene.module, gene.qualname, gene.kind) == ("shop.pricing", "quote", "function")
    assert gene.root == str(project)
    assert gene.line == 3
    assert gene.source.startswith("def quote(items: list[int], rate=2):\n")


def test_a_path_names_the_same_gene_as_its_module(project):
    by_path = locate("shop/pricing.py:Cart.total", service="shop", cwd=project)
    by_module = locate("shop.pricing:Cart.total", service="shop", cwd=project)
    assert by_path.id == by_module.id == "shop/shop.pricing:Cart.total"
    assert by_path.kind == "method"
    assert by_path.source == "def total(self):\n    return 1\n"


def test_a_package_below_src_is_found(project):
    (project / "src").mkdir()
    (project / "shop").rename(project / "src" / "shop")
    assert locate("shop.pricing:quote", service="s", cwd=project).root == str(project / "src")


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        ("shop.pricing:qoute", "Did you mean quote?"),
        ("shop.prices:quote", "path/to/file.py:qualname"),
        ("shop/none.py:quote", "Check the path"),
        ("quote", "codegenesis evolve"),
    ],
)
def test_what_is_not_found_says_what_to_do(project, target, hint):
    with pytest.raises(TargetError) as caught:
        locate(target, service="shop", cwd=project)
    assert hint in caught.value.remedy


def test_a_file_that_does_not_parse_is_named_with_its_line(project):
    (project / "broken.py").write_text("def f(:\n")
    with pytest.raises(TargetError, match=r"broken\.py:1 does not parse"):
        locate("broken:f", service="shop", cwd=project)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("priced.twice", "several functions"),
        ("priced.<locals>.late", "default rate is made when"),
        ("priced.Local.one", "made anew by each call"),
    ],
)
def test_what_is_not_evolved_is_refused_with_the_reason(project, name, reason):
    with pytest.raises(NotEvolvableError, match=reason):
        locate(f"shop.pricing:{name}", service="shop", cwd=project)


def test_of_a_property_the_getter_is_meant(project):
    gene = locate("shop.pricing:Account.limit", service="shop", cwd=project)
    assert gene.source == "def limit(self):\n    return self._limit\n"
    assert gene.decorated == "@property"


@pytest.mark.parametrize("name", ["fetch", "numbers", "slow"])
def test_coroutines_generators_and_decorated_functions_are_found(project, name):
    gene = locate(f"shop.pricing:{name}", service="shop", cwd=project)
    assert gene.source.split("(")[0].split()[-1] == name
    assert gene.decorated == ("@functools.cache" if name == "slow" else "")


def test_a_function_inside_a_function_is_named_with_what_it_closes_over(project):
    gene = locate("shop.pricing:priced.price", service="shop", cwd=project)
    assert gene.qualname == "priced.<locals>.price"
    assert gene.free == ("rate",)
    assert gene.source.startswith("def price(x, extra=2):\n    return")
