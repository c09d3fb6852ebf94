"""What may be kept of whose calls: one setting for all targets, and a table for single ones.

Patterns are those of `codegenesis.runtime.discover`: `shop.auth.*` is the module and all below it,
`shop.auth:login` one function, `shop.cart:Cart.*` the methods of a class. Where several fit, the
longest decides, so that an exception can be made inside a module that is kept out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache


def modes(default: str, table: Mapping[str, str]) -> Callable[[str], str]:
    """A function from a target (`module:qualname`) to its capture mode.

    Args:
        default: where no pattern fits (`Config.capture`).
        table: pattern to mode (`Config.capture_for`).
    """
    ranked = sorted(table.items(), key=lambda item: (-len(item[0]), item[0]))

    @lru_cache(maxsize=4096)
    def mode_of(target: str) -> str:
        return next((mode for pattern, mode in ranked if _fits(pattern, target)), default)

    return mode_of


def _fits(pattern: str, target: str) -> bool:
    where, _, wanted = pattern.partition(":")
    module, _, qualname = target.partition(":")
    if not (fnmatchcase(module, where) or module == where.removesuffix(".*")):
        return False
    return not wanted or fnmatchcase(qualname, wanted)
