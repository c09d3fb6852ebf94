"""A function, what is known of it, and a module around it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import pytest

from codegenesis.core.coders import Brief
from codegenesis.model import Gene

MODULE = '''\
import re
from collections import Counter

LIMIT = 10


def known(x, pool):
    return x in list(pool)


def dedupe(xs):
    """Without repeats.

    ```
    dedupe([1, 1])
    ```
    """
    out = []
    for x in xs:
        if not known(x, out):
            out.append(x)
    return out[:LIMIT]


class Cart:
    def __init__(self, lines):
        self.lines = lines

    def total(self, rate=1.0):
        total = 0
        for price in self.lines:
            total = total + price
        return total * rate
'''

SOURCE = MODULE[MODULE.index("def dedupe") : MODULE.index("class Cart")].rstrip() + "\n"
METHOD = textwrap.dedent(MODULE[MODULE.index("    def total") :])


def gene_of(source: str, qualname: str) -> Gene:
    return Gene(
        service="test",
        module="shop",
        qualname=qualname,
        kind="method" if "." in qualname else "function",
        path="",
        root="",
        line=1,
        source=source,
    )


@pytest.fixture
def make_brief() -> Callable[..., Brief]:
    """`make_brief(source, qualname, **fields)`; by default of `dedupe` in its module."""

    def make(source: str = SOURCE, qualname: str = "dedupe", **fields: object) -> Brief:
        fields.setdefault("module_source", MODULE)
        return Brief(gene=gene_of(source, qualname), **fields)

    return make


@pytest.fixture
def brief(make_brief: Callable[..., Brief]) -> Brief:
    return make_brief(weakness=("cost grows faster than its input: CPU ~ n^1.98",))


@pytest.fixture
def method_brief(make_brief: Callable[..., Brief]) -> Brief:
    return make_brief(METHOD, "Cart.total")
