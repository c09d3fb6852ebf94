"""What can be evolved in a live process, and the words in which the rest is refused."""

from __future__ import annotations

import functools
import inspect
import types

from codegenesis.fragment import LOCALS, layers

#: Code that looks at the frames around it would see ours while it is watched.
_FRAME_READERS = frozenset({"_getframe", "_getframemodulename", "currentframe", "stack"})
_NO_FILES = frozenset({"<string>", "<stdin>"})
_NATIVE = (
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.MethodWrapperType,
)


def function_of(candidate: object, *, scope: str = "") -> types.FunctionType | None:
    """The function that is meant: behind what decorators put around it, the innermost.

    Args:
        scope: qualified name of the code that decorates it; what is defined right there goes
            first. In `@evolvable @wraps(f) def wrapper` the wrapper is meant, not `f`.
    """
    functions = [each for each in layers(candidate) if type(each) is types.FunctionType]
    here = [each for each in functions if _scope(each.__code__) == scope]
    return next(iter(here or functions[-1:]), None)


def _scope(code: types.CodeType) -> str:
    """Qualified name of the code that a `def` stands in; empty for a module."""
    return code.co_qualname.rpartition(".")[0].removesuffix(".<locals>") or "<module>"


def refusal(candidate: object) -> str:
    """Why `candidate` is not evolved, in words; empty when it can be."""
    function = function_of(candidate)
    if function is None:
        return _not_a_function(candidate)
    return shape(function.__code__)


def shape(code: types.CodeType) -> str:
    """Why functions with this code are not evolved; empty when they can be."""
    if code.co_name == "<lambda>":
        return "it is a lambda, which has no name to evolve it under"
    if code.co_flags & inspect.CO_ITERABLE_COROUTINE:
        return "it is a generator that types.coroutine made awaitable"
    if code.co_filename in _NO_FILES:
        return "it was written by a program or typed in (dataclasses, exec), there is no file of it"
    if "." in code.co_qualname.rpartition(LOCALS)[2] and LOCALS in code.co_qualname:
        return "it is a method of a class that is made inside a function, each time anew"
    readers = _FRAME_READERS.intersection(code.co_names)
    if readers and {"sys", "inspect"}.intersection(code.co_names) | readers - {"stack"}:
        return f"it looks at the frames around it ({sorted(readers)[0]})"
    return ""


def _not_a_function(candidate: object) -> str:
    if isinstance(candidate, type):
        return "it is a class; decorate its methods"
    if isinstance(candidate, _NATIVE):
        return "it is not written in Python"
    if isinstance(candidate, functools.partial):
        return "it is a partial; what is evolved is the function that it calls"
    return f"it is not a function but a {type(candidate).__name__}"
