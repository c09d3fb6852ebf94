"""Holding one call to the promises of its function, in a process that the variant never was in.

Three dialects: ours (`@codegenesis.invariant`), and icontract's on functions (`@require`,
`@snapshot`, `@ensure`) and classes (`@invariant`). icontract is read through the attributes of its
checkers, so it need not be imported here.

A judge gets what the caller holds of the call: its arguments before and after, and its result. It
runs the owner's predicates, so it runs in the jail; but on copies that it decodes itself, so what
the variant did to its own process is not here.
"""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from codegenesis.contracts.declare import NOTES, OLD, RESULT
from codegenesis.fragment import layers
from codegenesis.sandbox.serving import resolver
from codegenesis.wire import Driven, decode, decode_call

Kind = Literal["before", "after"]
Verdict = Literal["holds", "violated", "broken"]
_SELF_CHECKS = "__invariants__"


class Moment(NamedTuple):
    """One call: its arguments by parameter, before and after, and what it returned."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]
    result: Any


class Clause(NamedTuple):
    """One promise.

    Attributes:
        kind: `before` for a precondition: where it does not hold, nothing is promised.
        says: in words; empty when the source at `line` says it.
        line: where the predicate stands in its file.
    """

    kind: Kind
    says: str
    line: int
    holds: Callable[[Moment], object]


def declared(target: str) -> list[list[Any]]:
    """What is promised of `module:qualname`: kind, words and line of each clause, in order."""
    module, qualname = _module(target)
    clauses = _clauses(*_found(module, qualname))
    return [[clause.kind, clause.says, clause.line] for clause in clauses]


def judge(target: str, before: bytes, result: bytes, after: bytes) -> list[list[str]]:
    """Hold one returned call to each clause.

    Args:
        before: arguments as the call got them, encoded.
        result: what it returned, encoded.
        after: arguments as the call left them, encoded.

    Returns:
        For each clause `holds`, `violated` or `broken`, and what the predicate raised, if it did.

    Raises:
        WireError: a value cannot be made here.
    """
    module, qualname = _module(target)
    function, owner = _found(module, qualname)
    resolve = resolver(module)
    moment = Moment(
        _bound(function, decode_call(before, resolve=resolve)),
        _bound(function, decode_call(after, resolve=resolve)),
        _taken(decode(result, resolve=resolve)),
    )
    return [_verdict(clause, moment) for clause in _clauses(function, owner)]


def _taken(result: Any) -> Any:
    """What a generator or an iterator gave, as a list."""
    return result.items if isinstance(result, Driven) else result


def _module(target: str) -> tuple[types.ModuleType, str]:
    home, _, qualname = target.partition(":")
    return sys.modules["__mp_main__" if home == "__main__" else home], qualname


def _verdict(clause: Clause, moment: Moment) -> list[str]:
    try:
        return ["holds" if clause.holds(moment) else "violated", ""]
    except Exception as error:  # noqa: BLE001 (boundary to the owner's predicate)
        return ["broken", f"{type(error).__name__}: {error}"[:200]]


def _found(module: types.ModuleType, qualname: str) -> tuple[Any, type | None]:
    """What the module holds under the name, decorators and all, and the class it is in."""
    owner: type | None = None
    found: Any = module
    for part in qualname.split("."):
        owner = found if isinstance(found, type) else None
        found = vars(found)[part]
    return found, owner


def _bound(function: Any, call: Any) -> dict[str, Any]:
    inner: Any
    *_, inner = layers(function)
    bound = inspect.signature(inner).bind(*call[0], **call[1])
    bound.apply_defaults()
    return bound.arguments


def _clauses(function: Any, owner: type | None) -> list[Clause]:
    found: list[Any] = list(layers(function))
    noted = [note for layer in found for note in getattr(layer, "__dict__", {}).get(NOTES, ())]
    clauses = [_ours(*note) for note in dict.fromkeys(noted)]
    checkers = [layer for layer in found if hasattr(layer, "__postconditions__")]
    for checker in checkers[-1:]:  # wrappers copy the attributes of what they wrap
        clauses += _preconditions(checker)
        clauses += [_postcondition(each, checker) for each in checker.__postconditions__]
    if "self" in inspect.signature(found[-1]).parameters:
        for each in getattr(owner, _SELF_CHECKS, ()):
            clauses += [_of_self(each, "before"), _of_self(each, "after")]
    return clauses


def _ours(predicate: Callable[..., object], says: str) -> Clause:
    def holds(moment: Moment) -> object:
        old = types.SimpleNamespace(**moment.before)
        known = {**moment.after, RESULT: moment.result, OLD: old}
        return predicate(**_asked(predicate, known, moment.after))

    return Clause("after", says or _name(predicate), _line(predicate), holds)


def _asked(
    predicate: Callable[..., object], known: Mapping[str, Any], rest: Mapping[str, Any]
) -> dict[str, Any]:
    """What the predicate names, and all arguments where it takes `**args`."""
    parameters = inspect.signature(predicate).parameters.values()
    open_ended = any(each.kind is each.VAR_KEYWORD for each in parameters)
    asked = {each.name: known[each.name] for each in parameters if each.name in known}
    return {**rest, **asked} if open_ended else asked


def _preconditions(checker: Any) -> Iterator[Clause]:
    """One clause: all conditions of one of the groups (they come from the classes above)."""
    groups = [group for group in checker.__preconditions__ if group]
    if not groups:
        return

    def holds(moment: Moment) -> bool:
        return any(all(_condition(each, moment.before) for each in group) for group in groups)

    first = groups[0][0]
    yield Clause("before", first.description or "", _line(first.condition), holds)


def _postcondition(contract: Any, checker: Any) -> Clause:
    def holds(moment: Moment) -> object:
        taken = {
            each.name: each.capture(**{name: moment.before[name] for name in each.args})
            for each in checker.__postcondition_snapshots__
        }
        old = types.SimpleNamespace(**taken)
        return _condition(contract, {**moment.after, RESULT: moment.result, "OLD": old})

    return Clause("after", contract.description or "", _line(contract.condition), holds)


def _of_self(contract: Any, kind: Kind) -> Clause:
    def holds(moment: Moment) -> object:
        return _condition(contract, moment.before if kind == "before" else moment.after)

    return Clause(kind, contract.description or "", _line(contract.condition), holds)


def _condition(contract: Any, known: Mapping[str, Any]) -> object:
    return contract.condition(
        **{name: known[name] for name in contract.condition_args if name in known}
    )


def _name(predicate: Callable[..., object]) -> str:
    name = getattr(predicate, "__name__", "")
    return "" if name == "<lambda>" else name


def _line(predicate: Callable[..., object]) -> int:
    code = getattr(predicate, "__code__", None)
    return code.co_firstlineno if code else 0
