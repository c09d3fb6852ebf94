"""numpy arrays and scalars: what they hold, by an allow-list of dtypes.

Two arrays are the same value when dtype, shape, bytes (with one NaN) and the writeable flag are.
Memory order is no part of a result; of arguments it is, because a call is replayed and `x.ravel()`
of a strided array is a copy. Sharing is seen through views: an array counts as its root does.
What is not on the list: long double (its padding is noise), void, objects inside structures.

numpy itself is only touched where there already are arrays, or where they are made in the jail.
"""

from __future__ import annotations

import importlib
import math
import re
from typing import Any, NamedTuple

from codegenesis.errors import WireError
from codegenesis.wire import tags
from codegenesis.wire.kinds import Kind, taken
from codegenesis.wire.walk import HANDLERS as BY_TYPE
from codegenesis.wire.walk import Handler, Walk, items, too_large

_NAME, _UNTRACKED, _SCALAR = "numpy:ndarray", "numpy:data", "numpy:scalar"
_READ_ONLY, _FORTRAN, _STRIDED = 1, 2, 4
_UNITS = r"(?:\[\d{0,9}(?:Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)\])?"
_DTYPE = re.compile(
    rf"\|b1|\|[iu]1|[<>][iu][248]|[<>]f[248]|[<>]c(?:8|16)|[<>][mM]8{_UNITS}|\|S\d{{1,9}}|[<>]U\d{{1,9}}|\|O"
)
_MOST_DIMENSIONS = 64
_SCALARS = (
    *("bool", "bool_", "str_", "bytes_", "void", "datetime64", "timedelta64"),
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
    *("longlong", "ulonglong", "intc", "uintc"),
    *("float16", "float32", "float64", "complex64", "complex128"),
)


class Data(NamedTuple):
    """An array inside another value, which nobody holds: it has no identity of its own."""

    array: Any


def _numpy() -> Any:
    return importlib.import_module("numpy")


# --- taken apart ----------------------------------------------------------------------------------


def described(dtype: Any) -> Any:
    """A dtype as plain data; raises WireError for one that may not travel."""
    if dtype.names is None:
        if not _DTYPE.fullmatch(dtype.str):
            raise WireError(f"cannot be encoded: a numpy array of {dtype}")
        return dtype.str
    fields = tuple(_field(name, *dtype.fields[name]) for name in dtype.names)
    return dtype.itemsize, dtype.isalignedstruct, fields


def _field(name: str, dtype: Any, offset: int, *title: object) -> tuple[object, ...]:
    if title or dtype.hasobject:
        raise WireError("cannot be encoded: a numpy structure with titles or objects")
    base, shape = dtype.subdtype or (dtype, ())
    return name, described(base), shape, offset


def _bytes(array: Any) -> object:
    """Bytes in C order; those of each field of a structure; the items of an object array."""
    if array.dtype.names is not None:
        return tuple(_bytes(array[name]) for name in array.dtype.names)
    kind = array.dtype.kind
    if kind == "O":
        return tuple(array.ravel().tolist())
    if kind in "fc":
        array = _one_nan(array)
    elif kind == "b":
        array = _numpy().where(array, True, False)
    return array.tobytes()


def _one_nan(array: Any) -> Any:
    """A NaN has many bit patterns, and none of them means anything."""
    np = _numpy()
    if not np.isnan(array).any():
        return array
    array = array.copy()
    for part in (array.real, array.imag) if array.dtype.kind == "c" else (array,):
        part[np.isnan(part)] = np.nan
    return array


def _parts(walk: Walk, array: Any, *, layout: bool) -> tuple[object, ...]:
    if max(array.nbytes, array.size) > walk.left:  # before it is copied; its parts are charged
        raise too_large(walk.limit)
    walk.spend(array.ndim)
    flags = array.flags
    order = 0
    if layout and not flags.c_contiguous:
        order = _FORTRAN if flags.f_contiguous else _STRIDED
    order |= not flags.writeable
    return described(array.dtype), array.shape, taken(_bytes, array), order


def _content(walk: Walk, array: Any, *, name: str = _NAME, layout: bool = False) -> object:
    parts = _parts(walk, array, layout=layout)
    walk.keep(parts)
    return {tags.BUILT: [name, *items(walk, parts)]}


def _ndarray(walk: Walk, array: Any) -> object:
    root = array
    while type(root.base) is type(array):
        root = root.base
    key = id(root)
    if walk.first.get(key) == id(array) and key in walk.seen:
        return walk.again(root, _ndarray)
    if key in walk.seen:
        walk.count()
        number = walk.seen[key]
        return {tags.OVERLAP: [number, _content(walk, array, layout=walk.layout)]}
    walk.seen[key] = len(walk.seen)
    walk.first[key] = id(array)
    walk.keep((root, array))
    content = _content(walk, array, layout=walk.layout)
    return {tags.ARGUMENT: [walk.outer[key], content]} if key in walk.outer else content


def _data(walk: Walk, value: Data) -> object:
    return _content(walk, value.array, name=_UNTRACKED)


