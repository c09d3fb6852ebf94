"""Finds the functions to evolve in the modules that the application has imported.

    shop.*                   module shop and all below it
    shop.pricing             one module (patterns: *, ?, [ab])
    shop.pricing:quote       one function; shop.cart:Cart.* all methods of a class
    app.py:f, src/shop/*.py  by file, relative to the working directory

Without any target: every module whose file lies under the working directory and is not installed
(site-packages, virtual environments). Nothing is imported and no attribute is evaluated: only
`__dict__`s are read. Dunder methods are left alone unless they are named or decorated.

Functions inside functions are found in the code of the outer ones, whether they were made yet or
not, under names like `shop.pricing:outer.<locals>.inner` (or `shop.pricing:outer.*`).
"""

from __future__ import annotations

import os
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

from codegenesis.fragment import inner, layers, mangle
from codegenesis.runtime.fingerprint import is_installed
from codegenesis.runtime.kinds import shape

#: Why what a decorator took is not evolved, where nothing leads to it.
_HIDDEN = "its decorator hides it; let the wrapper say what it wraps (functools.wraps)"


#: Where the command was started: what files in targets are relative to, whatever a child does.
HERE = "CODEGENESIS_INTERNAL_HERE"


def here() -> Path:
    """What files in targets are relative to."""
    return Path(os.environ.get(HERE) or Path.cwd())


@dataclass(frozen=True)
class Found:
    """Something in a targeted module.

    Attributes:
        function: it, or the one that it is inside of; None when `reason` says why not.
        inside: names of the `def`s in `function` that lead to it.
    """

    module: str
    qualname: str
    path: str
    function: types.FunctionType | None
    owner: type | None
    reason: str
    inside: tuple[str, ...] = ()


#: What was looked at, by id and name, so that it is not looked at again; functions are held, for
#: else another could have their id later.
Known = dict[tuple[int, str], types.FunctionType | None]

#: The code that a function was compiled to (`Registry.program`).
Program = Callable[[types.FunctionType], types.CodeType]


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


def search(
    name: str,
    module: types.ModuleType,
    file: str,
    wanted: Sequence[str],
    *,
    program: Program = attrgetter("__code__"),
    known: Known | None = None,
) -> list[Found]:
    """All functions and methods that a module defines and that are wanted, those inside as well.

    Args:
        known: what need not be found again; grows.
    """
    known = {} if known is None else known
    names = {name, str(_space(module).get("__name__", ""))}
    if "__main__" in names:
        names.add("__mp_main__")
    found: list[Found] = []
    for qualname, owner, value in _members(module, names):
        seen = id(value), f"{name}:{qualname}"  # by module: others may have imported it
        if seen in known:
            continue
        function = known[seen] = _called(value, qualname)
        hidden = None if function else _hidden(value, qualname)
        if hidden and _is_of(hidden, names, file):
            found.append(Found(name, qualname, file, None, owner, _HIDDEN))
        elif function and _is_of(function, names, file):
            place = Found(name, qualname, file, function, owner, "")
            found += _all_of(place, program(function))
    return [each for each in found if _is_wanted(each, wanted)]


def _is_of(function: types.FunctionType, names: set[str], file: str) -> bool:
    path = function.__code__.co_filename
    return function.__module__ in names and str(Path(path).absolute()) == file


def _all_of(place: Found, code: types.CodeType) -> Iterator[Found]:
    """What stands there, and what is inside."""
    assert place.function is not None
    reason = shape(code)
    yield replace(place, function=None if reason else place.function, reason=reason)
    if code.co_name == "<lambda>":
        return
    within = {each.co_name: each for each in inner(code)}  # the last of a name wins
    for name, each in within.items():
        qualname = place.qualname + each.co_qualname.removeprefix(code.co_qualname)
        yield from _all_of(replace(place, qualname=qualname, inside=(*place.inside, name)), each)


def _is_wanted(found: Found, wanted: Sequence[str]) -> bool:
    return any(_wants(pattern, found.qualname) for pattern in wanted)


def _members(module: types.ModuleType, names: set[str]) -> Iterator[tuple[str, type | None, Any]]:
    """Qualified names, classes and what stands there."""
    value: Any
    for name, value in list(_space(module).items()):
        if _is(value, type):
            if value.__module__ in names and "<locals>" not in value.__qualname__:
                yield from _methods(value)
        else:
            yield name, None, value


def _methods(cls: type) -> Iterator[tuple[str, type | None, Any]]:
    for name, value in list(vars(cls).items()):
        if _is(value, type):
            if value.__qualname__.startswith(f"{cls.__qualname__}."):
                yield from _methods(value)
        else:
            yield f"{cls.__qualname__}.{_written(name, cls.__name__)}", cls, value


def _written(name: str, owner: str) -> str:
    """The name in the source of what stands under a mangled one."""
    bare = name.removeprefix(f"_{owner.lstrip('_')}")
    return bare if mangle(bare, owner) == name else name


def _called(value: object, qualname: str) -> types.FunctionType | None:
    """The function of that name behind decorators, or a lambda that was given the name."""
    functions = [each for each in layers(value) if type(each) is types.FunctionType]
    for function in functions:
        code = function.__code__
        if code.co_qualname == qualname or code.co_qualname.endswith("<lambda>"):
            return function
    return None


def _hidden(value: object, qualname: str) -> types.FunctionType | None:
    """The function of that name in a variable of a wrapper that does not say what it wraps."""
    wrappers = (each for each in layers(value) if type(each) is types.FunctionType)
    for cell in (cell for each in wrappers for cell in each.__closure__ or ()):
        with suppress(ValueError):
            held = cell.cell_contents
            if type(held) is types.FunctionType and held.__code__.co_qualname == qualname:
                return held
    return None


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


def _is(value: object, cls: type) -> bool:
    """`isinstance` would ask a proxy for its `__class__`, and wake up what stands behind it."""
    return issubclass(type(value), cls)


def _space(module: types.ModuleType) -> dict[str, object]:
    """A module's dict, without waking up one that imports itself at first use."""
    space: dict[str, object] = object.__getattribute__(module, "__dict__")
    return space
