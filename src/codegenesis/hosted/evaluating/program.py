"""Inside the program's jail: the program as a module, and whoever asks for what is in it.

Everything in this process may be turned against it by the program; that changes its own answers and
nothing else. What it prints comes with the next answer, as text.
"""

from __future__ import annotations

import inspect
import io
import linecache
import os
import random
import signal
import sys
import traceback
import types
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, NoReturn

from codegenesis import wire
from codegenesis.errors import WireError
from codegenesis.hosted.evaluating import messages
from codegenesis.hosted.evaluating.marks import marks
from codegenesis.hosted.evaluating.values import Kept, is_function, pack, unpack
from codegenesis.hosted.evaluating.verdicts import number

FILE = "program.py"
#: Text that a program may print per answer, and in all.
_MOST_PRINTED = 4000
_MOST_TEXT = 1000
_MOST_STORY = 3000
_ITEMS = 64
#: Larger constants are asked for when they are wanted.
_MOST_CONSTANT = 1 << 16
_PLUMBING = frozenset({"__builtins__", "__file__", *marks()})


def serve(receive: Callable[[], bytes], send: Callable[[bytes], None]) -> NoReturn:
    """Answer until nobody asks any more, which ends this process."""
    program = Program(receive, send)
    while True:
        send(program.answer(receive()))


class Program:
    """One program, loaded once, and the things of it that others hold by number."""

    def __init__(self, receive: Callable[[], bytes], send: Callable[[bytes], None]) -> None:
        self._receive, self._send = receive, send
        self._module = types.ModuleType("program")
        self._kept: list[Any] = []
        self._shared: frozenset[str] = frozenset()
        self._printed = _Printed()

    def answer(self, question: bytes) -> bytes:
        """What is to be said to what was asked; never raises."""
        try:
            return messages.encode(self._obey(messages.to_program(question)))
        except BaseException as error:  # noqa: BLE001 (boundary to the program's code)
            return messages.encode(self._raised(error))

    def _obey(self, asked: messages.ToProgram) -> messages.OfProgram:
        match asked:
            case messages.Load():
                return self._load(asked)
            case messages.Call(target, call):
                args, kwargs = unpack(call, self._meet, shared=self._shared)
                return self._returned(_finished(self._thing(target)(*args, **kwargs)))
            case messages.Rate(target, call):
                args, kwargs = unpack(call, self._meet, shared=self._shared)
                return self._returned(number(self._thing(target)(*args, **kwargs)))
            case messages.Get(None, name):
                return self._returned(vars(self._module)[name])
            case messages.Get(int() as target, name):
                return self._returned(getattr(self._kept[target], name))
            case messages.Take(target):
                return self._returned(list(islice(self._kept[target], _ITEMS)))
        raise WireError("nothing was asked that this answers")

    def _load(self, asked: messages.Load) -> messages.Loaded:
        sys.stdout = sys.stderr = self._printed
        _without_alarms()
        self._shared = frozenset(asked.shared)
        _shuffle()
        source = asked.source
        module = self._module = types.ModuleType(asked.name)
        vars(module).update(marks(), __file__=FILE)
        if asked.given:
            vars(module).update(unpack(asked.given, self._meet, shared=self._shared))
        sys.modules[asked.name] = module
        lines = source.splitlines(keepends=True)
        linecache.cache[FILE] = (len(source), None, lines, FILE)
        exec(compile(source, FILE, "exec", dont_inherit=True), vars(module))  # noqa: S102 (its jail)
        return messages.Loaded([*self._names()], self._printed.taken())

    def _names(self) -> Iterator[messages.Name]:
        for name, value in list(vars(self._module).items()):
            if type(name) is not str or isinstance(value, types.ModuleType):
                continue
            if name in _PLUMBING and value is marks().get(name, value):
                continue
            if isinstance(value, type) or is_function(value):
                yield _described(name, value)
            elif not name.startswith("__"):
                yield from self._constant(name, value)

    def _constant(self, name: str, value: object) -> Iterator[messages.Name]:
        try:
            data = self._pack(value)
        except (WireError, RecursionError):
            return
        if len(data) <= _MOST_CONSTANT:
            yield messages.Name(name, None, data)

    def _thing(self, target: str | int) -> Any:
        return vars(self._module)[target] if isinstance(target, str) else self._kept[target]

    def _returned(self, value: object) -> messages.Returned:
        return messages.Returned(self._pack(value), self._printed.taken())

    def _raised(self, error: BaseException) -> messages.Raised:
        return messages.Raised(
            wire.encode_exception(error, max_bytes=1 << 20),
            _text(lambda: str(error))[:_MOST_TEXT],
            _text(lambda: _story(error))[-_MOST_STORY:],
            self._printed.taken(),
        )

    def _pack(self, value: object) -> bytes:
        return pack(value, self._keep, shared=self._shared)

    def _keep(self, value: Any) -> Kept:
        self._kept.append(value)
        name = getattr(value, "__name__", None) or type(value).__name__
        return Kept(len(self._kept) - 1, str(name)[:100], _sort(value))

    def _meet(self, kept: Kept) -> Any:
        """A thing of its own that comes back, or a function of the evaluator's.

        Calling that takes the conversation there and back.
        """
        if kept.sort != "callback":
            return self._kept[kept.number]

        def call(*args: Any, **kwargs: Any) -> object:
            packed = self._pack((args, kwargs))
            self._send(messages.encode(messages.Back(kept.number, packed)))
            told = messages.to_program(self._receive())
            if not isinstance(told, messages.Resume):
                raise WireError("the evaluator's function gave no answer")
            value = unpack(told.value, self._meet, shared=self._shared)
            if told.raised:
                raise RuntimeError(value)
            return value

        call.__name__ = kept.name
        return call


