"""What stands at `program_path`: a module whose names are the program's, and live elsewhere.

To the evaluator it is a module like any other: functions to call, classes to make instances of,
constants. Arguments and results travel by value, so what a program does to its arguments stays
with the program. What is kept there (`values.Kept`) shows itself as a `Thing`: it has attributes,
can be called or iterated, and is no number, no sequence and no array: whoever wants to count with
what a program returns gets plain values or a TypeError.
"""

from __future__ import annotations

import builtins
import functools
import inspect
import itertools
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

from codegenesis import wire
from codegenesis.errors import WireError
from codegenesis.hosted.evaluating import messages
from codegenesis.hosted.evaluating.line import Line, alarm_s
from codegenesis.hosted.evaluating.values import Kept, is_function, pack, unpack

_ATOMS = (type(None), bool, int, float, str, bytes)
_MOST_CALLBACKS = 1000


class ProgramError(RuntimeError):
    """The program raised something that is not known here, or cannot answer any more."""


@functools.cache
def line() -> Line:
    """This process' end of the line."""
    return Line.of_environment()


def stand_in(space: MutableMapping[str, Any], token: int, shared: tuple[str, ...]) -> None:
    """Fill a module's namespace with what the program has; raises what its import raises."""
    name = space.get("__name__")
    for own in ("stand_in", "sys"):
        space.pop(own, None)
    given = {key: value for key, value in space.items() if not key.startswith("__")}
    program = Distant(token, name if isinstance(name, str) else "program", shared, given)
    space.update(program.names())
    space["__getattr__"] = program.attribute


class Distant:
    """One loaded program, from afar.

    Attributes:
        calls: how often something of it was called.
    """

    def __init__(
        self, token: int, name: str, shared: tuple[str, ...], given: dict[str, Any]
    ) -> None:
        self._token, self._shared = token, shared
        self._instance = 0
        self.calls = 0
        self._callbacks: list[Callable[..., Any]] = []
        packed = self._packed(given) if given else b""
        heard = line().tell(messages.Open(token, name, packed))
        if isinstance(heard, messages.Answered):
            self._instance = heard.instance
        self._loaded = self._understood(heard)

    def names(self) -> Iterator[tuple[str, Any]]:
        """What the module defines."""
        if not isinstance(self._loaded, messages.Loaded):
            raise ProgramError("it was not loaded")
        for each in self._loaded.names:
            if each.sort is None:
                yield each.name, self._unpacked(each.value)
            elif each.sort in ("function", "coroutine"):
                yield each.name, self._function(each.name, each.name, each)
            else:
                yield each.name, self._get(None, each.name)

    def attribute(self, name: str) -> Any:
        """For what is not there: constants too large to be sent unasked."""
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self._get(None, name)
        except (KeyError, ProgramError):
            raise AttributeError(f"the program has no {name!r}") from None

    def call(self, target: str | int, args: Any, kwargs: Any) -> Any:
        """Call something of the program's."""
        self.calls += 1
        return self._value(messages.Call(target, self._packed((args, kwargs))))

    def of(self, target: int, name: str) -> Any:
        """An attribute of something that is kept."""
        return self._get(target, name)

    def items(self, target: int) -> Iterator[Any]:
        """What an iterator gives."""
        while items := self._value(messages.Take(target)):
            if type(items) is not list:
                raise ProgramError("its iterator gives what is no list of items")
            yield from items

    def _get(self, target: int | None, name: str) -> Any:
        return self._value(messages.Get(target, name))

    def _value(self, question: messages.ToProgram) -> Any:
        said = self._ask(question)
        while isinstance(said, messages.Back):
            said = self._ask(self._resumed(said))
        if not isinstance(said, messages.Returned):
            raise ProgramError("it answers what was not asked")
        return self._unpacked(said.value)

    def _ask(self, question: messages.ToProgram) -> messages.OfProgram:
        body = messages.encode(question)
        ask = messages.Ask(self._token, self._instance, alarm_s(), body)
        return self._understood(line().tell(ask))

    def _understood(self, heard: messages.Heard) -> messages.OfProgram:
        if isinstance(heard, messages.Gone):
            raise ProgramError(heard.words)
        if not isinstance(heard, messages.Answered):
            raise ProgramError("the engine has closed")
        said = messages.of_program(heard.body)
        if isinstance(said, messages.Raised):
            raise exception(said)
        return said

    def _resumed(self, back: messages.Back) -> messages.Resume:
        """The program calls a function that it was handed; what that raises is told in words."""
        try:
            args, kwargs = self._unpacked(back.call)
            value = self._callbacks[back.number](*args, **kwargs)
            return messages.Resume(False, self._packed(value))
        except Exception as error:  # noqa: BLE001 (boundary to the evaluator's function)
            words = f"{type(error).__name__}: {error}"[:500]
            return messages.Resume(True, wire.encode(words))

    def _packed(self, value: object) -> bytes:
        return pack(value, self._keep, shared=self._shared)

    def _unpacked(self, data: bytes) -> Any:
        try:
            return unpack(data, self._meet, shared=self._shared)
        except WireError as error:
            raise ProgramError(f"its answer cannot be understood: {error}") from None

    def _keep(self, value: Any) -> Kept:
        if isinstance(value, Thing):
            return value._codegenesis[1]
        kept = getattr(value, "_codegenesis", None)
        if isinstance(kept, Kept):
            return kept
        if not is_function(value) or len(self._callbacks) >= _MOST_CALLBACKS:
            raise TypeError(
                f"a {type(value).__name__} cannot be handed to a program in its jail; "
                "plain values, arrays and functions can"
            )
        self._callbacks.append(value)
        name = getattr(value, "__name__", "function")
        return Kept(len(self._callbacks) - 1, str(name)[:100], "callback")

    def _meet(self, kept: Kept) -> Any:
        if kept.sort in ("function", "coroutine"):
            return self._function(kept.number, kept.name, None, kept=kept)
        return Thing(self, kept)

    def _function(
        self,
        target: str | int,
        name: str,
        described: messages.Name | None,
        *,
        kept: Kept | None = None,
    ) -> Callable[..., Any]:
        def function(*args: Any, **kwargs: Any) -> Any:
            return self.call(target, args, kwargs)

        async def coroutine(*args: Any, **kwargs: Any) -> Any:
            return self.call(target, args, kwargs)

        sort = described.sort if described else kept.sort if kept else "function"
        made: Any = coroutine if sort == "coroutine" else function
        made.__name__ = made.__qualname__ = name
        if kept:
            made._codegenesis = kept
        if described:
            made.__doc__ = described.doc
            if described.parameters is not None:
                made.__signature__ = _signature(described.parameters)
        return made  # type: ignore[no-any-return]


