"""Which operators there are: the built-in ones and those of installed packages."""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import entry_points

from codegenesis.core.operator import Operator
from codegenesis.core.operators import BUILT_IN
from codegenesis.errors import UsageError

#: Entry points of this group name an `Operator` or something that makes one when called.
GROUP = "codegenesis.operators"


@lru_cache(maxsize=1)
def operators() -> tuple[Operator, ...]:
    """All operators, built-in ones first.

    Raises:
        UsageError: an entry point does not name an operator, or a name is taken.
    """
    found: dict[str, Operator] = {operator.name: operator for operator in BUILT_IN}
    for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name):
        loaded = entry.load()
        made = loaded() if isinstance(loaded, type) else loaded
        if not isinstance(made, Operator):
            raise UsageError(
                f"expected an operator behind the entry point {entry.value!r}, got {made!r}",
                remedy="An operator has name, improves, applies() and write().",
            )
        if made.name in found:
            raise UsageError(
                f"two operators are called {made.name!r}",
                remedy=f"Rename or uninstall the one behind {entry.value!r}.",
            )
        found[made.name] = made
    return tuple(found.values())


def operator(name: str) -> Operator:
    """The operator of that name.

    Raises:
        UsageError: there is none.
    """
    for candidate in operators():
        if candidate.name == name:
            return candidate
    names = ", ".join(candidate.name for candidate in operators())
    raise UsageError(f"there is no operator {name!r}", remedy=f"Choose one of: {names}.")
