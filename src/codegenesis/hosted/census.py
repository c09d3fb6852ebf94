"""Which calls of a project's functions its own examples and tests make; runs in the workshop.

Examples are those of docstrings (`>>> f(1, 2)`): code of the user's, so it is evaluated in here and
never by the engine. Unlike a run for one function (`plugin`), many are watched at once, and nothing
is judged: a call is told as it is made, so what was told stays told when an example never ends.
"""

from __future__ import annotations

import contextlib
import doctest
import importlib
import importlib.util
import io
import os
import sys
import types
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from codegenesis.hosted import messages
from codegenesis.hosted.finding import file_of, find
from codegenesis.hosted.line import Line
from codegenesis.hosted.proxy import Counts, Proxy


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """One function to watch."""

    module: str
    path: str
    qualname: str


class Census(msgspec.Struct, frozen=True, kw_only=True):
    """What the host is to do; its only argument, as JSON.

    Attributes:
        what: `doctests` of the functions' modules, or pytest's `tests`.
        paths: what pytest is given.
        setup: `module:function` to call before anything of the project is imported.
    """

    what: Literal["doctests", "tests"]
    functions: tuple[Watched, ...]
    project: str
    roots: tuple[str, ...]
    paths: tuple[str, ...] = ()
    setup: str = ""


class Made(msgspec.Struct, frozen=True, tag=True, array_like=True, forbid_unknown_fields=True):
    """Somebody called a function: its place in the plan, and the call."""

    function: int
    call: bytes


plan = msgspec.json.Decoder(Census).decode
planned = msgspec.json.Encoder().encode
made = msgspec.msgpack.Decoder(Made).decode


class _Tagged:
    """The line as one proxy sees it: what it tells gets the function's number."""

    def __init__(self, line: Line, number: int) -> None:
        self._line, self._number = line, number

    @property
    def is_ours(self) -> bool:
        return self._line.is_ours

    def tell(self, message: messages.Called) -> messages.Heard:
        return self._line.tell(Made(self._number, message.call))  # type: ignore[arg-type]


def main(file: str) -> None:
    """Do what the plan in this file says; the end is abrupt, as for the tests' host."""
    scratch = Path.cwd()
    todo = plan(Path(file).read_bytes())
    line = Line.of_environment()
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(scratch / "hypothesis")
    os.chdir(todo.project)
    sys.path[:0] = dict.fromkeys([*todo.roots, todo.project])
    if todo.setup:
        module, _, name = todo.setup.partition(":")
        getattr(importlib.import_module(module), name)()
    run = _doctests if todo.what == "doctests" else _tests
    code = run(todo, line, scratch)
    sys.stderr.flush()
    os._exit(code)


def _doctests(todo: Census, line: Line, _scratch: Path) -> int:
    modules = {each.module: importlib.import_module(each.module) for each in todo.functions}
    _watch(todo, line, modules.values())
    with contextlib.redirect_stdout(io.StringIO()):
        for module in modules.values():
            runner = doctest.DocTestRunner(verbose=False)
            for example in _examples(module):
                runner.run(example, out=lambda _words: None, clear_globs=False)
    return 0


def _examples(module: types.ModuleType) -> Iterator[doctest.DocTest]:
    found = doctest.DocTestFinder(exclude_empty=True).find(module, module.__name__)
    yield from (each for each in found if each.examples)


def _tests(todo: Census, line: Line, scratch: Path) -> int:
    import pytest

    class Watcher:
        @pytest.hookimpl(trylast=True)
        def pytest_collection_finish(self, session: Any) -> None:
            del session
            files = {Path(each.path).resolve() for each in todo.functions}
            loaded = [each for each in list(sys.modules.values()) if file_of(each) in files]
            _watch(todo, line, loaded)

    own = ["-q", "-p", "no:cacheprovider", f"--basetemp={scratch / 'tests'}"]
    own += ["--continue-on-collection-errors"]
    if importlib.util.find_spec("xdist"):
        own += ["-n", "0"]
    return int(pytest.main([*own, *todo.paths], plugins=[Watcher()]))


def _watch(todo: Census, line: Line, modules: Any) -> list[Proxy]:
    loaded = list(modules)
    return [
        _proxy(function, _Tagged(line, number))
        for number, each in enumerate(todo.functions)
        for function in _functions(each, loaded)
    ]


def _functions(wanted: Watched, loaded: Sequence[types.ModuleType]) -> list[types.FunctionType]:
    own = [module for module in loaded if file_of(module) == Path(wanted.path).resolve()]
    found = (find(module, wanted.qualname) for module in own)
    return list({id(each): each for each in found if each}.values())


def _proxy(function: types.FunctionType, line: _Tagged) -> Proxy:
    proxy = Proxy(function, line, mode="watch")  # type: ignore[arg-type]
    proxy.counts = Counts()
    return proxy
