"""What may be kept of whose calls: one setting for all targets, and a table for single ones.

Patterns are those of targets (`codegenesis.runtime.discover`): `shop.auth.*` is the module and all
below it, `shop.auth:login` one function, `shop.cart:Cart.*` the methods of a class, `src/auth/*.py`
files; a script that runs as `__main__` goes by the name of its file as well. Where several fit, the
longest decides, so that an exception can be made inside a module that is kept out.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path

from codegenesis.runtime.discover import Targets


def modes(
    default: str, table: Mapping[str, str], *, here: Path | None = None
) -> Callable[[str], str]:
    """A function from a target (`module:qualname`) to its capture mode.

    Args:
        default: where no pattern fits (`Config.capture`).
        table: pattern to mode (`Config.capture_for`).
        here: what files are relative to; the working directory when None.
    """
    longest_first = sorted(table.items(), key=lambda item: (-len(item[0]), item[0]))
    ranked = [(Targets([pattern], here=here), mode) for pattern, mode in longest_first]

    @lru_cache(maxsize=4096)
    def mode_of(target: str) -> str:
        module, _, qualname = target.partition(":")
        file = _file(module)
        for targets, mode in ranked:
            wanted = targets.of_module(module, file)
            if any(not each or fnmatchcase(qualname, each) for each in wanted):
                return mode
        return default

    return mode_of


def _file(module: str) -> str:
    """Where an imported module's source is; empty when it is not imported or has none."""
    found = getattr(sys.modules.get(module), "__dict__", {}).get("__file__")
    return str(Path(found).absolute()) if isinstance(found, str) else ""
