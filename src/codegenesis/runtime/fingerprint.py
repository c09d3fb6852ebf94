"""Which crashes are the same crash: exception type and in-app frames, no line numbers.

    builtins.KeyError in shop.tax:rate < shop.pricing:quote

Innermost frame first. Frames of the standard library, of installed packages and of CodeGenesis
itself do not count; neighbouring frames of one function (recursion, redirects) count once.
"""

from __future__ import annotations

import sys
import sysconfig
from itertools import groupby
from types import TracebackType

_OURS = ("codegenesis.runtime", "codegenesis.fragment")
_FRAMES = 8
_WALKED = 200
_FOREIGN = tuple(
    {
        sysconfig.get_path("stdlib"),
        sysconfig.get_path("platstdlib"),
        sysconfig.get_path("purelib"),
        sysconfig.get_path("platlib"),
        "<frozen",
    }
)


def error_name(cls: type[BaseException]) -> str:
    """`module.qualname`."""
    module = "__main__" if cls.__module__ == "__mp_main__" else cls.__module__
    return f"{module}.{cls.__qualname__}"


def fingerprint(error: BaseException) -> str:
    """The crash that `error`, just caught, belongs to."""
    frames = [name for name, _ in groupby(reversed(_in_app(error.__traceback__)))]
    name = error_name(type(error))
    if not frames:
        return name
    return " < ".join([f"{name} in {frames[0]}", *frames[1:_FRAMES]])


def in_app(filename: str, module: str) -> bool:
    """Does this code belong to the application?"""
    if filename.startswith("<codegenesis "):
        return True  # evolved code of the application
    return not filename.startswith(_FOREIGN) and not module.startswith(_OURS)


def _in_app(traceback: TracebackType | None) -> list[str]:
    names = []
    for _ in range(_WALKED):
        if traceback is None:
            break
        code, space = traceback.tb_frame.f_code, traceback.tb_frame.f_globals
        module = str(space.get("__name__", ""))
        if in_app(code.co_filename, module):
            names.append(f"{'__main__' if module == '__mp_main__' else module}:{code.co_qualname}")
        traceback = traceback.tb_next
    return names


def is_installed(filename: str) -> bool:
    """Is this a file of the standard library, of an installed package or of an environment?"""
    inside = f"{sys.prefix}/"
    return filename.startswith((*_FOREIGN, inside)) or "/site-packages/" in filename
