"""From values to bytes, without running any code of the values' classes.

This runs in other people's processes, in the burst that samples them, so it is built for small
values: one dictionary look-up by exact type per node, and whole runs of numbers or strings handed
to msgspec as they are. That bulk path is optimistic; integers beyond 64 bits and lone surrogates
make msgspec object, and only then is the value walked again with care.
"""

from __future__ import annotations

import msgspec

from codegenesis.errors import WireError
from codegenesis.wire import builtin, library, tags
from codegenesis.wire.shapes import type_name
from codegenesis.wire.walk import BY_NAME, HANDLERS, Forgetful, Walk, node, pack, too_large

HANDLERS.update(builtin.HANDLERS)
BY_NAME.update(library.HANDLERS)

_read_args = BaseException.__dict__["args"].__get__


def encode(value: object, *, max_bytes: int = 1 << 20, sharing: bool = True) -> bytes:
    """Encode one value; equal bytes mean equal exact types and values, equally shared.

    Args:
        sharing: False for a value in which it is chance what is the same object: everything is
            written out, and a value that contains itself is nested too deeply.

    Raises:
        WireError: a type is not on the allow-list, or the value is nested deeper than
            100 levels or larger than `max_bytes`.
    """
    seen = {} if sharing else Forgetful()
    try:
        try:
            data = pack(node(Walk(max_bytes, seen=seen), value))
        except (OverflowError, UnicodeEncodeError):
            seen.clear()
            data = pack(node(Walk(max_bytes, seen=seen, careful=True), value))
    except RecursionError:
        raise WireError("cannot be encoded: nested too deeply") from None
    if len(data) > max_bytes:
        raise too_large(max_bytes)
    return data


def encode_call(
    args: tuple[object, ...], kwargs: dict[str, object], *, max_bytes: int = 1 << 20
) -> bytes:
    """Encode the arguments of one call; raises like `encode`."""
    try:
        try:
            data = pack(node(Walk(max_bytes, layout=True), (args, kwargs)))
        except (OverflowError, UnicodeEncodeError):
            data = pack(node(Walk(max_bytes, careful=True, layout=True), (args, kwargs)))
    except RecursionError:
        raise WireError("cannot be encoded: nested too deeply") from None
    if len(data) > max_bytes:
        raise too_large(max_bytes)
    return data


def encode_outcome(
    value: object,
    args: tuple[object, ...],
    kwargs: dict[str, object],
    *,
    max_bytes: int = 1 << 20,
) -> tuple[bytes, bytes]:
    """Encode a result and the arguments as the call left them.

    Each can be read without the other. What the result shares with the arguments is marked in it,
    so a result that *is* an argument and a copy of that argument are different bytes.

    Args:
        max_bytes: of both together.

    Raises:
        WireError: like `encode`.
    """
    try:
        try:
            return _outcome(value, (args, kwargs), max_bytes, careful=False)
        except (OverflowError, UnicodeEncodeError):
            return _outcome(value, (args, kwargs), max_bytes, careful=True)
    except RecursionError:
        raise WireError("cannot be encoded: nested too deeply") from None


def _outcome(value: object, call: object, limit: int, *, careful: bool) -> tuple[bytes, bytes]:
    arguments = Walk(limit, careful=careful, layout=True)
    after = pack(node(arguments, call))
    walk = Walk(limit, careful=careful, outer=arguments.seen)
    walk.spend(len(after))
    result = pack(node(walk, value))
    if len(result) + len(after) > limit:
        raise too_large(limit)
    return result, after


def encode_exception(exc: BaseException, *, max_bytes: int = 1 << 20) -> bytes:
    """Encode an exception as type and arguments; what cannot travel is named by its type."""
    args = [_argument(arg, max_bytes) for arg in _read_args(exc)[:100]]
    data = pack({tags.EXCEPTION: [_printable(type_name(type(exc))), args]})
    if len(data) > max_bytes:
        raise too_large(max_bytes)
    return data


def _argument(value: object, max_bytes: int) -> msgspec.Raw:
    try:
        return msgspec.Raw(encode(value, max_bytes=max_bytes))
    except WireError:
        return msgspec.Raw(pack({tags.UNENCODABLE: _printable(type_name(type(value)))}))


def _printable(name: str) -> str:
    return name.encode("utf-8", "replace").decode()
