"""Which classes travel by their state, and how that state is read without running their code.

A class qualifies when all that its instances hold is `__dict__` and `__slots__` (or, for a
namedtuple, the tuple's items) and nothing about it says that copying state is not enough: no
`__reduce__`, `__setstate__`, `__setattr__`, `__del__` and the like of its own, unless dataclasses,
attrs or pydantic wrote it. Exceptions travel by their arguments and state, classes themselves by
their name. Reading goes
through the descriptors that CPython made for the class, so no property, `__getattr__` or
`__getattribute__` of the user's runs, neither in their process nor at our boundary.
"""

from __future__ import annotations

import enum
import sys
import types
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple
from weakref import WeakKeyDictionary

from codegenesis.errors import WireError

_HOOKS = frozenset(
    {
        "__reduce__",
        "__reduce_ex__",
        "__getstate__",
        "__setstate__",
        "__getnewargs__",
        "__getnewargs_ex__",
        "__setattr__",
        "__delattr__",
        "__getattribute__",
        "__del__",
    }
)
_GENERATED_BY = frozenset({"dataclasses", "collections", "attr._make"})
_HEAP_TYPE, _EXCEPTION, _CLASS = 1 << 9, 1 << 30, 1 << 31
_POINTER = 8

_read_mro = type.__dict__["__mro__"].__get__
_read_dict = type.__dict__["__dict__"].__get__


class Shape(NamedTuple):
    """How instances of one class are taken apart and put together.

    Attributes:
        name: `module:qualname`.
        member_by: what identifies a member of an enum; flags combine, so theirs is the value.
        slots: name and member descriptor of each slot, bases first.
        state: descriptor of `__dict__`, None when instances have none.
        frozen: instances cannot be changed, so it does not matter which of two equal ones it is.
    """

    kind: Literal["enum", "namedtuple", "instance", "exception", "class"]
    name: str
    member_by: Literal["name", "value"] = "name"
    slots: tuple[tuple[str, Any], ...] = ()
    state: Any = None
    frozen: bool = False


_shapes: WeakKeyDictionary[type, Shape] = WeakKeyDictionary()


def shape_of(cls: type) -> Shape:
    """The shape of a class, worked out once.

    Raises:
        WireError: instances of this class cannot travel, with the reason.
    """
    shape = _shapes.get(cls)
    if shape is None:
        shape = _shapes[cls] = _work_out(cls)
    return shape


def type_name(cls: type, *, separator: str = ".") -> str:
    """`module.qualname`, with one name for the main script wherever it was loaded."""
    module = str(cls.__module__)
    if module == "__mp_main__":
        module = "__main__"
    return f"{module}{separator}{cls.__qualname__}"


def _work_out(cls: type) -> Shape:
    name = type_name(cls, separator=":")
    if cls.__flags__ & _CLASS:
        return Shape("class", name)
    if cls.__flags__ & _EXCEPTION and find(cls.__module__, cls.__qualname__) is cls:
        return _exception(cls, name)
    if not cls.__flags__ & _HEAP_TYPE:
        raise WireError(f"cannot be encoded: {name.removeprefix('builtins:')}")
    if find(cls.__module__, cls.__qualname__) is not cls:
        raise WireError(f"cannot be encoded: {name} is not found in its module under that name")
    mro = _read_mro(cls)
    if enum.EnumMeta in _read_mro(type(cls)):
        return Shape("enum", name, "value" if enum.Flag in mro else "name")
    for base in mro[:-1]:
        if base is not tuple:
            _check_class(base, name)
    state = next((_read_dict(b)["__dict__"] for b in mro if "__dict__" in _read_dict(b)), None)
    if tuple in mro:
        if not any("_fields" in _read_dict(base) for base in mro):
            raise WireError(f"cannot be encoded: {name} is a subclass of tuple")
        return Shape("namedtuple", name, state=state)
    slots = _slots(mro)
    if cls.__basicsize__ > object.__basicsize__ + _POINTER * (len(slots) + 2):
        raise WireError(f"cannot be encoded: {name} holds more than attributes")
    return Shape("instance", name, slots=slots, state=state, frozen=_is_frozen(cls))


def _exception(cls: type, name: str) -> Shape:
    for base in _read_mro(cls):
        if not base.__flags__ & _HEAP_TYPE:
            break
        _check_class(base, name)
        if _slots((base,)):
            raise WireError(f"cannot be encoded: {name} has slots")
    return Shape("exception", name, state=_read_dict(BaseException)["__dict__"])


def _is_frozen(cls: type) -> bool:
    return getattr(_read_dict(cls).get("__dataclass_params__"), "frozen", False) is True


def read_dict(value: object) -> dict[str, Any]:
    """`__dict__`, past whatever the class says of it."""
    state: dict[str, Any] = object.__getattribute__(value, "__dict__")
    return state


def find(module: str, qualname: str) -> object:
    """What a loaded module holds under that name; plain dict look-ups only."""
    found: object = sys.modules.get(module)
    for part in qualname.split("."):
        space: Mapping[str, object] = {}
        if isinstance(found, types.ModuleType):
            space = types.ModuleType.__getattribute__(found, "__dict__")
        elif isinstance(found, type):
            space = _read_dict(found)
        found = space.get(part)
    return found


def _check_class(cls: type, name: str) -> None:
    space = _read_dict(cls)
    if (cls.__module__, cls.__qualname__) == ("pydantic.main", "BaseModel"):
        return  # what it keeps is in slots and `__dict__`; its hooks copy just these
    if not cls.__flags__ & _HEAP_TYPE or isinstance(space.get("__new__"), types.BuiltinMethodType):
        raise WireError(f"cannot be encoded: {name} is made of {type_name(cls)}, which holds more")
    frozen = getattr(space.get("__dataclass_params__"), "frozen", False)
    for hook in sorted(_HOOKS & space.keys()):
        if frozen and hook in ("__setattr__", "__delattr__"):
            continue
        if getattr(space[hook], "__wrapped__", None) is vars(object).get(hook, space):
            continue  # icontract checks a class's invariants around them
        if getattr(space[hook], "__module__", "") not in _GENERATED_BY:
            raise WireError(f"cannot be encoded: {name} defines its own {hook}")


def _slots(mro: tuple[type, ...]) -> tuple[tuple[str, Any], ...]:
    return tuple(
        (slot, descriptor)
        for base in reversed(mro)
        for slot, descriptor in _read_dict(base).items()
        if type(descriptor) is types.MemberDescriptorType
    )
