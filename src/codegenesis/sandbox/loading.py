"""Importing the target's module the way the application would, but not running its main part."""

from __future__ import annotations

import importlib
import os
import sys
import types
from collections.abc import Iterator
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE
from pathlib import Path

from codegenesis import fragment
from codegenesis.errors import SandboxImportError
from codegenesis.sandbox.environment import Environment

#: `multiprocessing`'s name for the main script, so that its `if __name__ == "__main__"` is false.
_MAIN = "__mp_main__"


_PRELOAD = "install what provides it where the target runs, or do not ask for it"
_HOOK = "write sandbox_setup as `module:function`; it is called without arguments, in the jail"


def load(environment: Environment) -> types.ModuleType:
    """Import the target's module, with its root first on `sys.path`.

    Before it come the modules to preload, the artifacts and the owner's hook, in this order.

    Raises:
        SandboxImportError: there is no such module, or another file was found under its name; or
            what was to happen before it failed.
        Exception: whatever the module itself raises.
    """
    if environment.root not in sys.path:
        sys.path.insert(0, environment.root)
    for name in environment.preload:
        _preload(name)
    if environment.artifacts:
        _use_artifacts(environment.artifacts)
    if environment.setup:
        _set_up(environment.setup)
    module = _target(environment)
    if any(map(_is_async, _codes(module))):
        importlib.import_module("codegenesis.sandbox.eventloop")  # once, not in each candidate
    return module


def _codes(module: types.ModuleType) -> Iterator[types.CodeType]:
    """Of all its functions: behind decorators, in classes, inside other functions."""
    spaces = [vars(module), *(vars(each) for each in vars(module).values() if type(each) is type)]
    found = [
        layer.__code__
        for space in spaces
        for each in space.values()
        for layer in fragment.layers(each)
        if type(layer) is types.FunctionType
    ]
    for code in found:  # grows while it is walked
        found += fragment.inner(code)
        yield code


def _is_async(code: types.CodeType) -> bool:
    return bool(code.co_flags & (CO_COROUTINE | CO_ASYNC_GENERATOR))


def _preload(name: str) -> None:
    try:
        importlib.import_module(name)
    except BaseException as error:  # boundary to a library's import
        raise SandboxImportError(
            f"{name} cannot be imported before the target: {_said(error)}", remedy=_PRELOAD
        ) from error


def _use_artifacts(directory: str) -> None:
    if not os.access(directory, os.R_OK | os.X_OK):
        raise SandboxImportError(
            f"expected a directory of artifacts that the jail can read, came {directory}",
            remedy="make the directory, with read permission for everybody",
        )
    importlib.import_module("codegenesis.native").use(directory)


def _set_up(hook: str) -> None:
    """The owner's own code, trusted as the target's module is."""
    module, _, name = hook.partition(":")
    try:
        function = importlib.import_module(module)
        for part in name.split("."):
            function = getattr(function, part)
        function()  # type: ignore[operator]  # what is not callable is told like other errors
    except BaseException as error:  # boundary to the owner's code
        raise SandboxImportError(
            f"sandbox_setup = {hook!r} does not work in the sandbox: {_said(error)}", remedy=_HOOK
        ) from error


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:500]


def _target(environment: Environment) -> types.ModuleType:
    if environment.module == "__main__":
        return _script(Path(environment.path), environment.root)
    module = sys.modules.get(environment.module)
    if module is None or not _is_from(module, environment.path):
        sys.modules.pop(environment.module, None)
        module = importlib.import_module(environment.module)
    if not _is_from(module, environment.path):
        raise SandboxImportError(
            f"expected {environment.module} from {environment.path}, "
            f"came {getattr(module, '__file__', None)}",
            remedy="rename one of the two modules, or set the root so that the right one is found",
        )
    return module


def _is_from(module: types.ModuleType, path: str) -> bool:
    file = getattr(module, "__file__", None)
    return not path or (file is not None and Path(file).resolve() == Path(path).resolve())


def _script(path: Path, root: str) -> types.ModuleType:
    """As `multiprocessing.spawn` does, but registered before it runs and with its package."""
    source = path.read_bytes()
    module = types.ModuleType(_MAIN)
    module.__file__ = str(path)
    module.__package__ = ""
    if path.is_relative_to(root):
        module.__package__ = ".".join(path.relative_to(root).parent.parts)
    sys.modules[_MAIN] = module
    code = compile(source, str(path), "exec", dont_inherit=True)
    exec(code, module.__dict__)  # noqa: S102 (the target itself)
    return module
