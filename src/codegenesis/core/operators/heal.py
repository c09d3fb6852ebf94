"""Guards against recorded crashes: the call that crashes today returns a neutral value instead.

A guard stands right before the statement that would raise, under the narrowest condition that can
be derived (see `hazards`): everything that works today stays as it is. Inside a loop the item is
passed over, in a second variant the whole call is given up. Where no condition can be derived, the
statement, or as a last resort the whole body, is put into `try` … `except` of exactly that type.

Exceptions that the function raises on purpose, and errors that are no business of a guard, are left
alone. Whether a neutral value is better than an error is a decision of the owner's (setting
`heal`); this operator only writes what could be decided on.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from codegenesis.core.operator import Context
from codegenesis.core.operators.hazards import Hazard, conditions, hazards, parses
from codegenesis.core.operators.neutral import neutral
from codegenesis.core.predict import forecast
from codegenesis.core.syntax import Edits, Unit, View, code, own
from codegenesis.genome import Crash
from codegenesis.model import Gene, Proposal, Trait, Variant

#: Never guarded against.
UNTOUCHED = frozenset(
    {
        "AssertionError",
        "GeneratorExit",
        "KeyboardInterrupt",
        "MemoryError",
        "NotImplementedError",
        "SystemExit",
    }
)


@dataclass(frozen=True)
class Heal:
    """The `heal` operator."""

    name: str = "heal"
    improves: tuple[str, ...] = ("error_rate",)
    gain: float = 2.0

    def applies(self, gene: Gene, traits: Sequence[Trait]) -> Proposal | None:
        """A proposal for genes that were seen to fail."""
        failing = [t for t in traits if t.name == "error_rate" and not t.variant and t.value > 0]
        return forecast(gene, self, traits, variants=3) if failing and not gene.refused else None

    def write(self, gene: Gene, *, context: Context, seed: int = 0) -> list[Variant]:
        """Variants per crash, the narrowest first; before them one that covers all crashes."""
        original = Unit.parse(gene.source)
        view = context.view(original)
        crashes = [c for c in context.crashes if _curable(view, c)] if view.plain else []
        if not crashes:
            return []
        returns = view.function.returns
        value = neutral(
            context.results, annotation=code(returns.annotation) if returns is not None else ""
        )
        whole = original
        for crash in crashes:
            whole = next(_cures(context.view(whole), gene, crash, value), whole)
        found = {whole.identity: (whole, crashes)}
        for crash in crashes:
            for unit in _cures(view, gene, crash, value):
                found.setdefault(unit.identity, (unit, [crash]))
        return [self._variant(gene, unit, covered, value, seed) for unit, covered in found.values()]

    def _variant(
        self, gene: Gene, unit: Unit, crashes: Sequence[Crash], value: str, seed: int
    ) -> Variant:
        kinds = " and ".join(dict.fromkeys(crash.name for crash in crashes))
        calls = sum(crash.count for crash in crashes)
        return Variant(
            gene=gene.id,
            base=gene.base,
            source=unit.source,
            operator=self.name,
            hypothesis=f"{calls} recorded calls ended in {kinds}; they get {value} instead.",
            risk=f"A caller that relied on {kinds} no longer sees it.",
            seed=seed,
        )


def _curable(view: View, crash: Crash) -> bool:
    module = crash.type.removeprefix("builtins.").rpartition(".")[0]
    known = not module and isinstance(getattr(builtins, crash.name, None), type)
    library = module.partition(".")[0] in sys.stdlib_module_names
    if crash.name in UNTOUCHED or not (known or library):
        return False
    raised = [node.exc for node in own(view.function.body) if isinstance(node, cst.Raise)]
    return not any(exc is not None and crash.name in code(exc) for exc in raised)


def _cures(view: View, gene: Gene, crash: Crash, value: str) -> Iterator[Unit]:
    """Versions that handle the crash, the narrowest first."""
    if _own(gene, crash):
        found = hazards(view, crash.name, detail=crash.detail)
        certain = [hazard for hazard in found if hazard.certain]
        if certain:
            yield _guarded(view, certain, value, skip=True)
            yield _guarded(view, certain, value, skip=False)
        elif crash.name == "ZeroDivisionError" and found:
            yield _inline(view, found)
        yield from _tried(view, crash, value)
    yield _last_resort(view, crash, value)


def _own(gene: Gene, crash: Crash) -> bool:
    """Whether it was raised by the function itself, not by one that it calls."""
    frame = crash.fingerprint.partition(" in ")[2].partition(" < ")[0]
    return not frame or frame == gene.target or frame.startswith(f"{gene.target}.<locals>")


def _guarded(view: View, found: Sequence[Hazard], value: str, *, skip: bool) -> Unit:
    """A condition before each statement that would raise."""
    edits = Edits(view)
    by_statement: dict[cst.CSTNode, list[Hazard]] = {}
    for hazard in found:
        by_statement.setdefault(view.statement(hazard.node), []).append(hazard)
    for statement, group in by_statement.items():
        leave = _leave(view, statement, value, skip=skip)
        edits.before(statement, f"if {conditions(group)}:\n    {leave}\n")
    return edits.apply()


def _leave(view: View, statement: cst.CSTNode, value: str, *, skip: bool) -> str:
    inside = any(loop.is_statement for loop in view.loops(statement))
    return "continue" if skip and inside else f"return {value}"


def _inline(view: View, found: Sequence[Hazard]) -> Unit:
    """A condition inside the expression, where no statement can stand before it."""
    edits = Edits(view)
    for hazard in found:
        if isinstance(hazard.node, cst.BinaryOperation):
            zero = "0.0" if isinstance(hazard.node.operator, cst.Divide) else "0"
            text = code(hazard.node)
            edits.swap(hazard.node, f"({zero} if {hazard.condition} else ({text}))")
    return edits.apply()


def _tried(view: View, crash: Crash, value: str) -> Iterator[Unit]:
    """`try` around the statements that turn text into numbers or dates."""
    if crash.name not in ("ValueError", "TypeError", "InvalidOperation"):
        return
    nodes = [node for node in own(view.function.body) if parses(node)]
    found = list(dict.fromkeys(view.statement(node) for node in nodes))
    simple = [s for s in found if isinstance(s, cst.SimpleStatementLine)]
    if not simple:
        return
    for skip in (True, False):
        edits = Edits(view)
        word = _exception(view, edits, crash)
        for statement in simple:
            leave = _leave(view, statement, value, skip=skip)
            edits.wrap(statement, _trying(f"try:\n    pass\nexcept {word}:\n    {leave}\n"))
        yield edits.apply()


def _last_resort(view: View, crash: Crash, value: str) -> Unit:
    """`try` around the whole body."""
    edits = Edits(view)
    word = _exception(view, edits, crash)
    block = view.function.body
    body: list[cst.CSTNode] = list(block.body)
    if isinstance(block, cst.SimpleStatementSuite):
        body = [cst.SimpleStatementLine(body=block.body)]
    documented = view.function.get_docstring() is not None and len(body) > 1
    head, rest = (body[:1], body[1:]) if documented else ([], body)
    made = _within(f"try:\n    pass\nexcept {word}:\n    return {value}\n", rest)
    inside = cst.IndentedBlock(body=[*head, made])  # type: ignore[list-item]
    if isinstance(block, cst.IndentedBlock):
        inside = block.with_changes(body=[*head, made])
    return edits.swap_node(block, inside).apply()


def _trying(text: str) -> Callable[[cst.CSTNode], cst.Try]:
    return lambda statement: _within(text, [statement])


def _within(text: str, body: Sequence[cst.CSTNode]) -> cst.Try:
    outer = cst.ensure_type(cst.parse_statement(text), cst.Try)
    return outer.with_changes(body=cst.IndentedBlock(body=body))  # type: ignore[arg-type]


def _exception(view: View, edits: Edits, crash: Crash) -> str:
    """A word for the exception type, imported where it is not a builtin."""
    module, _, name = crash.type.removeprefix("builtins.").rpartition(".")
    if not module:
        return name
    word, needs = view.imported(module, name)
    if needs:
        edits.prelude(f"{needs}\n")
    return word


OPERATOR = Heal()
