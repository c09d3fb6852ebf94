"""What becomes of the values in a loop: one number, a selection, a table, an order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from codegenesis.arena.synthesis import safe
from codegenesis.arena.synthesis.aims import Aim
from codegenesis.arena.synthesis.bank import Entry
from codegenesis.arena.synthesis.values import ERR

if TYPE_CHECKING:
    from codegenesis.arena.synthesis.each import Each

_COUNTER = ("from collections import Counter",)


class Form(NamedTuple):
    """One way to make a value of one body.

    Attributes:
        kind: that the body must be of.
        template: LOOP stands for the loop, SELF for what is looped over, NAME for the variable.
        fold: takes the items of a row and the values of the body in them.
        gives: type of the result; None when it is that of the elements.
    """

    kind: str
    template: str
    fold: Callable[..., Any]
    gives: type | None = None
    cost: int = 1
    imports: tuple[str, ...] = ()


def _kept(items: Sequence[Any], marks: Sequence[Any]) -> list[Any]:
    return [item[-1] for item, mark in zip(items, marks, strict=True) if mark]


def _by(items: Sequence[Any], keys: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Keys with the elements; only elements that stand alone."""
    return [(k, item[0]) for k, item in zip(keys, items, strict=True)]


def _sorted_by(items: Sequence[Any], keys: Sequence[Any], *, reverse: bool = False) -> list[Any]:
    pairs = sorted(_by(items, keys), key=lambda pair: pair[0], reverse=reverse)
    return [item for _, item in pairs]


REDUCED: tuple[Form, ...] = (
    Form("bool", "any({0} for LOOP)", lambda _, v: any(v), bool),
    Form("bool", "all({0} for LOOP)", lambda _, v: all(v), bool),
    Form("bool", "sum(1 for LOOP if {0})", lambda _, v: sum(map(bool, v)), int),
    Form("bool", "[NAME for LOOP if {0}]", _kept, list),
    Form(
        "bool",
        "next((NAME for LOOP if {0}), None)",
        lambda i, v: next(iter(_kept(i, v)), None),
        None,
        2,
    ),
    Form(
        "bool",
        "next((NAME for LOOP if {0}), -1)",
        lambda i, v: next(iter(_kept(i, v)), -1),
        None,
        2,
    ),
    Form("bool", "next(NAME for LOOP if {0})", lambda i, v: _kept(i, v)[0], None, 2),
    Form("num", "sum({0} for LOOP)", lambda _, v: sum(v), int),
    Form("num", "max({0} for LOOP)", lambda _, v: max(v), int),
    Form("num", "min({0} for LOOP)", lambda _, v: min(v), int),
    Form("int", "math.prod({0} for LOOP)", lambda _, v: safe.product(v), int, 3, ("import math",)),
    Form("any", "[{0} for LOOP]", lambda _, v: list(v), list),
    Form("scalar", "{{{0} for LOOP}}", lambda _, v: set(v), set),
    Form("str", "''.join({0} for LOOP)", lambda _, v: "".join(v), str),
    Form("scalar", "max(SELF, key=lambda NAME: {0})", lambda i, v: max(_by(i, v), key=_first)[1]),
    Form("scalar", "min(SELF, key=lambda NAME: {0})", lambda i, v: min(_by(i, v), key=_first)[1]),
    Form("scalar", "sorted(SELF, key=lambda NAME: {0})", _sorted_by, list),
    Form(
        "scalar",
        "sorted(SELF, key=lambda NAME: {0}, reverse=True)",
        lambda i, v: _sorted_by(i, v, reverse=True),
        list,
        3,
    ),
)


def _first(pair: tuple[Any, Any]) -> Any:
    return pair[0]


def _groups(_: Any, keys: Sequence[Any], values: Sequence[Any]) -> dict[Any, list[Any]]:
    made: dict[Any, list[Any]] = {}
    for k, value in zip(keys, values, strict=True):
        made.setdefault(k, []).append(value)
    return made


def _totals(_: Any, keys: Sequence[Any], values: Sequence[Any]) -> dict[Any, Any]:
    made: dict[Any, Any] = {}
    for k, value in zip(keys, values, strict=True):
        made[k] = made.get(k, 0) + value
    return made


