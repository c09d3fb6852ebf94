"""`param` and `choice`: what an owner leaves open in a function, for evolution to settle.

Both give their default back and do nothing else, so they may stand in code that is called often
(about 80 ns). Their arguments are read from the source, never at run time, so `low`, `high`,
`choices` and `log` have to be literals. A tuned version differs in the default that is written
there, and it goes through the same gates as any other: it must return what the original returns.
A parameter that changes *results* (the damping of a filter, a price) is therefore never moved by
more than nothing: which result is better, only its owner knows. What is left open is how the same
is computed: cut-offs between two algorithms, sizes of chunks and buffers, which of several equal
implementations runs.

A `param` that only counts under one option of a `choice` (inside the option itself, or in the `if`
that asks for it) is only tuned under that option:

    from codegenesis import choice, param

    def ordered(items):
        if choice("method", ("merge", "insertion"), default="merge") == "merge":
            return merge_sorted(items, below=param("below", 8, low=2, high=256, log=True))
        return insertion_sorted(items)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, overload

_T = TypeVar("_T")
_Option = TypeVar("_Option", str, int, float, bool)


def param(
    name: str,
    default: _T,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: Sequence[_T] | None = None,
    log: bool = False,
) -> _T:
    """A value that may be tuned; gives `default`.

    Args:
        name: unique in the function; it is what reports call it.
        default: a literal: a number, a text or a truth value.
        low, high: literals between which to look, ends included; for a number without them,
            a sixteenth and sixteen times the default.
        choices: a literal sequence of all values, instead of a range.
        log: whether to look on a logarithmic scale.
    """
    del name, low, high, choices, log
    return default


@overload
def choice(name: str, options: Mapping[Any, _T], default: Any = None) -> _T: ...
@overload
def choice(name: str, options: Sequence[_Option], default: _Option | None = None) -> _Option: ...
def choice(name: str, options: Any, default: Any = None) -> Any:
    """One of several that do the same; gives the default one.

    Args:
        name: unique in the function; it is what reports call it.
        options: a literal dict of values by key, or a literal sequence of keys.
        default: the key of the one to take, a literal; the first when None.

    Raises:
        KeyError: `options` is a dict without the default.
    """
    del name
    if default is None:
        return next(iter(options.values() if isinstance(options, Mapping) else options))
    return options[default] if isinstance(options, Mapping) else default
