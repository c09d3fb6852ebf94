"""The free variables of a closure are part of each call of it.

A recorded call of a closure holds, beside its arguments, one keyword per free variable, named with
a dot in front (`.rate`), which no keyword of Python can have. Here such a call becomes a function
of its own, with these values in fresh cells: calls share nothing that the recorded ones did not,
and what a call assigns (`nonlocal`) shows in the state that it leaves.

Nothing is wrapped: what is timed is the closure itself.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any, NamedTuple

#: In front of the name of a free variable among the keywords of a call.
MARK = "."

Arguments = tuple[tuple[Any, ...], dict[str, Any]]


class Bound(NamedTuple):
    """One call and the function that it goes to, free variables in place.

    Attributes:
        cells: of its free variables, by their names.
        waits: how it was suspended, once somebody has driven it (`Outcome.waited`).
    """

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    cells: dict[str, types.CellType]
    waits: list[tuple[int, float]]

    def __call__(self) -> Any:
        """Make the call."""
        return self.function(*self.args, **self.kwargs)

    def state(self) -> Arguments:
        """Arguments and free variables as they are now, in the form of a recorded call."""
        if not self.cells:
            return self.args, self.kwargs
        values = {
            MARK + name: cell.cell_contents for name, cell in self.cells.items() if _is_set(cell)
        }
        return self.args, {**self.kwargs, **values}


def bind(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Bound:
    """A call of `function`, or of a fresh closure like it where its cells are empty.

    A name that the call does not give stays without a value, but for the function's own: a
    closure that calls itself finds itself.
    """
    if not isinstance(function, types.FunctionType) or not (names := free_of(function)):
        return Bound(function, args, kwargs, {}, [])
    cells = {name: types.CellType() for name in names}
    given = {name: kwargs[MARK + name] for name in names if MARK + name in kwargs}
    rest = {name: value for name, value in kwargs.items() if not name.startswith(MARK)}
    made = closed(function, cells)
    for name, value in given.items():
        cells[name].cell_contents = value
    own = function.__name__
    if own in cells and own not in given:
        cells.pop(own).cell_contents = made
    return Bound(made, args, rest, cells, [])


def free_of(function: types.FunctionType) -> tuple[str, ...]:
    """Names of the free variables whose cells are empty: those that calls have to give."""
    pairs = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    return tuple(name for name, cell in pairs if not _is_set(cell))


def closed(function: types.FunctionType, cells: dict[str, types.CellType]) -> types.FunctionType:
    """A function like `function` on other cells, where these name any."""
    pairs = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    made = types.FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        tuple(cells.get(name, there) for name, there in pairs),
    )
    made.__kwdefaults__ = function.__kwdefaults__
    made.__qualname__, made.__module__ = function.__qualname__, function.__module__
    return made


def _is_set(cell: types.CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018 (an empty cell raises)
    except ValueError:
        return False
    return True
