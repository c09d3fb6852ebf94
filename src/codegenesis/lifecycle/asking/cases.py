"""What models are told of a function that should do what cases say: fixes, and bodies to be."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from pathlib import Path

from codegenesis import wire
from codegenesis.arena.messages import Example
from codegenesis.core.coders import Brief, Failure, Objective, Sample
from codegenesis.core.operator import module_source
from codegenesis.errors import WireError
from codegenesis.evidence.words import show_call
from codegenesis.lifecycle.asking.briefing import may_tell
from codegenesis.lifecycle.asking.callees import callees
from codegenesis.model import Gene
from codegenesis.parsing import syntax_tree

_SAMPLES, _FAILURES, _NOTES = 6, 4, 4


class CasesBriefing:
    """Writes the briefs of one gene that is held to cases.

    Args:
        failing: names of the cases that it fails; of a test, as pytest has it.
        failed_examples: of the examples, those that it fails.
        tests: files in which the failing tests are.
        redact: further patterns of names whose values are not told.
    """

    def __init__(
        self,
        gene: Gene,
        objective: Objective,
        *,
        examples: Sequence[Example] = (),
        failing: Sequence[str] = (),
        failed_examples: Sequence[Example] = (),
        tests: Iterable[Path] = (),
        redact: Iterable[str] = (),
    ) -> None:
        self._gene, self._objective = gene, objective
        self._module = module_source(gene)
        self._callees = callees(gene, self._module)
        telling = may_tell(gene, [each.call for each in (*examples, *failed_examples)], redact)
        held = (*failed_examples, *(each for each in examples if each not in failed_examples))
        self._samples = tuple(_sample(gene, each) for each in held[:_SAMPLES]) if telling else ()
        self._notes = tuple(_sources(failing, tests))[:_NOTES]
        self._weakness = (f"fails {len(failing)} of its cases",) if failing else ()
        self._failures: list[Failure] = []

    def failed(self, source: str, case: str) -> None:
        """A version failed this case: the next that is asked may do better."""
        self._failures.insert(0, Failure(source=source, gate="cases", detail=case))

    def brief(self) -> Brief:
        """What to tell a model now."""
        return Brief(
            gene=self._gene,
            module_source=self._module,
            objective=self._objective,
            weakness=self._weakness,
            callees=self._callees,
            samples=self._samples,
            failures=tuple(self._failures[:_FAILURES]),
            notes=self._notes,
        )


def named(gene: Gene, examples: Iterable[Example]) -> list[str]:
    """Examples in words, a line each."""
    return [f"{show_call(gene.name, each.call)} {_wanted(each)}" for each in examples]


def _sample(gene: Gene, example: Example) -> Sample:
    return Sample(show_call(gene.name, example.call), _wanted(example))


def _wanted(example: Example) -> str:
    """What is expected of a call, in words."""
    if example.raises:
        return f"must raise {example.raises}"
    if example.result is None:
        return "must not fail"
    try:
        return f"must return {wire.decode(example.result)!r}"
    except WireError:
        return "must return what it did"


def _sources(failing: Iterable[str], tests: Iterable[Path]) -> Iterable[str]:
    """The failing tests themselves."""
    names = {name.rpartition("::")[2].partition("[")[0] for name in failing}
    for path in tests:
        for file in sorted(path.rglob("test*.py")) if path.is_dir() else [path]:
            text = file.read_text(encoding="utf-8", errors="replace")
            for node in ast.walk(_parsed(text)):
                if isinstance(node, ast.FunctionDef) and node.name in names:
                    yield ast.get_source_segment(text, node) or ""


def _parsed(text: str) -> ast.Module:
    try:
        return syntax_tree(text)
    except (SyntaxError, ValueError):
        return ast.Module(body=[], type_ignores=[])
