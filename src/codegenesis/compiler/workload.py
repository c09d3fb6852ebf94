"""From recorded calls to what one block of a race runs.

A block must be long enough for the clock and short enough to be repeated dozens of times. The calls
stay in recorded order with their repeats, because a cache is worth what its real hit rate is worth.
A tiny workload is run several times per block: in one process if the variant cannot remember
anything, else in a fresh process each time, or its second pass would be a gift.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from codegenesis.compiler.pin import cores, follow, on_core
from codegenesis.errors import FragmentError
from codegenesis.fragment.syntax import FunctionNode
from codegenesis.model import Gene, Record
from codegenesis.parsing import syntax_tree
from codegenesis.sandbox import Candidate, Executor

_SLICE_NS = 20_000_000  # CPU of the original in one pass, at most (one call may exceed it)
_MOST_CALLS = 1000
_CLEAR_NS = 2_000_000  # of CPU, from which on one reading of the clock is enough
_LEAST_PASS_NS = 50  # no call takes less: what reads less was read wrong
_MOST_PASSES = 2000
_MOST_COLD_PASSES = 8
_MOST_BYTES = 4 << 20  # of encoded calls in one block; the answers are about as large


class Workload(Record, frozen=True, kw_only=True):
    """What one block runs.

    Attributes:
        calls: one pass.
        costs_ns: CPU of the original for each of them, decoding and encoding included.
        passes: how often per block.
        cold: each pass in a process of its own.
        died: why the original cannot be timed, empty when it can.
    """

    calls: tuple[bytes, ...] = ()
    costs_ns: tuple[int, ...] = ()
    passes: int = 1
    cold: bool = False
    died: str = ""


def plan(
    executor: Executor,
    qualname: str,
    calls: Sequence[bytes],
    *,
    original: str | None = None,
    cold: bool = False,
    block_ns: int = 250_000,
) -> Workload:
    """Cut the recorded calls to what can be timed, and find the number of passes per block.

    Args:
        original: fragment of the side that is compared with; None for the function as it is.
        cold: the other side may remember; see `remembers`.
    """
    kept: list[bytes] = []
    costs: list[int] = []
    with on_core(cores()[0]), executor.candidate(qualname, original) as candidate:
        follow(candidate)
        for call in calls[:_MOST_CALLS]:
            outcome = candidate.call(call)
            if outcome.kind == "died":
                break
            kept.append(call)
            costs.append(outcome.cpu_ns)
            if sum(costs) > _SLICE_NS:
                break
        pass_ns = _pass_ns(candidate, kept) if kept else 0
    if not kept:
        return Workload(died="the original dies on the first recorded call")
    most = _MOST_COLD_PASSES if cold else _MOST_PASSES
    room = max(1, _MOST_BYTES // max(1, sum(map(len, kept))))
    passes = min(-(-block_ns // pass_ns), most, room)
    return Workload(
        calls=tuple(kept), costs_ns=tuple(costs), passes=passes, cold=cold and passes > 1
    )


def as_fragment(executor: Executor, gene: Gene) -> str | None:
    """The original as a fragment, so that both sides are assembled alike, at the same moment of
    their processes; None, for the function as it stands, where it cannot be one."""
    try:
        executor.candidate(gene.qualname, gene.source).close()
    except FragmentError:
        return None
    return gene.source


def _pass_ns(candidate: Candidate, calls: Sequence[bytes]) -> int:
    """CPU of one pass, once the process is warm; passes too short for the clock are repeated."""
    once = candidate.time(calls).run_ns
    room = _MOST_BYTES // max(1, sum(map(len, calls)))
    repeats = max(1, min(20, room, _CLEAR_NS // max(1, once)))
    if once > _CLEAR_NS:
        return once
    readings = [candidate.time(list(calls) * repeats).run_ns // repeats for _ in range(3)]
    return max(_LEAST_PASS_NS, sorted(readings)[1])


def size_classes(workload: Workload, *, most: int = 4, least: int = 3) -> list[tuple[bytes, ...]]:
    """The distinct calls by what they cost the original, cheapest class first, each in order."""
    cost = dict(zip(workload.calls, workload.costs_ns, strict=True))
    ranked = sorted(cost, key=lambda call: (cost[call], len(call)))
    count = min(most, len(ranked) // least)
    if count < 2:
        return []
    rank = {call: place * count // len(ranked) for place, call in enumerate(ranked)}
    return [
        tuple(call for call in workload.calls if rank[call] == number) for number in range(count)
    ]


_PLAIN_CALLS = {"frozenset", "tuple", "re.compile", "str", "float"}


def remembers(source: str) -> bool:
    """Might a fragment keep something from one call for the next?

    True for anything at module level beside imports and plain functions, for decorators, and for
    mutable defaults; an over-approximation costs time only.
    """
    *prelude, last = syntax_tree(source).body
    functions = [node for node in (*prelude, last) if isinstance(node, FunctionNode)]
    plain = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef)
    state = any(not isinstance(node, plain) and not _is_frozen(node) for node in prelude)
    stores = any(
        isinstance(node, ast.Global | ast.Nonlocal)
        or (isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store))
        for function in functions
        for node in ast.walk(function)
    )
    return state or stores or any(map(_is_dressed, functions))


def _is_dressed(function: FunctionNode) -> bool:
    """Decorators may cache, and a mutable default lives as long as the function."""
    defaults = [*function.args.defaults, *filter(None, function.args.kw_defaults)]
    return bool(function.decorator_list) or not all(
        isinstance(default, ast.Constant) for default in defaults
    )


def _is_frozen(node: ast.stmt) -> bool:
    """A constant that no call can change; compiled code keeps nothing between calls."""
    if not isinstance(node, ast.Assign):
        return False
    value = node.value
    if isinstance(value, ast.Call):
        return ast.unparse(value.func) in _PLAIN_CALLS or _is_native(value)
    return isinstance(value, ast.Constant | ast.Attribute)


def _is_native(value: ast.expr) -> bool:
    """The prelude of a compiled variant, `_load(…).bind(…)`: it keeps nothing of any call."""
    while isinstance(value, ast.Call | ast.Attribute):
        value = value.func if isinstance(value, ast.Call) else value.value
    return isinstance(value, ast.Name) and value.id in ("_load", "_jit")
