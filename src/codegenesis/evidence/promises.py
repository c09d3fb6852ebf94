"""What is promised of a gene, and the judge that holds calls to it: `codegenesis.contracts.judge`
in a jailed process of the original, which gets values and never the variant's code.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from codegenesis.evidence.case import Case
from codegenesis.evidence.duel import Subject
from codegenesis.evidence.plain import value_of
from codegenesis.evidence.words import clip, show_call
from codegenesis.model import Gene, Outcome, Record
from codegenesis.parsing import syntax_tree
from codegenesis.sandbox import Executor
from codegenesis.wire import encode_call

_JUDGES = "codegenesis.contracts.judge"
_MOST_BYTES = 64 << 20
_MOST_RECORDED = 200


class Promise(Record, frozen=True, kw_only=True):
    """One clause.

    Attributes:
        words: what is promised.
        before: a precondition: where it does not hold, nothing is promised.
        excluded: why it is not used, in words; empty when it is.
    """

    words: str
    before: bool = False
    excluded: str = ""


class Judge:
    """Holds calls to the promises of one gene, outside the process that made them."""

    def __init__(self, executor: Executor, gene: Gene) -> None:
        self._gene = gene
        self._subject = Subject(executor, f"{_JUDGES}:judge", None)
        self.promises = _declared(executor, gene)

    def exclude(self, case: Case) -> None:
        """Leave out what the original itself does not keep on recorded calls."""
        pairs = dict(zip(case.calls, case.expected, strict=True))
        returned = [(call, each) for call, each in pairs.items() if each.kind == "returned"]
        for call, outcome in returned[:_MOST_RECORDED]:
            verdicts = self._verdicts(call, outcome)
            self.promises = tuple(
                promise if promise.excluded else _tried(promise, verdict, self._gene, call)
                for promise, verdict in zip(self.promises, verdicts, strict=True)
            )

    def violated(self, call: bytes, outcome: Outcome) -> frozenset[int]:
        """Numbers of the promises that a returned call breaks; none outside the preconditions."""
        verdicts = self._verdicts(call, outcome)
        broken = {
            at
            for at, (verdict, _) in enumerate(verdicts)
            if verdict != "holds" and not self.promises[at].excluded
        }
        out_of_contract = any(self.promises[at].before for at in broken)
        return frozenset() if out_of_contract else frozenset(broken)

    def close(self) -> None:
        """End the process; idempotent."""
        self._subject.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _verdicts(self, call: bytes, outcome: Outcome) -> list[Sequence[str]]:
        values = (self._gene.target, call, outcome.value, outcome.after)
        question = encode_call(values, {}, max_bytes=_MOST_BYTES)
        answer = self._subject.ask(question)
        if answer.kind == "returned":
            return list(value_of(answer.value))
        return [("broken", f"cannot be judged: {answer.detail}")] * len(self.promises)


def _tried(promise: Promise, verdict: Sequence[str], gene: Gene, call: bytes) -> Promise:
    kind, said = verdict
    if kind == "holds":
        return promise
    where = clip(show_call(gene.name, call), 120)
    why = f"cannot be evaluated for {where} ({said})" if kind == "broken" else ""
    why = why or f"does not hold for the original itself: {where}"
    return Promise(words=promise.words, before=promise.before, excluded=why)


def _declared(executor: Executor, gene: Gene) -> tuple[Promise, ...]:
    with Subject(executor, f"{_JUDGES}:declared", None) as judge:
        answer = judge.ask(encode_call((gene.target,), {}))
    if answer.kind != "returned":
        return ()
    lambdas = _lambdas(gene.path)
    return tuple(_promise(each, lambdas) for each in value_of(answer.value))


def _promise(clause: Sequence[Any], lambdas: dict[int, str]) -> Promise:
    kind, says, line = clause
    words = says or lambdas.get(line) or f"the condition in line {line}"
    return Promise(words=clip(words, 200), before=kind == "before")


def _lambdas(path: str) -> dict[int, str]:
    """The lambdas of a file by line: most predicates are one, and have no other name."""
    try:
        tree = syntax_tree(Path(path).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return {}
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Lambda)]
    return {node.lineno: ast.unparse(node.body) for node in reversed(nodes)}