def _finished(value: Any) -> Any:
    """A coroutine is run to its end here: its caller cannot. There is nothing to wait for."""
    if type(value) is not types.CoroutineType:
        return value
    try:
        value.send(None)
    except StopIteration as stop:
        return stop.value
    value.close()
    raise RuntimeError("the coroutine waits for something; a program in its jail is alone")


def _sort(value: Any) -> messages.Sort:
    if isinstance(value, type):
        return "class"
    if isinstance(value, Iterator):
        return "iterator"
    if is_function(value):
        return "coroutine" if inspect.iscoroutinefunction(value) else "function"
    return "object"


def _described(name: str, value: Any) -> messages.Name:
    parameters = None
    if isinstance(value, types.FunctionType):
        code, defaults = value.__code__, value.__defaults__ or ()
        if not code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS):
            named = code.co_varnames[: code.co_argcount]
            first = len(named) - len(defaults)
            parameters = [
                (each, 0 if at < code.co_posonlyargcount else 1, at >= first)
                for at, each in enumerate(named)
            ]
            keywords = value.__kwdefaults__ or {}
            only = code.co_varnames[code.co_argcount :][: code.co_kwonlyargcount]
            parameters += [(each, 3, each in keywords) for each in only]
    doc = value.__doc__ if isinstance(value, types.FunctionType) else None
    return messages.Name(name, _sort(value), b"", parameters, doc if type(doc) is str else "")


def _without_alarms() -> None:
    """Timers are refused by the jail; time is kept from outside, so that nothing is lost by it."""
    signal.setitimer = lambda *_: (0.0, 0.0)
    signal.alarm = lambda *_: 0


def _shuffle() -> None:
    """Chance of its own: the clones of one zygote would all draw the same numbers."""
    random.seed(os.urandom(16))
    numpy: Any = sys.modules.get("numpy")
    if numpy is not None and "random" in vars(numpy):
        numpy.random.seed(int.from_bytes(os.urandom(4), "little"))


def _story(error: BaseException) -> str:
    """The traceback without our own frames."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace))


def _text(say: Callable[[], object]) -> str:
    """Text of an exception that may raise when it is asked for it."""
    try:
        text = say()
    except BaseException:  # noqa: BLE001 (the program's `__str__`)
        text = None
    said = text if type(text) is str else "(no message)"
    return said.encode("utf-8", "backslashreplace").decode()


class _Printed(io.TextIOBase):
    """What the program prints: the first of it, with a word when there was more."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._room = _MOST_PRINTED

    def write(self, text: str) -> int:
        if self._room > 0:
            self._parts.append(str(text)[: self._room])
            self._room -= len(self._parts[-1])
        return len(text)

    def taken(self) -> str:
        said, self._parts = "".join(self._parts), []
        return said.encode("utf-8", "backslashreplace").decode()
