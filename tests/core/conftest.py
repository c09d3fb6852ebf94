"""A workbench for rewrite rules: write variants of a function given as text, run both, compare."""

from __future__ import annotations

import copy
import textwrap
from collections.abc import Callable, Iterable

import pytest

from codegenesis.core import Context, operator
from codegenesis.core.syntax import signature
from codegenesis.model import Gene, Variant


class Counted:
    """A value that counts how often it is compared."""

    comparisons = 0

    def __init__(self, value: object) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        Counted.comparisons += 1
        return isinstance(other, Counted) and self.value == other.value

    def __hash__(self) -> int:
        return hash(self.value)

    def __repr__(self) -> str:
        return f"Counted({self.value!r})"


def gene_of(source: str, *, kind: str = "function") -> Gene:
    text = textwrap.dedent(source).strip() + "\n"
    name = text.partition("def ")[2].partition("(")[0].strip()
    return Gene(
        service="test",
        module="shop",
        qualname=name if kind == "function" else f"Owner.{name}",
        kind=kind,
        path="",
        root="",
        line=1,
        source=text,
    )


def function_of(source: str, *, module: str = "", name: str) -> Callable[..., object]:
    """Execute a module and a fragment in it, and take the function out."""
    space: dict[str, object] = {"__name__": "shop"}
    exec(compile(textwrap.dedent(module), "<module>", "exec"), space)
    exec(compile(source, "<fragment>", "exec"), space)
    found = space[name]
    assert callable(found)
    return found


def outcome(function: Callable[..., object], args: tuple[object, ...]) -> tuple[object, ...]:
    """What a call comes to: kind, value, and what became of the arguments."""
    mine = copy.deepcopy(args)
    try:
        result = function(*mine)
    except Exception as error:
        return ("raised", type(error).__name__, error.args, _plain(mine))
    return ("returned", type(result).__name__, _plain(result), _plain(mine))


def _plain(value: object) -> object:
    if isinstance(value, (list, tuple)):
        return (type(value).__name__, [_plain(item) for item in value])
    if isinstance(value, dict):
        return [(_plain(key), _plain(item)) for key, item in value.items()]
    if hasattr(value, "__dict__") and not isinstance(value, type):
        return (type(value).__name__, _plain(vars(value)))
    return value


class Bench:
    Counted = Counted

    def write(
        self, name: str, source: str, *, kind: str = "function", **context: object
    ) -> list[Variant]:
        gene = gene_of(source, kind=kind)
        return operator(name).write(gene, context=Context(**context))

    def agree(
        self,
        name: str,
        source: str,
        examples: Iterable[tuple[object, ...]],
        *,
        module: str = "",
        kind: str = "function",
        **context: object,
    ) -> list[Callable[..., object]]:
        """Assert that the operator fires and that every variant equals the original.

        Returns the original and the variants as functions.
        """
        gene = gene_of(source, kind=kind)
        context = {"module_source": textwrap.dedent(module), **context}
        variants = operator(name).write(gene, context=Context(**context))
        assert variants, f"{name} does not fire on:\n{gene.source}"
        original = function_of(gene.source, module=module, name=gene.name)
        functions = [original]
        for variant in variants:
            assert signature(variant.source) == signature(gene.source)
            assert variant.operator == name
            assert variant.hypothesis
            assert variant.risk
            function = function_of(variant.source, module=module, name=gene.name)
            for args in examples:
                assert outcome(function, args) == outcome(original, args), variant.source
            functions.append(function)
        return functions

    def comparisons(self, function: Callable[..., object], *args: object) -> int:
        """How many comparisons of `Counted` values one call makes."""
        Counted.comparisons = 0
        function(*args)
        return Counted.comparisons

    def silent(self, name: str, source: str, **context: object) -> None:
        """Assert that the operator has nothing to say to a function."""
        variants = self.write(name, source, **context)
        assert not variants, variants[0].source


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def make_gene() -> Callable[..., Gene]:
    return gene_of


@pytest.fixture
def make_function() -> Callable[..., Callable[..., object]]:
    return function_of
