"""The longer check beside the gates: original and wrong version in one process, thousands of calls.

It shares nothing with the gates but the wire format as a measure of strict equality: the inputs
come from the corpus's own makers, drawn wide, and from the lure of a breakage. What it can tell
apart is wrong beyond doubt.
"""

from __future__ import annotations

import copy
import gc
import importlib
import inspect
import io
import signal
import types
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from codegenesis import fragment
from codegenesis.errors import CodeGenesisError, WireError
from codegenesis.model import Gene, Observation, Outcome
from codegenesis.wire import encode_call, encode_exception, encode_outcome
from wrong.chance import Chance
from wrong.originals import Original
from wrong.wrapping import Profile, Wrong

_SECONDS = 0.5


class _Late(BaseException):
    """A call took too long."""


@contextmanager
def _timed() -> Iterator[None]:
    def late(*_: object) -> None:
        raise _Late

    before = signal.signal(signal.SIGALRM, late)
    gc.disable()  # what is raised in a callback of the collector is lost
    signal.setitimer(signal.ITIMER_REAL, _SECONDS, _SECONDS / 5)
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        gc.enable()


def _as_written(imported: types.FunctionType, source: str) -> types.FunctionType:
    """The function compiled from its text: pytest rewrites the asserts of some packages."""
    code = fragment.assemble(source, imported, filename="<original>")
    plain = types.FunctionType(
        code, imported.__globals__, imported.__name__, imported.__defaults__, imported.__closure__
    )
    plain.__kwdefaults__ = imported.__kwdefaults__
    return plain


class Workbench:
    """One original in this process: its gene, recorded calls, and comparisons by hand."""

    def __init__(self, original: Original) -> None:
        self.original = original
        module, _, name = original.target.partition(":")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.module = importlib.import_module(module)
        imported: types.FunctionType = vars(self.module)[name]
        path = Path(inspect.getfile(self.module)).resolve()
        found = fragment.find(path.read_text(), name)
        assert found.line == imported.__code__.co_firstlineno, "another def of that name"
        self.function = _as_written(imported, found.source)
        self.gene = Gene(
            service="wrong",
            module=module,
            qualname=name,
            kind="function",
            path=str(path),
            root=str(path.parents[module.count(".") + (path.name == "__init__.py")]),
            line=found.line,
            source=found.source,
        )

    def recorded(self, n: int = 40) -> list[Observation]:
        """Calls in the manner of the function's callers, with a few repeats."""
        chance = Chance(hash_of(self.original.target))
        rows = [self.original.make(chance) for _ in range(n)]
        rows += rows[: n // 8]
        return [seen for row in rows if (seen := self._observed(row))]

    def _observed(self, args: tuple[Any, ...]) -> Observation | None:
        args = copy.deepcopy(args)
        try:
            call = encode_call(args, {})
            outcome = outcome_of(self.function, args)
        except WireError:
            return None
        return Observation(
            gene=self.gene.id, process="p", at_ns=0, wall_ns=1, cpu_ns=1, call=call, outcome=outcome
        )

    def profile(self) -> Profile:
        """Kinds of arguments, results and exceptions in recorded and in wide calls."""
        columns: list[set[str]] = []
        results: set[str] = set()
        raises: set[str] = set()
        for wide in (False, True):
            chance = Chance(1, wide=wide)
            for _ in range(100):
                args = self.original.make(chance)
                columns += [set() for _ in range(len(args) - len(columns))]
                for column, value in zip(columns, args, strict=False):
                    column.add(type(value).__name__)
                try:
                    results.add(type(self.function(*args)).__name__)
                except Exception as error:
                    raises.add(type(error).__name__)
        return Profile(tuple(map(frozenset, columns)), frozenset(results), frozenset(raises))

    def load(self, source: str) -> Callable[..., Any] | None:
        """The wrong version as a function of this process; None when it does not load."""
        own = self.function
        twin = types.FunctionType(
            own.__code__, own.__globals__, own.__name__, own.__defaults__, own.__closure__
        )
        twin.__kwdefaults__ = own.__kwdefaults__
        try:
            code = fragment.assemble(source, own, filename="<wrong>")
            fragment.install(code, twin)
        except CodeGenesisError:
            return None
        return twin

    def witness(self, wrong: Wrong, *, n: int, seed: int) -> str:
        """Words for a call on which the two differ; empty when there is none among `n`."""
        # A crash is left to the jail: here it would be ours.
        changed = self.load(wrong.source.replace("    _crash()", "    raise SystemError"))
        if changed is None:
            return ""
        for args in self._calls(wrong, n, seed):
            try:
                with _timed(), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    expected = outcome_of(self.function, copy.deepcopy(args))
            except (WireError, _Late, RecursionError):
                continue
            try:
                with _timed(), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    got = outcome_of(changed, copy.deepcopy(args))
            except (WireError, _Late):
                return repr(args)[:200]
            if not expected.same_as(got):
                return repr(args)[:200]
        return ""

    def _calls(self, wrong: Wrong, n: int, seed: int) -> Iterator[tuple[Any, ...]]:
        plain, wide = Chance(seed), Chance(seed, wide=True)
        for turn in range(n):
            args = self.original.make(wide if turn % 3 else plain)
            yield args
            if wrong.lure and turn % 8 == 0 and len(args) > wrong.lure[0]:
                at, expression = wrong.lure
                try:
                    lured = eval(expression, {"A": args[at]})
                except Exception:  # the lure is for another kind of argument
                    continue
                yield (*args[:at], lured, *args[at + 1 :])


def outcome_of(function: Callable[..., Any], args: tuple[Any, ...]) -> Outcome:
    """One call in this process, as the sandbox would report it."""
    try:
        value = function(*args)
    except Exception as error:
        raised = encode_exception(error)
        return Outcome(kind="raised", value=raised, after=encode_call(args, {}))
    result, after = encode_outcome(value, args, {})
    return Outcome(kind="returned", value=result, after=after)


def hash_of(text: str) -> int:
    """The same number in every process."""
    return sum(ord(c) * 31**at for at, c in enumerate(text)) % (1 << 32)
