"""Gate: does the variant do beside returning what the original does beside returning?

Printed and logged text, changed module variables and shared objects must be the same; of the
operating system a variant may ask for less, never for anything new.
"""

from __future__ import annotations

from collections.abc import Sequence

from codegenesis.errors import FragmentError
from codegenesis.evidence.case import Case, Verdicts
from codegenesis.evidence.duel import Subject
from codegenesis.evidence.manners import reported
from codegenesis.evidence.steady import steady
from codegenesis.evidence.witness import witnessed
from codegenesis.evidence.words import clip, exception_type, show_call
from codegenesis.model import Outcome, Trial, Variant

_WORDS = {
    "sharing": "shares other objects between results, arguments and later calls",
    "prints": "prints something else",
    "logs": "logs something else",
    "changes": "changes other module variables",
}


class EffectsGate:
    """Effects on recorded calls.

    Args:
        most: distinct recorded calls that are watched.
    """

    name = "effects"

    def __init__(self, *, most: int = 24) -> None:
        self._most = most

    def run(self, variant: Variant, case: Case) -> Trial:
        """See `Gate.run`."""
        verdicts = Verdicts(self, variant)
        gene, checks = case.gene, 0
        calls = spread([call for call, outcome in watched(case)], self._most)
        try:
            with (
                Subject(case.executor, gene.qualname, _watching(case, gene.source)) as original,
                Subject(case.executor, gene.qualname, _watching(case, variant.source)) as changed,
            ):
                for call in calls:
                    expected = case.memory.reports.get(call) or original.ask(call)
                    case.memory.reports[call] = expected
                    if expected.kind != "returned":
                        continue
                    checks += 1
                    if words := _differ(expected, changed.ask(call)):
                        detail = f"{show_call(gene.name, call)}: the variant {words}"
                        return verdicts.trial("failed", detail=detail, checks=checks)
        except FragmentError as error:
            return verdicts.trial("failed", detail=str(error), checks=checks)
        return verdicts.trial("passed" if checks else "skipped", checks=checks)


def _watching(case: Case, source: str) -> str:
    free = case.gene.free
    source = steady(source, free=free) if case.noise.seeded else source
    return witnessed(source, free=free)


def watched(case: Case) -> list[tuple[bytes, Outcome]]:
    """Distinct recorded calls whose effects must be kept: all, but for crashes to be healed."""
    pairs = dict(zip(case.calls, case.expected, strict=True))
    healing = case.objective == "heal"
    return [
        (call, outcome)
        for call, outcome in pairs.items()
        if not (healing and exception_type(outcome) in case.crashes)
    ]


def spread(items: Sequence[bytes], most: int) -> Sequence[bytes]:
    """At most so many, evenly from the whole."""
    return items[:: max(1, -(-len(items) // most))]


def _differ(expected: Outcome, got: Outcome) -> str:
    if got.kind != "returned":
        return f"dies under observation ({clip(got.detail, 200)})"
    before, after = reported(expected), reported(got)
    if not isinstance(after, dict) or after.keys() != before.keys():
        return "tampers with the observation"
    for key, words in _WORDS.items():
        if before[key] != after[key]:
            shown = "" if key == "sharing" else f": {clip(repr(after[key]), 150)}"
            return f"{words}{shown}"
    new = sorted(set(after["asks"]) - set(before["asks"]))
    return f"asks the operating system for {', '.join(new)}" if new else ""
