"""The operations that expressions are made of, and what each costs.

Costs say what people write: a common operation is 1, a rarer one 2, a rare one 3. An operation that
makes text out of numbers, or numbers out of text, is dearer where nothing asks for the other type.
"""

from __future__ import annotations

import math
import operator as op
from collections import Counter
from collections.abc import Collection
from itertools import accumulate, groupby
from statistics import median
from typing import Any

from codegenesis.arena.synthesis import safe
from codegenesis.arena.synthesis.bank import Part
from codegenesis.arena.synthesis.safe import method


def _part(text: str, fn: Any, kinds: str, cost: int = 1, *, commutes: bool = False) -> Part:
    return Part(text, fn, tuple(kinds.split()), cost, commutes=commutes)


def _methods(kind: str, names: str, cost: int) -> list[Part]:
    return [_part(f"{{0}}.{name}()", method(name), kind, cost) for name in names.split()]


_NUMBERS = [
    _part("({0} + {1})", op.add, "num num", commutes=True),
    _part("({0} - {1})", op.sub, "num num"),
    _part("({0} * {1})", safe.mul, "num num", commutes=True),
    _part("({0} // {1})", op.floordiv, "int int")._replace(divides=2, starts=False),
    _part("({0} % {1})", op.mod, "int int", 2)._replace(divides=2, starts=False),
    _part("({0} / {1})", op.truediv, "num num")._replace(divides=2),
    _part("({0} ** {1})", safe.power, "num num", 3),
    _part("({0} ** 2)", lambda n: safe.mul(n, n), "num", 1),
    _part("(-{0})", op.neg, "num"),
    _part("abs({0})", abs, "num"),
    _part("min({0}, {1})", min, "num num", 2, commutes=True),
    _part("max({0}, {1})", max, "num num", 2, commutes=True),
    _part("round({0})", round, "float", 1),
    _part("round({0}, {1})", safe.rounded, "float int", 1),
    _part("int({0})", int, "float", 1),
    _part("float({0})", float, "int", 3),
    _part("math.sqrt({0})", math.sqrt, "num", 2)._replace(imports=("import math",)),
    _part("math.isqrt({0})", math.isqrt, "int", 4)._replace(imports=("import math",)),
    _part("math.gcd({0}, {1})", math.gcd, "int int", 3, commutes=True)._replace(
        imports=("import math",)
    ),
    _part("math.ceil({0})", math.ceil, "float", 2)._replace(imports=("import math",)),
    _part("math.floor({0})", math.floor, "float", 2)._replace(imports=("import math",)),
    _part("math.factorial({0})", safe.factorial, "int", 3)._replace(imports=("import math",)),
    _part("({0} & {1})", op.and_, "int int", 4, commutes=True),
    _part("({0} ^ {1})", op.xor, "int int", 4, commutes=True),
    _part("({0} | {1})", op.or_, "int int", 4, commutes=True),
    _part("({0} >> {1})", op.rshift, "int int", 4),
    _part("({0} << {1})", safe.shift, "int int", 4),
    _part("divmod({0}, {1})", divmod, "int int", 2)._replace(divides=2, starts=False),
]
_CONDITIONS = [
    _part("({0} % {1} == 0)", lambda a, b: a % b == 0, "int int")._replace(divides=3, starts=False),
    _part("({0} == {0}[::-1])", lambda items: items == items[::-1], "seq", 2),
    _part("({0} < {1})", op.lt, "num num"),
    _part("({0} <= {1})", op.le, "num num"),
    _part("({0} == {1})", op.eq, "num num", commutes=True),
    _part("({0} != {1})", op.ne, "num num", commutes=True),
    _part("({0} == {1})", op.eq, "str str", commutes=True),
    _part("({0} != {1})", op.ne, "str str", 2, commutes=True),
    _part("({0} < {1})", op.lt, "str str", 3),
    _part("({0} == {1})", op.eq, "list list", commutes=True),
    _part("({0} == {1})", op.eq, "set set", commutes=True),
    _part("({0} == {1})", op.eq, "dict dict", 2, commutes=True),
    _part("({0} == {1})", op.eq, "bool bool", 3, commutes=True),
    _part("(not {0})", op.not_, "bool"),
    _part("(not {0})", op.not_, "sized"),
    _part("({0} is None)", lambda value: value is None, "optional", 1),
    _part("isinstance({0}, list)", lambda value: isinstance(value, list), "mixed", 1),
    _part("isinstance({0}, str)", lambda value: isinstance(value, str), "mixed", 1),
    _part("isinstance({0}, int)", lambda value: isinstance(value, int), "mixed", 1),
    _part("({0} and {1})", lambda a, b: a and b, "bool bool", 2, commutes=True),
    _part("({0} or {1})", lambda a, b: a or b, "bool bool", 2, commutes=True),
]
_TEXT = [
    _part("{0}.upper()", str.upper, "str"),
    _part("{0}.lower()", str.lower, "str"),
    _part("{0}.title()", str.title, "str"),
    _part("{0}.capitalize()", str.capitalize, "str"),
    _part("{0}.strip()", str.strip, "str"),
    _part("{0}.swapcase()", str.swapcase, "str", 2),
    _part("{0}.split()", str.split, "str"),
    _part("{0}.splitlines()", str.splitlines, "str", 2),
    _part("{0}.split({1})", str.split, "str str"),
    _part("{1}.join({0})", lambda items, glue: glue.join(items), "strs str"),
    _part("({0} + {1})", safe.add, "str str"),
    _part("({0} * {1})", safe.repeat, "str int"),
    _part("{0}.startswith({1})", str.startswith, "str str", 2),
    _part("{0}.endswith({1})", str.endswith, "str str", 2),
    _part("({1} in {0})", op.contains, "str str"),
    _part("{0}.count({1})", str.count, "str str"),
    _part("{0}.find({1})", str.find, "str str", 2),
    _part("{0}.index({1})", str.index, "str str", 2),
    _part("{0}.replace({1}, {2})", safe.replace, "str str str"),
    _part("{0}.strip({1})", str.strip, "str str", 2),
    _part("{0}.lstrip({1})", str.lstrip, "str str", 3),
    _part("{0}.rstrip({1})", str.rstrip, "str str", 3),
    _part("{0}.removeprefix({1})", str.removeprefix, "str str", 3),
    _part("{0}.removesuffix({1})", str.removesuffix, "str str", 3),
    _part("{0}.zfill({1})", safe.zfill, "str int", 2),
    *_methods("str", "isdigit isalpha isupper islower isalnum isspace", 1),
    *_methods("str", "lstrip rstrip casefold isnumeric istitle isidentifier", 3),
    _part("ord({0})", ord, "str", 2),
    _part("chr({0})", chr, "int", 2),
    _part("str({0})", str, "num", 1),
    _part("int({0})", safe.to_int, "str", 1),
    _part("float({0})", float, "str", 2),
    _part("bin({0})", bin, "int", 2),
    _part("hex({0})", hex, "int", 3),
    _part("int({0}, {1})", safe.from_base, "str int", 3),
]
_SEQUENCES = [
    _part("len({0})", len, "sized"),
    _part("{0}[{1}]", op.getitem, "seq int"),
    _part("{0}[::-1]", lambda items: items[::-1], "seq"),
    _part("{0}[{1}:]", lambda items, start: items[start:], "seq int", 2),
    _part("{0}[:{1}]", lambda items, stop: items[:stop], "seq int", 2),
    _part("{0}[{1}:{2}]", lambda items, start, stop: items[start:stop], "seq int int", 2),
    _part("{0}[::{1}]", lambda items, step: items[::step], "seq int", 2),
    _part("{0}[{1}::{2}]", lambda items, start, step: items[start::step], "seq int int", 2),
    _part("sorted({0})", sorted, "iter"),
    _part("sorted({0}, reverse=True)", lambda items: sorted(items, reverse=True), "iter", 2),
    _part("sum({0})", safe.total, "nums"),
    _part("(sum({0}) / len({0}))", lambda items: sum(items) / len(items), "nums", 2),
    _part("sum({0})", safe.total, "bools"),
    _part("all({0})", all, "bools"),
    _part("any({0})", any, "bools"),
    _part("max({0})", max, "nums"),
    _part("min({0})", min, "nums"),
    _part("max({0})", max, "iter", 2),
    _part("min({0})", min, "iter", 2),
    _part("max({0}, key=len)", lambda items: max(items, key=len), "strs"),
    _part("min({0}, key=len)", lambda items: min(items, key=len), "strs", 2),
    _part("max({0}, key=len)", lambda items: max(items, key=len), "lists", 2),
    _part("sorted({0}, key=len)", lambda items: sorted(items, key=len), "strs", 2),
    _part("math.prod({0})", safe.product, "nums", 3)._replace(imports=("import math",)),
    _part("median({0})", median, "nums", 3)._replace(imports=("from statistics import median",)),
    _part("({0} + {1})", safe.add, "list list"),
    _part("({0} + {1})", safe.add, "tuple tuple", 2),
    _part("({0} * {1})", safe.repeat, "list int", 2),
    _part("({1} in {0})", op.contains, "iter scalar"),
    _part("({1} not in {0})", lambda items, item: item not in items, "iter scalar", 2),
    _part("{0}.count({1})", method("count"), "list scalar", 2),
    _part("{0}.index({1})", method("index"), "list scalar", 2),
    _part("set({0})", set, "iter"),
    _part("list({0})", list, "iter", 1),
    _part("tuple({0})", tuple, "iter", 2),
    _part("[{0}]", lambda item: [item], "any", 3),
    _part("list(zip({0}, {1}))", lambda a, b: list(zip(a, b, strict=False)), "iter iter", 2),
    _part("list(zip(*{0}))", lambda rows: list(zip(*rows, strict=False)), "lists", 2),
    _part("list(enumerate({0}))", lambda items: list(enumerate(items)), "seq", 3),
    _part("list(dict.fromkeys({0}))", lambda items: list(dict.fromkeys(items)), "seq", 2),
    _part("list(range({0}))", safe.span, "int", 2),
    _part("list(range({0}, {1}))", safe.span, "int int", 2),
    _part("[item for row in {0} for item in row]", safe.flat, "lists", 2),
    _part("[{0}[i:i + {1}] for i in range(len({0}) - {1} + 1)]", safe.windows, "seq int", 4),
    _part("[{0}[i:i + {1}] for i in range(0, len({0}), {1})]", safe.chunks, "seq int", 4),
]
_SEQUENCES += [
    _part(
        "[(key, len(list(run))) for key, run in groupby({0})]",
        lambda items: [(k, len(list(run))) for k, run in groupby(items)],
        "seq",
        2,
    )._replace(imports=("from itertools import groupby",)),
    _part("list(accumulate({0}))", lambda items: list(accumulate(items)), "nums", 3)._replace(
        imports=("from itertools import accumulate",)
    ),
    _part("list(combinations({0}, {1}))", safe.combined, "seq int", 4)._replace(
        imports=("from itertools import combinations",)
    ),
    _part("list(permutations({0}))", safe.permuted, "seq", 4)._replace(
        imports=("from itertools import permutations",)
    ),
    _part("list(product({0}, {1}))", safe.crossed, "iter iter", 4)._replace(
        imports=("from itertools import product",)
    ),
]
_COUNTER = ("from collections import Counter",)
_TABLES = [
    _part("{0}[{1}]", op.getitem, "dict scalar"),
    _part("{0}.get({1})", lambda table, k: table.get(k), "dict scalar", 1),
    _part("{0}.get({1}, {2})", lambda table, k, other: table.get(k, other), "dict scalar any", 1),
    _part("list({0})", list, "dict", 1),
    _part("list({0}.values())", lambda table: list(table.values()), "dict"),
    _part("list({0}.items())", lambda table: list(table.items()), "dict"),
    _part("sorted({0})", sorted, "dict"),
    _part("({1} in {0})", op.contains, "dict scalar"),
    _part("max({0}, key={0}.get)", lambda table: max(table, key=table.get), "dict", 2),
    _part("min({0}, key={0}.get)", lambda table: min(table, key=table.get), "dict", 3),
    _part("{{**{0}, **{1}}}", safe.merged, "dict dict", 2),
    _part("dict({0})", dict, "pairs", 2),
    _part("dict(zip({0}, {1}))", lambda a, b: dict(zip(a, b, strict=False)), "iter iter", 2),
    _part("dict(enumerate({0}))", lambda items: dict(enumerate(items)), "seq", 4),
    _part("dict(Counter({0}))", lambda items: dict(Counter(items)), "iter", 2)._replace(
        imports=_COUNTER
    ),
    _part(
        "Counter({0}).most_common(1)[0][0]",
        lambda items: Counter(items).most_common(1)[0][0],
        "iter",
        3,
    )._replace(imports=_COUNTER),
    _part(
        "Counter({0}).most_common({1})",
        lambda items, n: Counter(items).most_common(n),
        "iter int",
        3,
    )._replace(imports=_COUNTER),
    _part("({0} & {1})", op.and_, "set set", commutes=True),
    _part("({0} | {1})", op.or_, "set set", commutes=True),
    _part("({0} - {1})", op.sub, "set set"),
    _part("({0} ^ {1})", op.xor, "set set", 2, commutes=True),
    _part("({0} <= {1})", op.le, "set set", 2),
]
_DEARER = {"str({0})", "chr({0})", "bin({0})", "hex({0})", "int({0})", "float({0})", "ord({0})"}
_IN_STEPS = {"({1} in {0})", "({1} not in {0})", "[{0}]", "({0} + {1})", "max({0})", "min({0})"}
_TO_FLOAT = {"({0} / {1})", "math.sqrt({0})", "float({0})", "median({0})"}