class Thing:
    """Something that stays in the program's jail.

    An attribute is asked for once until the program is called again: it cannot be one thing when it
    is checked and another when it is counted.
    """

    __slots__ = ("_codegenesis", "_seen")

    def __init__(self, program: Distant, kept: Kept) -> None:
        self._codegenesis = program, kept
        self._seen: dict[str, tuple[int, Any]] = {}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in Thing.__slots__:
            raise AttributeError(name)
        program, kept = self._codegenesis
        calls, value = self._seen.get(name, (-1, None))
        if calls != program.calls:
            value = program.of(kept.number, name)
            self._seen[name] = program.calls, value
        return value

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        program, kept = self._codegenesis
        return program.call(kept.number, args, kwargs)

    def __iter__(self) -> Iterator[Any]:
        program, kept = self._codegenesis
        if kept.sort != "iterator":
            raise TypeError(f"a {kept.name} of the program's cannot be iterated from outside")
        return program.items(kept.number)

    def __next__(self) -> Any:
        raise TypeError("iterate with `for`: items of a program come in parts")

    def __repr__(self) -> str:
        return f"<{self._codegenesis[1].name} in the program's jail>"


def exception(raised: messages.Raised) -> BaseException:
    """An ordinary exception of Python's by its type; any other as one of ours, with its name."""
    name, args = _described(raised)
    cls = vars(builtins).get(name.removeprefix("builtins."))
    made: BaseException | None = None
    if isinstance(cls, type) and issubclass(cls, Exception) and not issubclass(cls, Warning):
        try:
            made = cls(*args)
        except Exception:  # noqa: BLE001 (not the arguments that this class takes)
            made = None
    if made is None:
        made = _error_class(name.rpartition(".")[2][:80])(raised.text)
    if raised.story:
        made.add_note(raised.story)
    return made


def _described(raised: messages.Raised) -> tuple[str, tuple[Any, ...]]:
    try:
        told = wire.decode(raised.value)
    except WireError:
        return "", ()
    if not isinstance(told, wire.Opaque):
        return "", ()
    plain = all(isinstance(arg, _ATOMS) for arg in told.state)
    return told.type_name, told.state if plain else (raised.text,)


@functools.lru_cache(maxsize=100)
def _error_class(name: str) -> type[ProgramError]:
    """So that what is printed of it says what it was."""
    return type(name if name.isidentifier() else "ProgramError", (ProgramError,), {})


def _signature(parameters: list[tuple[str, int, bool]]) -> inspect.Signature:
    kinds = {int(kind): kind for kind in inspect._ParameterKind}
    try:
        return inspect.Signature(
            [
                inspect.Parameter(
                    name, kinds[kind], default=... if has_default else inspect.Parameter.empty
                )
                for name, kind, has_default in itertools.islice(parameters, 100)
            ]
        )
    except (KeyError, ValueError) as error:
        raise ProgramError(f"its signature cannot be understood: {error}") from None
