"""How much does it take? The share of hostile inputs that end as the contract says.

Hostile are the edge cases of the differential gate: empty, huge, negative, odd, of another type.
An input is handled when the call returns, or raises what the original documents, raises by name, or
defines. A crash by accident (an IndexError that nobody wrote), a recursion or memory error, a death
or a time-out is not. The contract is the original's: a variant cannot write itself a wider one.

Both sides meet the same inputs, so only those count as evidence that one of them handles and the
other does not (McNemar 1947), with an exact interval.
"""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Iterator
from itertools import islice

from codegenesis.compiler.statistics import share_interval
from codegenesis.errors import FragmentError, WireError
from codegenesis.evidence import Case
from codegenesis.evidence.differential import inputs_for
from codegenesis.evidence.duel import Subject
from codegenesis.evidence.plain import data_of
from codegenesis.evidence.words import exception_type
from codegenesis.fragment.syntax import FunctionNode
from codegenesis.model import Outcome, Variant
from codegenesis.parsing import syntax_tree

_MOST_HOSTILE = 60
_MOST_DEATHS = 1  # of the variant: each is seconds of waiting
_MACHINE = frozenset({"builtins.RecursionError", "builtins.MemoryError", "builtins.SystemError"})


class Ordeal:
    """Hostile inputs, put to original and variant.

    Args:
        deadline: on `time.monotonic`; no further input is tried after it.

    Attributes:
        tried: inputs that were put to both.
    """

    def __init__(self, case: Case, variant: Variant, *, deadline: float) -> None:
        self._case, self._deadline = case, deadline
        self._allowed = documented(case.gene.source)
        self.tried = 0
        self._old = self._only_old = self._only_new = 0
        name = case.gene.qualname
        try:
            with (
                Subject(case.executor, name, None) as old,
                Subject(case.executor, name, variant.source) as new,
            ):
                self._run(old, new)
        except FragmentError:
            self._only_new, self._only_old = 0, self._old

    def ratio(self) -> tuple[float, float, float]:
        """Share handled by the variant / by the original, with bounds."""
        return tuple(  # type: ignore[return-value]
            max(0.0, self._old + change) / max(1, self._old) for change in self._change()
        )

    def _change(self) -> tuple[float, float, float]:
        """How many more inputs the variant handles, and the bounds of that."""
        discordant = self._only_old + self._only_new
        if not discordant:
            return 0.0, 0.0, 0.0
        low, high = share_interval(self._only_new, discordant, confidence=0.99)
        return (
            float(self._only_new - self._only_old),
            (2 * low - 1) * discordant,
            (2 * high - 1) * discordant,
        )

    def _run(self, old: Subject, new: Subject) -> None:
        deaths = 0
        for call in islice(self._hostile(), _MOST_HOSTILE):
            if time.monotonic() > self._deadline or deaths >= _MOST_DEATHS:
                break
            answers = self._case.memory.answers
            expected = answers.get(call) or old.ask(call)
            answers[call] = expected
            got = new.ask(call)
            deaths += got.kind == "died"
            self._note(self._handled(expected), self._handled(got))

    def _note(self, old: bool, new: bool) -> None:
        self.tried += 1
        self._old += old
        self._only_old += old and not new
        self._only_new += new and not old

    def _hostile(self) -> Iterator[bytes]:
        seen = set()
        for call in inputs_for(self._case).edges():
            try:
                data = data_of(call)
            except WireError:
                continue
            if data not in seen:
                seen.add(data)
                yield data

    def _handled(self, outcome: Outcome) -> bool:
        if outcome.kind != "raised":
            return outcome.kind == "returned"
        kind = exception_type(outcome)
        if kind in _MACHINE or kind in self._case.crashes:
            return False
        home, _, name = kind.rpartition(".")
        own = home.split(".")[0] == self._case.gene.module.split(".")[0]
        return own or name in self._allowed


def documented(source: str) -> frozenset[str]:
    """Names of exceptions that a function announces: in its docstring, or by raising them."""
    tree = syntax_tree(source)
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.exc:
            raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            names.add(ast.unparse(raised).rpartition(".")[2])
        if isinstance(node, FunctionNode) and (text := ast.get_docstring(node)):
            names.update(re.findall(r"\b[A-Z]\w*(?:Error|Exception|Warning|Interrupt)\b", text))
    return frozenset(names)
