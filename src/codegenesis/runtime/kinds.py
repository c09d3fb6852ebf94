"""What can be evolved in a live process, and the words in which the rest is refused."""

from __future__ import annotations

import importlib
import inspect
import sys
import types

#: Code that looks at the frames around it would see ours while it is watched.
_FRAME_READERS = frozenset({"_getframe", "_getframemodulename", "currentframe", "stack"})
_CHECKERS = frozenset({"__postconditions__", "__is_invariant_check__"})
_NATIVE = (
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.MethodWrapperType,
)


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


def _in_subinterpreter() -> bool:
    for name in ("_interpreters", "_xxsubinterpreters"):  # 3.13, and before
        try:
            interpreters = importlib.import_module(name)
        except ImportError:
            continue
        return bool(interpreters.get_current() != interpreters.get_main())
    return False


def behind_contracts(candidate: object) -> object:
    """The function behind icontract's checkers, which go on checking; else the candidate."""
    while isinstance(candidate, types.FunctionType) and _CHECKERS & vars(candidate).keys():
        candidate = vars(candidate).get("__wrapped__")
    return candidate


def refusal(candidate: object) -> str:
    """Why `candidate` is not evolved, in words; empty when it can be."""
    if not isinstance(candidate, types.FunctionType):
        return _not_a_function(candidate)
    code = candidate.__code__
    if code.co_flags & inspect.CO_ASYNC_GENERATOR:
        return "it is an async generator; only plain functions and methods are evolved so far"
    if code.co_flags & (inspect.CO_COROUTINE | inspect.CO_ITERABLE_COROUTINE):
        return "it is a coroutine; only plain functions and methods are evolved so far"
    if code.co_flags & inspect.CO_GENERATOR:
        return "it is a generator; only plain functions and methods are evolved so far"
    return _shape(candidate)


def _shape(function: types.FunctionType) -> str:
    code = function.__code__
    if code.co_name == "<lambda>":
        return "it is a lambda, which has no name to evolve it under"
    if hasattr(function, "__wrapped__"):
        return "it is the wrapper that a decorator made; decorated functions are not evolved so far"
    free = sorted(set(code.co_freevars) - {"__class__"})
    if free:
        return f"it is a closure over {', '.join(free)}"
    if "<locals>" in function.__qualname__:
        return "it is defined inside another function, so it cannot be found by name"
    readers = _FRAME_READERS.intersection(code.co_names)
    if readers and {"sys", "inspect"}.intersection(code.co_names) | readers - {"stack"}:
        return f"it looks at the frames around it ({sorted(readers)[0]})"
    return ""


def _not_a_function(candidate: object) -> str:
    if isinstance(candidate, classmethod | staticmethod | property):
        return f"it is a {type(candidate).__name__}; only plain functions and methods so far"
    if isinstance(candidate, type):
        return "it is a class; decorate its methods"
    if isinstance(candidate, _NATIVE):
        return "it is not written in Python"
    if hasattr(candidate, "cache_info"):
        return "it is cached by lru_cache, whose cache would keep the old code's results"
    if hasattr(candidate, "__wrapped__"):
        return "it is wrapped by a decorator; decorated functions are not evolved so far"
    return f"it is not a function but a {type(candidate).__name__}"
