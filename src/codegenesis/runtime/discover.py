"""Finds the functions to evolve in the modules that the application has imported.

    shop.*                   module shop and all below it
    shop.pricing             one module (patterns: *, ?, [ab])
    shop.pricing:quote       one function; shop.cart:Cart.* all methods of a class
    app.py:f, src/shop/*.py  by file, relative to the working directory

Without any target: every module whose file lies under the working directory and is not installed
(site-packages, virtual environments). Nothing is imported and no attribute is evaluated: only
`__dict__`s are read. Dunder methods are left alone unless they are named or decorated.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from codegenesis.runtime.fingerprint import is_installed
from codegenesis.runtime.kinds import behind_contracts, refusal


@dataclass(frozen=True)
class Found:
    """Something in a targeted module: `function` is None when `reason` says why not."""

    module: str
    qualname: str
    path: str
    function: types.FunctionType | None
    owner: type | None
    reason: str


class _Target(NamedTuple):
    where: str
    qualname: str
    by_file: bool


class Targets:
    """The patterns of what to watch.

    Args:
        patterns: as above; none means the application's own modules.
        here: what files are relative to.
    """

    def __init__(self, patterns: Sequence[str], *, here: Path | None = None) -> None:
        self._here = (here or Path.cwd()).absolute()
        self._targets = [_target(pattern, self._here) for pattern in patterns]

    def of_module(self, name: str, file: str) -> list[str]:
        """Patterns of qualified names that are wanted of this module; empty: none of it."""
        if not self._targets:
            inside = file.startswith(f"{self._here}/") and not is_installed(file)
            return [""] if inside and not _own(name) else []
        return [t.qualname for t in self._targets if _matches(t, name, file)]


def complete(module: types.ModuleType) -> bool:
    """Is this module through with its import?"""
    return not getattr(_space(module).get("__spec__"), "_initializing", False)


def importing() -> bool:
    """Is any module in the middle of its import?"""
    return any(
        not complete(each) for each in list(sys.modules.values()) if _is(each, types.ModuleType)
    )


def modules(seen: dict[str, int]) -> Iterator[tuple[str, types.ModuleType, str]]:
    """Name, module and file of complete modules that are not in `seen` yet; adds them to it."""
    for name, module in list(sys.modules.items()):
        if seen.get(name) == id(module) or name == "__mp_main__":
            continue
        if not _is(module, types.ModuleType) or not complete(module):
            continue
        seen[name] = id(module)
        file = _space(module).get("__file__")
        if isinstance(file, str) and file.endswith(".py"):
            yield name, module, str(Path(file).absolute())


def search(name: str, module: types.ModuleType, file: str, wanted: Sequence[str]) -> list[Found]:
    """All functions and methods that a module defines and that are wanted."""
    names = {name, str(_space(module).get("__name__", ""))}
    if "__main__" in names:
        names.add("__mp_main__")
    found = []
    for qualname, owner, value in _members(module, names):
        if not any(_wants(pattern, qualname) for pattern in wanted):
            continue
        if _code_file(value) != file:
            continue
        value = behind_contracts(value)  # noqa: PLW2901
        reason = refusal(value)
        function = value if type(value) is types.FunctionType and not reason else None
        found.append(Found(name, qualname, file, function, owner, reason))
    return found


def _members(module: types.ModuleType, names: set[str]) -> Iterator[tuple[str, type | None, Any]]:
    value: Any
    for value in list(_space(module).values()):
        if _is(value, type):
            if value.__module__ in names and "<locals>" not in value.__qualname__:
                yield from _methods(value, names)
        elif _defined(value, names):
            yield _inside(value).__qualname__, None, value


def _methods(cls: type, names: set[str]) -> Iterator[tuple[str, type | None, Any]]:
    for value in list(vars(cls).values()):
        if _is(value, type):
            if value.__qualname__.startswith(f"{cls.__qualname__}."):
                yield from _methods(value, names)
            continue
        inner = _inside(value)
        if _defined(inner, names) and inner.__qualname__.startswith(f"{cls.__qualname__}."):
            yield inner.__qualname__, cls, value


def _defined(value: Any, names: set[str]) -> bool:
    """Is this a function, or a callable around one, that this very module defines?"""
    inner = value if type(value) is types.FunctionType else _wrapped(value)
    return inner is not None and inner.__module__ in names and "<" not in inner.__qualname__


def _wrapped(value: object) -> types.FunctionType | None:
    try:
        inner = object.__getattribute__(value, "__dict__").get("__wrapped__")
    except AttributeError:
        return None
    return inner if type(inner) is types.FunctionType else None


def _inside(value: Any) -> Any:
    """The function inside a property, a class method or a static method."""
    if _is(value, property):
        value = value.fget
    elif _is(value, classmethod) or _is(value, staticmethod):
        value = value.__func__
    return _wrapped(value) or value


def _wants(pattern: str, qualname: str) -> bool:
    bare = qualname.rpartition(".")[2]
    if not pattern or pattern == "*":
        return not (bare.startswith("__") and bare.endswith("__")) or bare == "__call__"
    return fnmatchcase(qualname, pattern)


def _target(pattern: str, here: Path) -> _Target:
    where, _, qualname = pattern.partition(":")
    by_file = where.endswith(".py") or "/" in where
    return _Target(str(here / where) if by_file else where, qualname, by_file)


def _matches(target: _Target, name: str, file: str) -> bool:
    if target.by_file:
        return fnmatchcase(file, target.where)
    names = {name, Path(file).stem} if name == "__main__" else {name}
    whole = target.where.removesuffix(".*")
    return any(fnmatchcase(each, target.where) or each == whole for each in names)


def _own(name: str) -> bool:
    """CodeGenesis in a checkout lies under the working directory of its developers."""
    return name == "codegenesis" or (
        name.startswith("codegenesis.") and not name.startswith("codegenesis.demo.")
    )


def _code_file(value: Any) -> str:
    inner = _inside(value)
    code = inner.__code__ if type(inner) is types.FunctionType else None
    return str(Path(code.co_filename).absolute()) if code else ""


def _is(value: object, cls: type) -> bool:
    """`isinstance` would ask a proxy for its `__class__`, and wake up what stands behind it."""
    return issubclass(type(value), cls)


def _space(module: types.ModuleType) -> dict[str, object]:
    """A module's dict, without waking up one that imports itself at first use."""
    space: dict[str, object] = object.__getattribute__(module, "__dict__")
    return space
