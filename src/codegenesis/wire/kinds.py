"""Types of the standard library that travel as parts, from which one call makes them again.

A `Kind` takes a value apart into plain parts and makes it of them; the node is the kind's name and
the parts' nodes (`tags.BUILT`). What the name says is looked up in a table, never imported. Only
the exact types are taken, so what runs is the library's own code.
"""

from __future__ import annotations

import gc
import re
import sys
import types
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from codegenesis.errors import WireError
from codegenesis.wire import tags
from codegenesis.wire.shapes import find, read_dict
from codegenesis.wire.walk import Handler, Walk, items, tracked

_T = TypeVar("_T")

#: What a reference is called on the wire; whoever decodes it decides what it may mean.
REFERENCE = "builtins:reference"


class Driven(NamedTuple):
    """What a generator or an iterator gave, for it does not travel itself.

    Attributes:
        kind: name of its type.
        items: what it gave, up to a bound.
        ending: `returned`, `raised` or `more`: the bound was reached.
        value: what it returned; the encoded exception.
        probes: how it goes about it, for comparison.
    """

    kind: str
    items: list[Any]
    ending: str
    value: Any
    probes: tuple[Any, ...]


class Kind(NamedTuple):
    """How one type is taken apart and made.

    Attributes:
        take: parts of a value, which are encoded in their turn; raises WireError.
        make: the value from its parts, in the jail only; what it raises is an error in the data.
        check: raises WireError or ValueError for parts that cannot be right; for who only reads.
        mutable: counts by identity.
    """

    take: Callable[[Any], tuple[object, ...]]
    make: Callable[..., object]
    check: Callable[..., object] = lambda *_: None
    mutable: bool = False


def handler(name: str, kind: Kind) -> Handler:
    """Encodes values of a kind."""

    def body(walk: Walk, value: object) -> object:
        parts = taken(kind.take, value)
        walk.keep(parts)
        walk.spend(len(name) + len(parts))
        return {tags.BUILT: [name, *items(walk, parts)]}

    return tracked(body) if kind.mutable else body


def taken(take: Callable[[Any], _T], value: object) -> _T:
    """What `take` says; whatever goes wrong in it, this value does not travel."""
    try:
        return take(value)
    except WireError:
        raise
    except Exception as error:  # noqa: BLE001 (boundary to other libraries' code)
        name = type(value).__name__
        raise WireError(f"cannot be encoded: {name} ({type(error).__name__}: {error})") from None


def reference(walk: Walk, value: Any) -> object:
    """A class or function by its name, if that is where it is found."""
    module, qualname = value.__module__, value.__qualname__
    if type(module) is not str or find(module, qualname) is not value:
        raise WireError(
            f"cannot be encoded: the {type(value).__name__} {qualname!r} is not found in its module"
        )
    home = "__main__" if module == "__mp_main__" else module
    walk.spend(len(home) + len(qualname))
    return {tags.BUILT: [REFERENCE, f"{home}:{qualname}"]}


def _text(value: object) -> tuple[object, ...]:
    return (str(value),)


def _of(module: str, name: str) -> Callable[..., object]:
    def make(*parts: object) -> object:
        __import__(module)
        return vars(sys.modules[module])[name](*parts)

    return make


def _by_text(module: str, *names: str) -> dict[str, Kind]:
    return {f"{module}:{name}": Kind(_text, _of(module, name), _one_text) for name in names}


def _one_text(text: object) -> None:
    if type(text) is not str:
        raise WireError("expected text")


def _namespace(state: dict[str, object]) -> types.SimpleNamespace:
    made = types.SimpleNamespace()
    vars(made).update(state)
    return made


def _behind(proxy: object) -> tuple[object, ...]:
    """The mapping that a proxy shows; it has no attribute for it."""
    behind = gc.get_referents(proxy)
    if len(behind) != 1 or type(behind[0]) is not dict:
        raise WireError("cannot be encoded: a mappingproxy of something else than a dict")
    return (behind[0],)


def _partial(value: Any) -> tuple[object, ...]:
    if read_dict(value):
        raise WireError("cannot be encoded: a partial with attributes")
    return value.func, value.args, value.keywords


def _viewed(view: memoryview) -> tuple[object, ...]:
    """The object behind, so that sharing shows; what a part of it shows, where it is a part."""
    if view.format != "B" or view.ndim != 1:
        raise WireError("cannot be encoded: a memoryview of something else than bytes")
    behind = view.obj
    if isinstance(behind, bytes | bytearray) and view.nbytes == len(behind) and view.contiguous:
        return (behind,)
    return (bytes(view),)


def _exception(name: object, args: object, state: object) -> None:
    if type(name) is not str or type(args) is not tuple or type(state) is not dict:
        raise WireError("expected name, arguments and state of an exception")


def _driven(kind: object, items: object, ending: object, value: object, probes: object) -> None:
    if (type(kind), type(items), type(probes)) != (str, list, tuple):
        raise WireError("expected kind, items and probes of an iterator")
    if ending not in ("returned", "raised", "more") or (ending == "raised") > (
        type(value) is bytes
    ):
        raise WireError("expected how an iterator ended")


KINDS: dict[str, Kind] = {
    **_by_text("pathlib", "PurePosixPath", "PureWindowsPath", "PosixPath", "WindowsPath"),
    **_by_text("ipaddress", "IPv4Address", "IPv4Network", "IPv4Interface"),
    **_by_text("ipaddress", "IPv6Address", "IPv6Network", "IPv6Interface"),
    "re:Pattern": Kind(lambda p: (p.pattern, p.flags & ~re.DEBUG), re.compile),
    "array:array": Kind(
        lambda value: (value.typecode, value.tolist()), _of("array", "array"), mutable=True
    ),
    "types:SimpleNamespace": Kind(
        lambda value: (dict(read_dict(value)),), _namespace, mutable=True
    ),
    "functools:partial": Kind(
        _partial,
        lambda f, args, named: _of("functools", "partial")(f, *args, **named),
        mutable=True,  # it keeps a dict of its own
    ),
    "builtins:mappingproxy": Kind(_behind, types.MappingProxyType),
    "builtins:memoryview": Kind(_viewed, memoryview),
    "codegenesis:driven": Kind(tuple, Driven, _driven),
}

#: These two are made by the decoder, which knows how names are resolved.
CHECKS: dict[str, Callable[..., object]] = {
    REFERENCE: _one_text,
    "builtins:exception": _exception,
}

#: Types that no module holds under their name.
BY_TYPE: dict[type, Handler] = {
    Driven: handler("codegenesis:driven", KINDS["codegenesis:driven"]),
    types.MappingProxyType: handler("builtins:mappingproxy", KINDS["builtins:mappingproxy"]),
    memoryview: handler("builtins:memoryview", KINDS["builtins:memoryview"]),
}
