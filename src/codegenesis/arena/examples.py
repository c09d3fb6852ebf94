"""Cases made of examples: one call each, and what is expected of it."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

from codegenesis import wire
from codegenesis.arena.comparing import distance
from codegenesis.arena.messages import Ending, Example
from codegenesis.arena.ticking import StepsExceeded
from codegenesis.contracts.judge import judge
from codegenesis.errors import WireError
from codegenesis.sandbox import driving
from codegenesis.sandbox.closures import Bound, bind
from codegenesis.sandbox.serving import Ended, answer
from codegenesis.wire.decoding import Resolve

#: What an exception is worth where a value was expected, and the other way round.
_RAISED = 1.0
#: A version that fails in the right manner is nearer than one that does not fail.
_OTHER_EXCEPTION = 0.5
_LONGEST = 4000
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


class Ran(NamedTuple):
    """What became of one case."""

    ending: Ending
    distance: float
    outcome: int


class OutOfTime(BaseException):
    """The clock ran out; no `except Exception` of a candidate's catches it."""


class ExampleCase:
    """One example.

    Args:
        function: gives the function under its current code.
        target: `module:qualname`, where its promises are.
    """

    #: A call leaves nothing behind that a later one could meet.
    stateless = True

    def __init__(
        self,
        example: Example,
        function: Callable[..., Any],
        *,
        name: str,
        target: str,
        resolve: Resolve,
    ) -> None:
        self.name = name
        self._example, self._function = example, function
        self._target, self._resolve = target, resolve
        expected = example.result
        self._expected = None if expected is None else wire.decode(expected, resolve=resolve)

    def run(self) -> Ran:
        """Make the call and look at what comes of it."""
        try:
            given = wire.decode_call(self._example.call, resolve=self._resolve)
        except WireError as error:
            return Ran("died", 1.0, _digest(str(error)))
        try:
            call = bind(self._function, *given)
            value = self._value(call)
        except StepsExceeded:
            return Ran("steps", 1.0, 1)
        except OutOfTime:
            return Ran("died", 1.0, 2)
        except BaseException as error:  # noqa: BLE001 (boundary to the candidate's code)
            return self._raised(error)
        return self._returned(value, *call.state())

    def _value(self, call: Bound) -> Any:
        value = call()
        if driving.is_promise(self._function) or driving.is_open(type(value)):
            encoded = self._example.call
            return driving.drive(self._function, value, call, encoded=encoded, fresh=None)
        return value

    def _raised(self, error: BaseException) -> Ran:
        names = {name for base in type(error).__mro__ for name in (base.__name__, _dotted(base))}
        outcome = _digest(f"{type(error).__name__}! {_words(error)}")
        if self._example.raises:
            met = self._example.raises in names
            return Ran("passed", 0.0, outcome) if met else Ran("raised", _OTHER_EXCEPTION, outcome)
        if isinstance(error, RecursionError):  # endless in another way, and as dear
            return Ran("steps", 1.0, outcome)
        return Ran("raised", _RAISED, outcome)

    def _returned(self, value: Any, args: Any, kwargs: Any) -> Ran:
        example = self._example
        try:
            outcome = _digest(_shown(value))
            if example.raises:
                return Ran("returned", _RAISED, outcome)
            if example.keeps and (broken := self._broken(value, args, kwargs)):
                return Ran("returned", broken, outcome)
            away = 0.0
            if example.result is not None:
                away = distance(value, self._expected, lenient=example.lenient)
        except (StepsExceeded, OutOfTime):
            return Ran("died", 1.0, 3)
        except Exception:  # noqa: BLE001 (boundary to the candidate's `__eq__` and `__repr__`)
            return Ran("returned", 1.0, 4)
        return Ran("returned", away, outcome) if away else Ran("passed", 0.0, outcome)

    def _broken(self, value: Any, args: Any, kwargs: Any) -> float:
        """Share of the owner's promises that this call breaks."""
        said = answer(Ended(False, value), args, kwargs, max_bytes=8 << 20)
        if said.kind != "returned":
            return 1.0
        verdicts = judge(self._target, self._example.call, said.value, said.after)
        return sum(verdict[0] != "holds" for verdict in verdicts) / max(1, len(verdicts))


def _words(error: BaseException) -> str:
    """What it says: mending the first of two undefined names makes it say something else."""
    try:
        return str(error)[:200]
    except Exception:  # noqa: BLE001 (boundary to the candidate's `__str__`)
        return ""


def _dotted(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _shown(value: object) -> str:
    try:
        return repr(value)
    except ValueError:  # whole numbers too long to be written out
        return f"{type(value).__name__} {getattr(value, 'bit_length', int)()}"


def _digest(text: str) -> int:
    short = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}{len(text)}{text[-_LONGEST:]}"
    if " at 0x" in short:
        short = _ADDRESS.sub("", short)
    return zlib.crc32(short.encode("utf-8", "surrogatepass"))
