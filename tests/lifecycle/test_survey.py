"""TARGET names one function or many; what cannot be evolved is listed with its reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from codegenesis.errors import NotEvolvableError, TargetError
from codegenesis.lifecycle.campaigns.promise import Promise, promises, weights
from codegenesis.lifecycle.campaigns.survey import survey
from codegenesis.model import Gene, Trait
from codegenesis.store import Store

PRICING = '''\
class Basket:
    def total(self):
        return sum(self.items)

    @property
    def size(self):
        return len(self.items)

    @size.setter
    def load(self, items):
        self.items = items


def quote(basket):
    return basket


async def later():
    return 1


def numbers():
    yield 1


def todo(x):
    """Not yet."""
    raise NotImplementedError("later")


def stub(): ...


def quote(basket):
    return basket + 1
'''


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store" / "genesis.db") as opened:
        yield opened


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A package `shop` with what is usually found beside it."""
    files = {
        "shop/__init__.py": "",
        "shop/pricing.py": PRICING,
        "shop/sub/__init__.py": "def deep(x):\n    return x\n",
        "shop/broken.py": "def f(:\n",
        "shop/tests/test_pricing.py": "def test_it():\n    assert 1\n",
        "shop/test_more.py": "def test_it():\n    assert 1\n",
        "shop/.hidden/no.py": "def f(x):\n    return x\n",
        "env/pyvenv.cfg": "",
        "env/lib.py": "def f(x):\n    return x\n",
        "script.py": "def run(x):\n    return x\n",
    }
    for name, text in files.items():
        (tmp_path / "app" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "app" / name).write_text(text)
    return tmp_path / "app"


def found(target: str, store: Store, project: Path) -> list[str]:
    return [g.target for g in survey(target, store=store, service="app", cwd=project).genes]


IN_PRICING = ["Basket.total", "Basket.size", "quote", "later", "numbers"]
PACKAGE = [*(f"shop.pricing:{name}" for name in IN_PRICING), "shop.sub:deep"]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("shop", PACKAGE),
        ("shop/", PACKAGE),
        (".", ["script:run", *PACKAGE]),
        ("shop.pricing", PACKAGE[:-1]),
        ("shop/pricing.py", PACKAGE[:-1]),
        ("shop.sub", PACKAGE[-1:]),
        ("script.py", ["script:run"]),
        ("shop.pricing:quote", ["shop.pricing:quote"]),
    ],
)
def test_a_target_is_a_function_a_module_a_file_a_package_or_a_directory(
    store, project, target, expected
):
    assert found(target, store, project) == expected


def test_what_cannot_be_evolved_is_listed_with_its_reason(store, project):
    unfit = survey("shop", store=store, service="app", cwd=project).unfit
    told = {each.target.rpartition(":")[2]: each.reason for each in unfit}
    assert told["Basket.load"] == "it is a property's setter"
    assert told["todo"] == told["stub"] == "it has no body yet"
    assert any("does not parse" in each.reason for each in unfit)
    assert all(each.remedy for each in unfit)


def test_of_two_functions_of_a_name_the_last_counts(store, project):
    genes = survey("shop.pricing", store=store, service="app", cwd=project).genes
    assert genes[2].source == "def quote(basket):\n    return basket + 1\n"


def test_one_function_that_cannot_be_evolved_is_an_error(store, project):
    with pytest.raises(NotEvolvableError, match="setter"):
        survey("shop.pricing:Basket.load", store=store, service="app", cwd=project)


@pytest.mark.parametrize("target", ["nowhere", "no.such.module", "gone.py"])
def test_what_is_not_there_is_an_error(store, project, target):
    with pytest.raises(TargetError):
        survey(target, store=store, service="app", cwd=project)


def test_functions_keep_the_service_that_they_were_recorded_in(store, project):
    (gene,) = survey("shop.sub", store=store, service="app", cwd=project).genes
    store.put_genes([recorded(gene, service="web")])
    (again,) = survey("shop.sub", store=store, service="app", cwd=project).genes
    assert again.service == "web"
    assert found("deep", store, project) == ["shop.sub:deep"]


def recorded(gene: Gene, **changes: object) -> Gene:
    fields = {name: getattr(gene, name) for name in gene.__struct_fields__}
    return Gene(**{**fields, **changes})


def trait(gene: Gene, name: str, value: float) -> Trait:
    return Trait(
        gene=gene.id, name=name, value=value, low=value, high=value, unit="", n=500, method="m"
    )


def gene_of(source: str) -> Gene:
    name = source.partition("(")[0].removeprefix("def ")
    return Gene(
        service="app", module="m", qualname=name, kind="function", path="/m.py", root="/", line=1,
        source=source,
    )  # fmt: skip


PLAIN = gene_of("def plain(x):\n    return x + 1\n")
LOOPS = gene_of(
    "def loops(xs, ys):\n    out = []\n    for x in xs:\n        if x in ys:\n"
    "            out.append(x)\n    return out\n"
)
BUSY = gene_of("def busy(x):\n    return x\n")


def test_what_was_measured_comes_first_then_what_the_text_promises(store):
    store.put_traits([trait(BUSY, "cpu_share", 0.4), trait(BUSY, "cpu_ns_mean", 5e6)])
    ranked = promises(store, [PLAIN, LOOPS, BUSY])
    order = sorted(ranked, key=lambda each: ranked[each].rank, reverse=True)
    assert order == [BUSY.id, LOOPS.id, PLAIN.id]
    assert "uses 40.0% of a core" in ranked[BUSY.id].reason
    assert "a loop" in ranked[LOOPS.id].reason


def test_weights_follow_the_promise_within_bounds():
    made = [Promise(measured=False, score=score, reason="") for score in (40.0, 2.0, 1.0, 0.0)]
    assert weights(made) == [8.0, 2.0, 1.0, 1.0]
