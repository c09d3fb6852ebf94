"""Ask the jail what types a program's variables have on recorded calls."""

from __future__ import annotations

import ast
import time
from collections.abc import Sequence
from typing import Any

from codegenesis.compiler.native.normal import text_of
from codegenesis.compiler.native.program import ENTRY, Program, UnsuitableError
from codegenesis.compiler.native.types import Typing
from codegenesis.errors import FragmentError, WireError
from codegenesis.evidence.plain import value_of
from codegenesis.model import Gene, Record
from codegenesis.parsing import syntax_tree
from codegenesis.sandbox import Executor

#: Events of the program that are traced, per recorded call; some 10 µs each.
_EVENTS = 150_000
_MOST_CALLS = 12
#: Seconds after which no further call is traced.
_ENOUGH_S = 10.0


class Observed(Record, frozen=True, kw_only=True):
    """What the jail told.

    Attributes:
        values: of module-level and class-level constants, as far as they are plain.
    """

    typing: Typing
    values: dict[str, Any]


def observe(
    gene: Gene,
    program: Program,
    calls: Sequence[bytes],
    executor: Executor,
    *,
    most: int = _MOST_CALLS,
) -> Observed:
    """Run the program on recorded calls in a candidate of its own, traced.

    Args:
        most: so many different calls at most, short ones first.

    Raises:
        UnsuitableError: it cannot be run so, or nothing came of it.
    """
    told: dict[str, Any] = {}
    started = time.monotonic()
    try:
        with executor.candidate(gene.qualname, fragment_of(gene, program)) as candidate:
            for call in _spread(calls, most):
                if told and time.monotonic() - started > _ENOUGH_S:
                    break
                outcome = candidate.call(call)
                if outcome.kind == "returned":
                    told = value_of(outcome.value)
                elif outcome.kind == "died":
                    break
    except (FragmentError, WireError) as error:
        raise UnsuitableError(f"its types cannot be observed: {error}") from error
    if not told:
        raise UnsuitableError("its types cannot be observed: no recorded call could be traced")
    if f"{ENTRY}:return" not in told["places"]:
        raise UnsuitableError(f"no recorded call returned while it was observed ({told['raised']})")
    bases = {name: owner.base for name, owner in program.classes.items()}
    try:
        typing = Typing(told["places"], bases)
    except (KeyError, TypeError, ValueError) as error:
        raise UnsuitableError("its types cannot be observed: the report is malformed") from error
    return Observed(typing=typing, values=told["values"])


def fragment_of(gene: Gene, program: Program) -> str:
    """The fragment whose `def` runs the program traced and returns the report."""
    own = syntax_tree(gene.source).body[-1]
    if not isinstance(own, ast.FunctionDef):
        raise UnsuitableError("the function has no `def`")
    positional = ", ".join(a.arg for a in own.args.posonlyargs + own.args.args)
    keyword = ", ".join(f"{a.arg!r}: {a.arg}" for a in own.args.kwonlyargs)
    classes = ", ".join(f"{name!r}: {name}" for name in program.classes)
    body = f"""return watched_(
        {ENTRY}, ({positional}{"," if positional else ""}), {{{keyword}}},
        classes={{{classes}}}, constants={{{_constants(program)}}}, events={_EVENTS})"""
    own.body = syntax_tree(f"def f():\n    {body}").body[0].body  # type: ignore[attr-defined]
    own.decorator_list = []
    text = "\n\n".join(ast.unparse(ast.fix_missing_locations(n)) for n in [*text_of(program), own])
    return f"from codegenesis.native.watch import watched as watched_\n\n{text}\n"


def _constants(program: Program) -> str:
    pairs = [f"{name!r}: {name}" for name in program.globals]
    for owner in program.classes.values():
        pairs += [f"'{owner.name}.{n}': {owner.name}.{n}" for n in owner.constants]
    return ", ".join(pairs)


def _spread(calls: Sequence[bytes], most: int) -> list[bytes]:
    """A few different calls, cheap (short) ones first."""
    distinct = sorted(dict.fromkeys(calls), key=len)
    step = max(1, len(distinct) // most)
    return distinct[::step][:most]
