"""Comprehensions: one bank over the elements of a source, and what becomes of its entries.

Where the result has as many items as the loop, each item is the wanted value of the body; where it
is some of the elements, the condition is wanted to be true of just those. Only sums, counts,
extremes and the like have to be tried forwards; they are offered to the bank outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import Any

from codegenesis.arena.synthesis.aims import Aim
from codegenesis.arena.synthesis.bank import Bank, Entry, Part, leaf
from codegenesis.arena.synthesis.parcels import Parcels
from codegenesis.arena.synthesis.reducing import REDUCED, Form, Reduced
from codegenesis.arena.synthesis.sources import Source
from codegenesis.arena.synthesis.values import ERR

_MOST = 40_000
_PLENTY = 120
_LARGEST = 7
_DEAREST, _DEAREST_HIT = 6, 10
_WRAPS: dict[type, str] = {list: "[{0} for LOOP]", tuple: "tuple({0} for LOOP)"}
_GLUES = ("", " ", ", ", ",", "-", "\n", "_", "; ", "/", ".", "|", ":")

Solved = Callable[[Entry, str], None]


class Each:
    """The search inside one loop.

    Args:
        outer: the bank around, which gives constants and parameters and is offered results.
        wanted: results of the first rows.
        solved: is told of whole solutions.
    """

    def __init__(
        self,
        source: Source,
        outer: Bank,
        parts: Sequence[Part],
        wanted: Sequence[Any],
        solved: Solved,
        *,
        lenient: bool,
    ) -> None:
        self.source, self._outer, self._solved = source, outer, solved
        self._wanted, self._lenient = wanted, lenient
        self.items = _shortened(source.items, len(wanted))
        self._counts = [len(items) if items is not None else 0 for items in self.items]
        ends = list(accumulate(self._counts))
        self.spans = list(zip([0, *ends], ends, strict=False))
        self._known = sum(self._counts[: len(wanted)])
        self._aims: list[Aim] = []
        self.bank = Bank(
            self._leaves(), parts, known=self._known, most=_MOST, largest=_LARGEST, watch=self._see
        )
        self._set_aims()
        self._told = 0
        self._pairs = Reduced(self, wanted, solved)
        self._types = set(map(type, wanted))

    # --- the bank inside ------------------------------------------------------------------------

    def _leaves(self) -> list[Entry]:
        made = [
            leaf(
                name,
                [item[place] for items in self.items for item in items or ()],
                slot=place,
            )
            for place, name in enumerate(self.source.names)
        ]
        for entry in self._outer.entries:
            if entry.cost > (3 if entry.constant else 2) or entry.part.tail:
                continue
            if not entry.constant and not {"scalar", "dict", "iter"} & set(entry.kinds):
                continue
            made.append(self._spread(entry))
        return made[:90]

    def _spread(self, entry: Entry) -> Entry:
        """What stands outside of the loop, once for each element."""
        pairs = zip(entry.values, self._counts, strict=True)
        values = tuple(value for value, count in pairs for _ in range(count))
        if entry.constant and not entry.kids:
            return Entry(values, entry.cost, entry.part, whole=True)
        # Inside it is as dear as outside, and one more: the loop's own variables come first.
        cost = entry.cost if entry.part.slot >= 0 and not entry.kids else entry.cost + 1
        made = leaf(entry.render(), values, cost=cost)
        made.part = made.part._replace(imports=entry.imports())
        return made

    def _see(self, entry: Entry) -> None:
        for aim in self._aims:
            aim.see(entry)

    # --- what is wanted of it -------------------------------------------------------------------

    def _set_aims(self) -> None:
        if not self._known:
            return
        for template, lists in self._mapped():
            flat = [value for row in lists for value in row]
            report = self._reporter(template)
            self._aims += Parcels(flat, report, lenient=self._lenient).aims()
            self._aims.append(Aim(flat, report, lenient=self._lenient))
        for template, marks in self._filtered():
            self._aims.append(Aim(marks, self._filter_reporter(template)))

    def _mapped(self) -> Iterator[tuple[str, list[Any]]]:
        kinds = set(map(type, self._wanted))
        if kinds in ({list}, {tuple}):
            if self._sizes_match(self._wanted):
                yield _WRAPS[kinds.pop()], list(self._wanted)
        elif kinds == {str}:
            for glue in _GLUES:
                split = [text.split(glue) if glue else list(text) for text in self._wanted]
                split = [row if text else [] for row, text in zip(split, self._wanted, strict=True)]
                if self._sizes_match(split) and any(len(row) > 1 for row in split):
                    yield f"{glue!r}.join({{0}} for LOOP)", split

    def _sizes_match(self, lists: Sequence[Any]) -> bool:
        return all(len(a) == n for a, n in zip(lists, self._counts, strict=False))

    def _filtered(self) -> Iterator[tuple[str, list[bool]]]:
        kinds = set(map(type, self._wanted))
        names = ", ".join(self.source.names)
        if len(kinds) != 1:
            return
        (kind,) = kinds
        if kind is dict and len(self.source.names) == 2:
            pick: Callable[[Any], Any] = lambda item: item  # noqa: E731
            template, rows = "{{A: B for LOOP if {0}}}", [list(w.items()) for w in self._wanted]
            template = template.replace("A", self.source.names[0]).replace(
                "B", self.source.names[1]
            )
        elif kind in (list, str, set, tuple):
            whole = len(self.source.names) == 2 and _has_pairs(self._wanted)
            place = 0 if len(self.source.names) == 1 else 1
            pick = (lambda item: item) if whole else (lambda item: item[place])
            shown = f"({names})" if whole else self.source.names[place]
            template = {
                list: f"[{shown} for LOOP if {{0}}]",
                tuple: f"tuple({shown} for LOOP if {{0}})",
                set: f"{{{{{shown} for LOOP if {{0}}}}}}",
                str: f"''.join({shown} for LOOP if {{0}})",
            }[kind]
            rows = [list(w) if kind is not set else w for w in self._wanted]
        else:
            return
        marks = self._marks(rows, pick, ordered=kind is not set)
        if marks is not None and any(marks) and not all(marks):
            yield template, marks

    def _marks(
        self, rows: Sequence[Any], pick: Callable[[Any], Any], *, ordered: bool
    ) -> list[bool] | None:
        made: list[bool] = []
        for wanted, items in zip(rows, self.items, strict=False):
            picked = [pick(item) for item in items or ()]
            marks = _subsequence(picked, wanted) if ordered else [p in wanted for p in picked]
            if marks is None or (not ordered and len({*picked} & wanted) != len(wanted)):
                return None
            made += marks
        return made

    def _reporter(self, template: str) -> Solved:
        def report(entry: Entry, _: str) -> None:
            if made := self.outer(template, (entry,), _joiner(template)):
                self._solved(made, "comprehension")

        return report

    def _filter_reporter(self, template: str) -> Solved:
        def report(condition: Entry, _: str) -> None:
            if made := self.outer(template, (condition,), _sifter(template, self.source)):
                self._solved(made, "comprehension")

        return report

    # --- back outside ---------------------------------------------------------------------------

    def outer(
        self,
        template: str,
        kids: tuple[Entry, ...],
        fold: Callable[..., Any],
        *,
        cost: int = 1,
        imports: Sequence[str] = (),
        tail: str = "",
        partial: bool = False,
    ) -> Entry | None:
        """An expression of the bank around: `fold` makes one value of the items of a row.

        Args:
            template: text, with LOOP for the loop and a place for each of `kids`.
            fold: takes the items of the row and, for each of the kids, its values in them.
            partial: it copes with values that are missing.
        """
        values = self._rows(kids, fold, partial=partial)
        if values is None:
            return None
        total = cost + self.source.cost + sum(kid.cost for kid in kids)
        whole = not any(value is ERR for value in values)
        text = template.replace("LOOP", _braced(self.source.loop))
        part = Part(
            text,
            cost=cost,
            imports=(*self.source.imports, *imports),
            tail=tail.replace("LOOP", _braced(self.source.loop)),
            slot=1000,
        )
        return Entry(tuple(values), total, part, kids, whole=whole)

    def _rows(
        self, kids: tuple[Entry, ...], fold: Callable[..., Any], *, partial: bool
    ) -> list[Any] | None:
        """A value for each row; None when there is none for any."""
        columns = [kid.values for kid in kids]
        partial = partial or all(kid.whole for kid in kids)
        values = [
            ERR
            if items is None
            else _folded(fold, items, [column[start:stop] for column in columns], partial=partial)
            for items, (start, stop) in zip(self.items, self.spans, strict=True)
        ]
        return values if any(value is not ERR for value in values) else None

    def run(self) -> Iterator[None]:
        """Grow, look, offer; a little at a time."""
        for step in self.bank.grow():
            yield step
            if len(self.bank.entries) - self._told > 600:
                yield from self._look()
        yield from self._look()

    def _look(self) -> Iterator[None]:
        fresh = self.bank.entries[self._told :]
        self._told = len(self.bank.entries)
        for aim in self._aims:
            yield from aim.combine(self.bank)
        for number, entry in enumerate(fresh):
            self._forward(entry)
            if number % 50 == 49:
                yield
        yield from self._pairs.pairs()

    def _forward(self, entry: Entry) -> None:
        if entry.constant or entry.part.tail:
            return
        cost = entry.cost + self.source.cost
        for form in REDUCED:
            fits = form.gives is None or form.gives in self._types
            most = _DEAREST + (form.gives is str) if fits else _DEAREST - 2
            if form.kind not in entry.kinds:
                continue
            if cost <= most or (fits and cost <= _DEAREST_HIT and self._hits(form, entry)):
                self._form(form, entry)

    def _hits(self, form: Form, entry: Entry) -> bool:
        """Whether it is what is wanted; looks at no more rows than it must."""
        for wanted, items, (start, stop) in zip(self._wanted, self.items, self.spans, strict=False):
            try:
                if form.fold(items, entry.values[start:stop]) != wanted:
                    return False
            except Exception:  # noqa: BLE001 (whatever a fold makes of odd values)
                return False
        return True

    def _form(self, form: Form, entry: Entry) -> None:
        names = self.source.names
        if "SELF" in form.template and (len(names) != 1 or not self.source.text):
            return
        text = form.template.replace("SELF", _braced(self.source.text)).replace("NAME", names[-1])
        made = self.outer(text, (entry,), form.fold, cost=form.cost, imports=form.imports)
        if made:
            self.offer(made)

    def offer(self, made: Entry) -> None:
        """To the bank outside."""
        self._outer.offer(made)


def _folded(
    fold: Callable[..., Any],
    items: list[tuple[Any, ...]],
    columns: Sequence[Sequence[Any]],
    *,
    partial: bool,
) -> Any:
    if not partial and any(value is ERR for column in columns for value in column):
        return ERR
    try:
        return fold(items, *columns)
    except Exception:  # noqa: BLE001 (whatever a fold makes of odd items)
        return ERR


def _braced(text: str) -> str:
    """As a literal part of a template."""
    return text.replace("{", "{{").replace("}", "}}")


def _joiner(template: str) -> Callable[..., Any]:
    if template.startswith("["):
        return lambda _, values: list(values)
    if template.startswith("tuple"):
        return lambda _, values: tuple(values)
    glue = next(g for g in _GLUES if template.startswith(f"{g!r}."))
    return lambda _, values: glue.join(values)


def _sifter(template: str, source: Source) -> Callable[..., Any]:
    place = 0 if len(source.names) == 1 else 1
    whole = template.startswith(("[(", "tuple((", "{{("))

    def sift(items: Sequence[Any], marks: Sequence[Any]) -> Any:
        kept = [item for item, mark in zip(items, marks, strict=True) if mark]
        if template.startswith("{{") and ": " in template.partition(" for ")[0]:
            return dict(kept)
        picked = kept if whole else [item[place] for item in kept]
        if template.startswith("["):
            return picked
        if template.startswith("tuple"):
            return tuple(picked)
        return set(picked) if template.startswith("{{") else "".join(picked)

    return sift


def _subsequence(items: Sequence[Any], wanted: Sequence[Any]) -> list[bool] | None:
    """Which items make up the wanted ones, in order; of equal ones all or none where possible."""
    alike = [item in wanted for item in items]
    if [item for item, mark in zip(items, alike, strict=True) if mark] == list(wanted):
        return alike
    marks, place = [], 0
    for item in items:
        here = place < len(wanted) and item == wanted[place]
        place += here
        marks.append(here)
    return marks if place == len(wanted) else None


def _has_pairs(wanted: Sequence[Any]) -> bool:
    items = [item for value in wanted for item in value]
    return bool(items) and all(isinstance(item, tuple) and len(item) == 2 for item in items)


def _shortened(
    items: tuple[list[tuple[Any, ...]] | None, ...], known: int
) -> list[list[tuple[Any, ...]] | None]:
    """Without the elements of some probes, where there would be too many."""
    made: list[list[tuple[Any, ...]] | None] = list(items[:known])
    size = sum(len(row) for row in made if row is not None)
    for row in items[known:]:
        size += len(row or ())
        made.append(row if size <= _PLENTY else None)
    return made