def _scalar(walk: Walk, value: Any) -> object:
    kind = type(value).__name__
    if kind == "str_":
        parts: tuple[object, ...] = ("U", str.__str__(value))
    elif kind == "bytes_":
        parts = ("S", bytes.__getitem__(value, slice(None)))
    else:
        array = _numpy().asarray(value)
        parts = (described(array.dtype), taken(_bytes, array))
    walk.spend(len(_SCALAR))
    return {tags.BUILT: [_SCALAR, *items(walk, parts)]}


# --- put together, in the jail --------------------------------------------------------------------


def _dtype(description: Any) -> Any:
    np = _numpy()
    if type(description) is str:
        return np.dtype(description)
    size, aligned, fields = description
    names, formats, offsets = [], [], []
    for name, base, shape, offset in fields:
        names.append(name)
        formats.append((_dtype(base), shape))
        offsets.append(offset)
    wanted = {"names": names, "formats": formats, "offsets": offsets, "itemsize": size}
    return np.dtype(wanted, align=aligned)


def _make(description: Any, shape: Any, data: Any, flags: int) -> Any:
    np = _numpy()
    _check(description, shape, data, flags)
    array = np.empty(shape, _dtype(description), order="F" if flags & _FORTRAN else "C")
    if flags & _STRIDED and shape:
        array = np.empty((*shape[:-1], 2 * shape[-1]), array.dtype)[..., ::2]
    _fill(np, array, data)
    array.flags.writeable = not flags & _READ_ONLY
    return array


def _fill(np: Any, array: Any, data: Any) -> None:
    if array.dtype.names is not None:
        for name, part in zip(array.dtype.names, data, strict=True):
            _fill(np, array[name], part)
    elif array.dtype.kind == "O":
        for index, item in zip(np.ndindex(array.shape), data, strict=True):
            array[index] = item
    else:
        array[...] = np.frombuffer(data, array.dtype).reshape(array.shape)


def _make_scalar(description: Any, data: Any) -> Any:
    np = _numpy()
    if description in ("U", "S"):
        return np.str_(data) if description == "U" else np.bytes_(data)
    return _make(description, (), data, 0)[()]


# --- looked at, without numpy ---------------------------------------------------------------------


def item_size(description: Any, *, depth: int = 0) -> int:
    """Bytes of one element; raises WireError for what is no dtype on the list."""
    if type(description) is str and _DTYPE.fullmatch(description):
        if description == "|O":
            return 0
        size = int(re.split(r"\[", description[2:])[0])
        return 4 * size if description[1] == "U" else size
    if type(description) is tuple and len(description) == 3 and depth < 8:
        size, aligned, fields = description
        if type(size) is int and type(aligned) is bool and type(fields) is tuple:
            for field in fields:
                _check_field(field, size, depth)
            return size
    raise WireError("expected a numpy dtype")


def _check_field(field: Any, size: int, depth: int) -> None:
    name, base, shape, offset = field
    if type(name) is not str or type(offset) is not int or offset < 0 or base == "|O":
        raise WireError("expected a field of a numpy structure")
    if offset + item_size(base, depth=depth + 1) * count(shape) > size:
        raise WireError("expected a field inside its structure")


def count(shape: Any) -> int:
    """Number of elements."""
    if type(shape) is not tuple or len(shape) > _MOST_DIMENSIONS:
        raise WireError("expected the shape of an array")
    if not all(type(n) is int and 0 <= n < 1 << 40 for n in shape):
        raise WireError("expected the shape of an array")
    return math.prod(shape)


def _check(description: Any, shape: Any, data: Any, flags: Any) -> None:
    if type(flags) is not int or not 0 <= flags < 8:
        raise WireError("expected flags of an array")
    _check_data(description, count(shape), data)


def _check_data(description: Any, number: int, data: Any) -> None:
    size = item_size(description)
    if type(description) is tuple:
        fields = description[2]
        if type(data) is not tuple or len(data) != len(fields):
            raise WireError("expected the data of each field")
        for (_, base, shape, _), part in zip(fields, data, strict=True):
            _check_data(base, number * count(shape), part)
    elif description == "|O":
        if type(data) is not tuple or len(data) != number:
            raise WireError("expected the items of an array")
    elif type(data) is not bytes or len(data) != number * size:
        raise WireError("expected the bytes of an array")


def _check_scalar(description: Any, data: Any) -> None:
    if description in ("U", "S"):
        if type(data) is not (str if description == "U" else bytes):
            raise WireError("expected text or bytes")
    else:
        _check_data(description, 1, data)


def _not_taken(_value: object) -> tuple[object, ...]:
    raise WireError("cannot be encoded by itself")


KINDS: dict[str, Kind] = {
    _NAME: Kind(_not_taken, _make, _check, mutable=True),
    _UNTRACKED: Kind(_not_taken, _make, _check),
    _SCALAR: Kind(_not_taken, _make_scalar, _check_scalar),
}
HANDLERS: dict[tuple[str, str], Handler] = {
    ("numpy", "ndarray"): _ndarray,
    **{("numpy", name): _scalar for name in _SCALARS},
}
BY_TYPE[Data] = _data
