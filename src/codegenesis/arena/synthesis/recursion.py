"""Functions that call themselves: on the two numbers before, and on what is nested."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from codegenesis.arena.comparing import meets
from codegenesis.arena.synthesis.bank import Bank, Entry, Part, constant, leaf
from codegenesis.arena.synthesis.grammar import small
from codegenesis.arena.synthesis.problem import Problem
from codegenesis.arena.synthesis.values import ERR

_DEEPEST = 60
_SAMPLES: tuple[tuple[str, list[Any]], ...] = (
    ("n", [2, 3, 4, 5, 7, 6, 9, 8]),
    ("before", [1, 2, 0, 5, 3, 8, 1, 13]),
    ("earlier", [1, 0, 3, 2, 2, 5, 7, 8]),
)
_BASES = ((0, 1), (1, 1), (1, 2), (0, 0), (2, 1))
_MOST = 3000
_TURN = 40

Solved = Callable[[Entry, str], None]
Itself = Callable[[Any], Any]
_FLAT = """\
result = []
for item in {name}:
    if isinstance(item, list):
        result.extend({call}(item))
    else:
        result.append(item)
return result
"""
_OVER = "return {form}({call}(item) if isinstance(item, list) else {leaf} for item in {name})"
_DEPTH = (
    "return 1 + max(({call}(item) for item in {name} if isinstance(item, list)), default={zero})"
)


def recursions(problem: Problem, solved: Solved) -> list[Iterator[None]]:
    """Strategies for functions of one argument."""
    if len(problem.names) != 1:
        return []
    column = problem.columns[0]
    if all(type(value) is int for value in column) and set(map(type, problem.wanted)) == {int}:
        return [_numbers(problem, solved)]
    if all(isinstance(value, list) for value in column):
        return [_nested(problem, solved)]
    return []


def _numbers(problem: Problem, solved: Solved) -> Iterator[None]:
    """`f(n) = STEP(n, f(n - 1), f(n - 2))`."""
    rows = len(_SAMPLES[0][1])
    leaves = [leaf(name, column, slot=slot) for slot, (name, column) in enumerate(_SAMPLES)]
    leaves += [constant(repr(n), n, rows) for n in (1, 2)]
    bank = Bank(leaves, small({"int"}), known=rows, most=_MOST, largest=6)
    done = 0
    for _ in bank.grow():
        yield
        fresh, done = bank.entries[done:], len(bank.entries)
        for number, entry in enumerate(fresh):
            if entry.kinds[0] == "int" and "earlier" in entry.render():
                for bases in _BASES:
                    _try_number(problem, solved, entry, bases)
            if number % _TURN == _TURN - 1:
                yield


def _try_number(problem: Problem, solved: Solved, entry: Entry, bases: tuple[int, int]) -> None:
    step = entry.closure()

    def run(n: int) -> int:
        if n < 2:
            return bases[n]
        if n > 300:
            raise OverflowError
        before, earlier = bases[1], bases[0]
        for k in range(2, n + 1):
            before, earlier = step((k, before, earlier)), before
        return before

    values = _values(problem, run)
    if values:
        (name,) = problem.names
        call = _own_name(problem)
        text = entry.render().replace("earlier", f"{call}({name} - 2)")
        text = text.replace("before", f"{call}({name} - 1)")
        if name != "n":
            text = _renamed(entry, name, call)
        base = "n" if bases == (0, 1) else str(bases[0]) if bases[0] == bases[1] else ""
        base = name if base == "n" else base or f"{bases[1]} if {name} == 1 else {bases[0]}"
        _tell(solved, values, 5, entry, f"if {name} < 2:\n    return {base}\nreturn {text}")


def _renamed(entry: Entry, name: str, call: str) -> str:
    if entry.part.slot >= 0:
        return (name, f"{call}({name} - 1)", f"{call}({name} - 2)")[entry.part.slot]
    if not entry.kids:
        return entry.part.text
    return entry.part.text.format(*(_renamed(kid, name, call) for kid in entry.kids))


def _nested(problem: Problem, solved: Solved) -> Iterator[None]:
    """Lists in lists, to any depth."""
    (name,) = problem.names
    call = _own_name(problem)
    for tail, run in _templates():
        values = _values(problem, run)
        if values:
            text = tail.replace("{name}", name).replace("{call}", call)
            part = Part("", cost=8, tail=text.replace("{", "{{").replace("}", "}}"), slot=1000)
            solved(Entry(values, 8, part, whole=not any(v is ERR for v in values)), "recursion")
        yield


def _templates() -> Iterator[tuple[str, Callable[[Any], Any]]]:
    yield _FLAT, _flat
    for zero in (0, 1):
        yield _DEPTH.replace("{zero}", str(zero)), _depth(zero)
    for form, fold in _FORMS:
        for text, fn in _LEAVES:
            yield _OVER.replace("{form}", form).replace("{leaf}", text), _over(fold, fn)


_FORMS: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("sum", sum),
    ("max", max),
    ("min", min),
    ("all", all),
    ("any", any),
    ("list", list),
)
_LEAVES: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("item", lambda item: item),
    ("1", lambda _: 1),
    ("item * item", lambda item: item * item),
    ("item + 1", lambda item: item + 1),
    ("item * 2", lambda item: item * 2),
    ("-item", lambda item: -item),
    ("str(item)", str),
    ("item % 2", lambda item: item % 2),
    ("item > 0", lambda item: item > 0),
)


def _flat(items: Any) -> list[Any]:
    made: list[Any] = []
    for item in items:
        made.extend(_flat(item) if isinstance(item, list) else [item])
    return made


def _depth(zero: int) -> Itself:
    def run(items: Any) -> Any:
        return 1 + max((run(item) for item in items if isinstance(item, list)), default=zero)

    return run


def _over(fold: Callable[[Any], Any], of: Callable[[Any], Any]) -> Itself:
    def run(items: Any) -> Any:
        return fold(run(item) if isinstance(item, list) else of(item) for item in items)

    return run


def _values(problem: Problem, run: Itself) -> tuple[Any, ...] | None:
    (column,) = problem.columns
    for value, wanted in zip(column, problem.wanted, strict=False):
        if not meets(_or_err(run, value), wanted, lenient=problem.lenient):
            return None
    return tuple(_or_err(run, value) for value in column)


def _or_err(run: Itself, value: Any) -> Any:
    try:
        return run(value)
    except Exception:  # noqa: BLE001 (whatever a step makes of odd values)
        return ERR


def _own_name(problem: Problem) -> str:
    owner = problem.qualname.rpartition(".")[0]
    return f"{owner}.{problem.function}" if owner else problem.function


def _tell(solved: Solved, values: Sequence[Any], cost: int, entry: Entry, tail: str) -> None:
    part = Part("", cost=cost, tail=tail.replace("{", "{{").replace("}", "}}"), slot=1000)
    whole = not any(value is ERR for value in values)
    solved(Entry(tuple(values), cost + entry.cost, part, whole=whole), "recursion")