_GROUPS = """\
groups = {{}}
for LOOP:
    groups.setdefault({0}, []).append({1})
return groups
"""
_TOTALS = """\
totals = {{}}
for LOOP:
    totals[{0}] = totals.get({0}, 0) + {1}
return totals
"""


class Reduced:
    """What two bodies of one loop make together: a body with a condition, a table.

    A cheap pair is tried before a dear one, and only while the result could be of that shape.
    """

    def __init__(
        self, each: Each, wanted: Sequence[Any], solved: Callable[[Entry, str], None]
    ) -> None:
        self._each, self._wanted, self._solved = each, wanted, solved
        self._kinds = set(map(type, wanted))
        self._seen: set[tuple[int, int]] = set()
        self._tabled: dict[int, list[Entry]] = {}

    def pairs(self) -> Iterator[None]:
        """Try what fits the type of the results."""
        if self._kinds <= {list, str, tuple, int, float, set}:
            yield from self._selected()
        if self._kinds == {dict}:
            yield from self._tables()
        if self._kinds == {list}:
            yield from self._orders()

    # --- [E for … if P], sum(E for … if P) ------------------------------------------------------

    def _selected(self) -> Iterator[None]:
        conditions = [e for e in self._each.bank.by_kind["bool"] if e.whole and not e.constant]
        for number, condition in enumerate(conditions[:150]):
            if self._kinds <= {int, float}:
                self._sums(condition)
                yield
            elif self._counts_fit(condition):
                self._bodies(condition)
                yield
            elif number % 20 == 19:
                yield

    def _is_new(self, one: Entry, two: Entry) -> bool:
        mark = (id(one), id(two))
        if mark in self._seen:
            return False
        self._seen.add(mark)
        return True

    def _sums(self, condition: Entry) -> None:
        if condition.cost > 5:
            return
        for entry in self._each.bank.by_kind["num"][:40]:
            if entry.constant or entry.cost + condition.cost > 8:
                continue
            if not self._is_new(condition, entry):
                continue
            forms = (
                (("sum", sum),) if entry.cost > 1 else (("sum", sum), ("max", max), ("min", min))
            )
            for form, fold in forms:
                made = self._each.outer(
                    f"{form}({{0}} for LOOP if {{1}})",
                    (entry, condition),
                    _chosen(fold),
                    partial=True,
                )
                if made:
                    self._each.offer(made)

    def _counts_fit(self, condition: Entry) -> bool:
        if self._kinds in ({set}, {str}):
            return True
        spans = zip(self._wanted, self._each.spans, strict=False)
        return all(
            sum(map(bool, condition.values[start:stop])) == len(wanted)
            for wanted, (start, stop) in spans
        )

    def _bodies(self, condition: Entry) -> None:
        (kind,) = self._kinds if len(self._kinds) == 1 else (None,)
        if kind in (int, float, None):
            return
        forms: dict[Any, tuple[str, Callable[[Any], Any]]] = {
            list: ("[{0} for LOOP if {1}]", list),
            tuple: ("tuple({0} for LOOP if {1})", tuple),
            set: ("{{{0} for LOOP if {1}}}", set),
            str: ("''.join({0} for LOOP if {1})", "".join),
        }
        template, make = forms[kind]
        most = 3000 if kind in (list, tuple) else 300
        fold = _chosen(make)
        for entry in self._each.bank.entries[:most]:
            if entry.constant or entry.cost > 6 or not self._is_new(condition, entry):
                continue
            if not self._gives(fold, entry, condition):
                continue
            made = self._each.outer(template, (entry, condition), fold, partial=True)
            if made and made.values[: len(self._wanted)] == tuple(self._wanted):
                self._solved(made, "comprehension")
                return

    def _gives(self, fold: Callable[..., Any], entry: Entry, condition: Entry) -> bool:
        """Whether it has the wanted results; looks at no more rows than it must."""
        for wanted, (start, stop) in zip(self._wanted, self._each.spans, strict=False):
            try:
                came = fold(None, entry.values[start:stop], condition.values[start:stop])
            except Exception:  # noqa: BLE001 (whatever a fold makes of odd values)
                return False
            if came != wanted:
                return False
        return True

    # --- tables ---------------------------------------------------------------------------------

    def _tables(self) -> Iterator[None]:
        each = self._each
        keys = [e for e in each.bank.by_kind["scalar"] if not e.constant and e.whole][:400]
        for number, name in enumerate(keys):
            if self._keys_fit(name) and len(self._tabled.setdefault(id(name), [])) < 3:
                self._tabled[id(name)].append(name)
                self._values(name)
                self._collected(name)
                yield
            elif number % 20 == 19:
                yield

    def _keys_fit(self, name: Entry) -> bool:
        spans = zip(self._wanted, self._each.spans, strict=False)
        return all({*name.values[start:stop]} == wanted.keys() for wanted, (start, stop) in spans)

    def _values(self, name: Entry) -> None:
        """Of `{K: V for …}` the values are known once the keys are."""
        spans = zip(self._wanted, self._each.spans, strict=False)
        targets = [wanted[k] for wanted, (start, stop) in spans for k in name.values[start:stop]]

        def report(entry: Entry, _: str) -> None:
            if made := self._each.outer("{{{0}: {1} for LOOP}}", (name, entry), _paired):
                self._solved(made, "comprehension")

        aim = Aim(targets, report)
        for entry in self._each.bank.entries:
            aim.see(entry)

    def _collected(self, name: Entry) -> None:
        inner = {type(value) for wanted in self._wanted for value in wanted.values()}
        bodies = [e for e in self._each.bank.entries if e.cost <= 3][:150]
        if inner == {int}:
            made = self._each.outer(
                "dict(Counter({0} for LOOP))",
                (name,),
                lambda _, k: dict(Counter(k)),
                imports=_COUNTER,
            )
            self._tell(made)
        for entry in bodies:
            if inner == {list}:
                self._tell(self._each.outer("", (name, entry), _groups, tail=_GROUPS, cost=3))
            elif inner <= {int, float} and "num" in entry.kinds:
                self._tell(self._each.outer("", (name, entry), _totals, tail=_TOTALS, cost=3))

    def _tell(self, made: Entry | None) -> None:
        if made and made.values[: len(self._wanted)] == tuple(self._wanted):
            self._solved(made, "comprehension" if not made.part.tail else "fold")

    # --- orders ---------------------------------------------------------------------------------

    def _orders(self) -> Iterator[None]:
        """`sorted(xs, key=lambda x: (A, B))`, where the result is a permutation."""
        each = self._each
        known = zip(self._wanted, each.items, strict=False)
        if not each.source.text or len(each.source.names) != 1:
            return
        if any(items is None or len(items) != len(want) for want, items in known):
            return
        keys = [e for e in each.bank.by_kind["scalar"] if not e.constant and e.whole][:60]
        keys = [e for e in keys if not any(value is None for value in e.values)]
        name = each.source.names[0]
        for number, one in enumerate(keys):
            for two in keys:
                if one is not two and one.cost + two.cost <= 6 and self._is_new(one, two):
                    template = f"sorted({each.source.text}, key=lambda {name}: ({{0}}, {{1}}))"
                    self._tell(each.outer(template, (one, two), _ordered))
            if number % 4 == 3:
                yield


def _ordered(items: Sequence[Any], ones: Sequence[Any], twos: Sequence[Any]) -> list[Any]:
    rows = list(zip(ones, twos, range(len(ones)), strict=True))
    return [items[place][0] for _, _, place in sorted(rows)]


def _paired(_: Any, keys: Sequence[Any], values: Sequence[Any]) -> dict[Any, Any]:
    return dict(zip(keys, values, strict=True))


def _chosen(make: Callable[[Any], Any]) -> Callable[..., Any]:
    def fold(_: Any, values: Sequence[Any], marks: Sequence[Any]) -> Any:
        kept = [value for value, mark in zip(values, marks, strict=True) if mark]
        if any(value is ERR for value in (*kept, *marks)):
            raise ValueError("a value is missing")
        return make(kept)

    return fold
