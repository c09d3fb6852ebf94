"""Finding the function, installing a fragment, making one call: the same in and out of the jail."""

from __future__ import annotations

import importlib
import operator
import sys
import types
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from codegenesis import fragment, wire
from codegenesis.errors import WireError
from codegenesis.model import OutcomeKind, digest
from codegenesis.sandbox import driving
from codegenesis.sandbox.closures import Bound, bind
from codegenesis.sandbox.finding import Target, find
from codegenesis.wire.decoding import Resolve

__all__ = [
    "Answer",
    "Batch",
    "Ended",
    "Target",
    "answer",
    "describe",
    "find",
    "install",
    "resolver",
]

_DETAIL_CHARS = 500
_VALUE = operator.attrgetter("value")


class Answer(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """One `Outcome` on its way out of the candidate: what it says of itself, not what it cost."""

    kind: OutcomeKind
    value: bytes = b""
    after: bytes = b""
    detail: str = ""
    waited: tuple[int, float] | None = None


class Ended(NamedTuple):
    """How the function itself ended: `value` is its result or its exception."""

    raised: bool
    value: object


def install(target: Target, source: str) -> None:
    """Make the function run the fragment; raises FragmentError."""
    function, owner = target
    name = f"{function.__module__}:{function.__qualname__}"
    filename = f"<codegenesis {name} {digest(source)[:8]}>"
    code = fragment.assemble(source, function, owner=owner, filename=filename)
    fragment.install(code, function)


def resolver(module: types.ModuleType) -> Resolve:
    """Finds classes and functions that a call refers to, importing their modules where needed."""

    def resolve(name: str) -> object:
        home, _, qualname = name.partition(":")
        found: Any = module if home == "__main__" else sys.modules.get(home)
        if found is None:
            found = importlib.import_module(home)
        for part in qualname.split("."):
            found = vars(found)[part]
        if not isinstance(found, type | types.FunctionType | types.BuiltinFunctionType):
            raise WireError(f"{name} is not a class or a function")
        return found

    return resolve


class Batch:
    """Calls in three phases, so that only the middle one is charged to the function.

    Args:
        max_bytes: size of one answer.
    """

    def __init__(
        self, function: Callable[..., object], resolve: Resolve, *, max_bytes: int
    ) -> None:
        self._function = function
        self._resolve = resolve
        self._max_bytes = max_bytes
        self._encoded: Sequence[bytes] = ()
        self._calls: list[Bound | WireError] = []
        self._ended: list[Ended] = []

    def load(self, calls: Sequence[bytes]) -> None:
        """Decode the arguments."""
        self._encoded = calls
        self._calls = [self._decoded(call) for call in calls]

    def run(self, *, watch: bool = False) -> None:
        """Call the function once for each; whatever it raises is its answer.

        Args:
            watch: look closely at generators and the like, which calls them again.
        """
        self._ended.clear()
        if driving.is_promise(self._function):
            self._take_up(watch=watch)
        else:
            self._call()
            self._finish(watch=watch)

    def _call(self) -> None:
        """What a plain function is charged for: nothing else is in this loop."""
        ended = self._ended
        for call in self._calls:
            if isinstance(call, WireError):
                continue
            function, args, kwargs, *_ = call
            try:
                ended.append(Ended(False, function(*args, **kwargs)))
            except BaseException as error:  # noqa: BLE001 (boundary to the candidate's code)
                ended.append(Ended(True, error))

    def _finish(self, *, watch: bool) -> None:
        """Take what plain functions returned unfinished: iterators, views, coroutines."""
        if not any(map(driving.is_open, set(map(type, map(_VALUE, self._ended))))):
            return  # nearly always, and this is charged to the function too
        pairs = zip(self._encoded, self._calls, strict=True)
        loaded = [(encoded, call) for encoded, call in pairs if isinstance(call, Bound)]
        for at, (ended, (encoded, call)) in enumerate(zip(self._ended, loaded, strict=True)):
            if not ended.raised and driving.is_open(type(ended.value)):
                self._ended[at] = self._driven(ended.value, encoded, call, watch=watch)

    def _take_up(self, *, watch: bool) -> None:
        for encoded, call in zip(self._encoded, self._calls, strict=True):
            if isinstance(call, WireError):
                continue
            value: Any = None
            try:
                value = call()
            except BaseException as error:  # noqa: BLE001 (boundary to the candidate's code)
                self._ended.append(Ended(True, error))
                continue
            self._ended.append(self._driven(value, encoded, call, watch=watch))

    def _driven(self, value: Any, encoded: bytes, call: Bound, *, watch: bool) -> Ended:
        def fresh() -> Bound:
            return bind(self._function, *wire.decode_call(encoded, resolve=self._resolve))

        try:
            told = driving.drive(
                self._function, value, call, encoded=encoded, fresh=fresh if watch else None
            )
            return Ended(False, told)
        except BaseException as error:  # noqa: BLE001 (boundary to the candidate's code)
            return Ended(True, error)

    def collect(self) -> list[Answer]:
        """Encode how the calls ended, and their arguments as they were left."""
        ended = iter(self._ended)
        return [
            Answer("died", detail=str(call))
            if isinstance(call, WireError)
            else self._answered(next(ended), call)
            for call in self._calls
        ]

    def _answered(self, ended: Ended, call: Bound) -> Answer:
        said = answer(ended, *call.state(), max_bytes=self._max_bytes)
        said.waited = next(iter(call.waits), None)
        return said

    def _decoded(self, call: bytes) -> Bound | WireError:
        try:
            return bind(self._function, *wire.decode_call(call, resolve=self._resolve))
        except WireError as error:
            return error


def answer(ended: Ended, args: Any, kwargs: Any, *, max_bytes: int) -> Answer:
    """Encode how a call ended, and its arguments as the call left them."""
    if isinstance(ended.value, driving.Stuck):
        return Answer("died", detail=str(ended.value))
    try:
        if isinstance(ended.value, BaseException) and ended.raised:
            after = wire.encode_call(args, kwargs, max_bytes=max_bytes)
            value = wire.encode_exception(ended.value, max_bytes=max_bytes)
            return Answer("raised", value, after, describe(ended.value))
        value, after = wire.encode_outcome(ended.value, args, kwargs, max_bytes=max_bytes)
        return Answer("returned", value, after)
    except WireError as error:
        return Answer("died", detail=str(error))


def describe(error: BaseException) -> str:
    """An exception in a few words, even if it cannot say them itself."""
    try:
        text = str(error)
    except BaseException:  # noqa: BLE001 (the candidate's `__str__`)
        text = "(no message)"
    said = f"{type(error).__name__}: {text}"[:_DETAIL_CHARS]
    return said.encode("utf-8", "backslashreplace").decode()  # lone surrogates do not travel