def parts(kinds: Collection[str]) -> list[Part]:
    """All operations, dearer where they lead to kinds that neither arguments nor results have."""
    made = [*_NUMBERS, *_CONDITIONS, *_TEXT, *_SEQUENCES, *_TABLES]
    return [_priced(part, kinds) for part in made]


def _priced(part: Part, kinds: Collection[str]) -> Part:
    if part.text in _TO_FLOAT and "float" not in kinds:
        return part._replace(cost=part.cost + 2)
    if part.text not in _DEARER:
        return part
    foreign = {"str", "num"} - set(kinds)
    to_text = part.kinds[0] in ("num", "int") and part.text != "float({0})"
    return part._replace(cost=part.cost + 1) if to_text and "str" in foreign else part


def small(kinds: Collection[str]) -> list[Part]:
    """What steps of loops are made of: arithmetic, comparisons, and the basics of sequences."""
    made = [*_NUMBERS, *_CONDITIONS]
    if "str" in kinds:
        made += _TEXT
    if {"str", "list", "tuple"} & set(kinds):
        made += _SEQUENCES[:15]
        made += [part for part in _SEQUENCES if part.text in _IN_STEPS]
    if "dict" in kinds:
        made += _TABLES[:3]
    return [_priced(part, kinds) for part in made if part.cost <= 3]
