"""Which interpreters code can be evolved in.

It is asked before anything else is imported, because what the agent needs may not import at all in
a place where it cannot work (msgspec in a subinterpreter of 3.12).
"""

from __future__ import annotations

import importlib
import logging
import sys

log = logging.getLogger("codegenesis")

_told = False


def unsupported() -> str:
    """Why nothing can be evolved in this interpreter; empty when it can."""
    if sys.implementation.name != "cpython" or not (3, 11) <= sys.version_info[:2] <= (3, 13):
        came = f"{sys.implementation.name} {sys.version_info[0]}.{sys.version_info[1]}"
        return f"CodeGenesis evolves code on CPython 3.11 to 3.13, this is {came}"
    if sys.platform != "linux":
        return (
            f"CodeGenesis evolves code on Linux, this is {sys.platform}; "
            "run the application in a container to have it evolve"
        )
    if _in_subinterpreter():
        return "CodeGenesis evolves code in the main interpreter, this is a subinterpreter"
    return ""


def inert() -> bool:
    """Can nothing be evolved in this interpreter? Says so, once."""
    global _told  # noqa: PLW0603
    reason = unsupported()
    if reason and not _told:
        _told = True
        log.warning("%s. The application runs as it is.", reason)
    return bool(reason)


def _in_subinterpreter() -> bool:
    for name in ("_interpreters", "_xxsubinterpreters"):  # 3.13, and before
        try:
            interpreters = importlib.import_module(name)
        except ImportError:
            continue
        return bool(interpreters.get_current() != interpreters.get_main())
    return False
