"""Importing the target's module the way the application would, but not running its main part."""

from __future__ import annotations

import importlib
import sys
import types
from pathlib import Path

from codegenesis.errors import SandboxImportError
from codegenesis.sandbox.environment import Environment

#: `multiprocessing`'s name for the main script, so that its `if __name__ == "__main__"` is false.
_MAIN = "__mp_main__"


def load(environment: Environment) -> types.ModuleType:
    """Import the target's module, with its root first on `sys.path`.

    Raises:
        SandboxImportError: there is no such module, or another file was found under its name.
        Exception: whatever the module itself raises.
    """
    if environment.root not in sys.path:
        sys.path.insert(0, environment.root)
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
