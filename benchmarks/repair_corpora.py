"""Programs with a defect, their cases and a right version: corpora that others published.

A `Problem` is read from a checkout; nothing of it is imported here, only parsed.

- QuixBugs (Lin et al. 2017): one-line defects, `python_programs/`, `json_testcases/` and tests.
- Refactory (Hu et al. 2019): student programs, `data/question_N/`, cases as calls and output.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from codegenesis import fragment, wire
from codegenesis.arena.messages import Example
from codegenesis.errors import CodeGenesisError
from codegenesis.model import Gene, Record


class Problem(Record, frozen=True, kw_only=True):
    """One function to repair.

    Attributes:
        examples: its cases; or else
        tests: pytest files, in
        project: directory to run them in.
        reference: the right version, in a module of its own.
    """

    name: str
    gene: Gene
    module_source: str
    examples: tuple[Example, ...] = ()
    tests: tuple[Path, ...] = ()
    project: Path | None = None
    reference: Gene


# --- QuixBugs -----------------------------------------------------------------------------------


def quixbugs(corpus: Path) -> Iterator[Problem]:
    """The programs of a checkout, in the order of their names."""
    for path in sorted((corpus / "python_programs").glob("*.py")):
        name = path.stem
        right = corpus / "correct_python_programs" / path.name
        if name.endswith("_test") or name == "node" or not right.exists():
            continue
        text = path.read_text()
        reference = gene_of(right, name, module=name, root=right.parent)
        cases = corpus / "json_testcases" / f"{name}.json"
        if cases.exists():
            lines = [json.loads(line) for line in cases.read_text().splitlines() if line.strip()]
            yield Problem(
                name=name,
                gene=gene_of(path, name, module=name, root=path.parent),
                module_source=text,
                examples=tuple(_json_example(*line) for line in lines),
                reference=reference,
            )
            continue
        yield Problem(
            name=name,
            gene=gene_of(path, name, module=f"python_programs.{name}", root=corpus),
            module_source=text,
            tests=(corpus / "python_testcases" / f"test_{name}.py",),
            project=corpus,
            reference=reference,
        )


def _json_example(given: Any, expected: Any) -> Example:
    args = given if isinstance(given, list) else [given]
    return Example(
        call=wire.encode_call(tuple(args), {}), result=wire.encode(expected), lenient=True
    )


# --- Refactory ----------------------------------------------------------------------------------


def refactory(corpus: Path, folder: Path, *, most: int, seed: int = 0) -> Iterator[Problem]:
    """Wrong programs of a directory with `question_N`, drawn at random, at most `most` of each.

    A program with several functions is one problem per function that its own cases call; the
    other functions are taken from the reference, so that each is judged by itself.

    Args:
        folder: where the modules are written.
    """
    for question in sorted(corpus.glob("question_*")):
        programs = sorted((question / "code" / "wrong").glob("*.py"))
        Random(seed).shuffle(programs)
        cases = list(_cases(question))
        for path in programs[:most]:
            yield from _student(question, path, cases, folder)


def _student(
    question: Path, path: Path, cases: list[tuple[str, Example]], folder: Path
) -> Iterator[Problem]:
    common = question / "code" / "global.py"
    shared = common.read_text() if common.exists() else ""
    right = next((question / "code" / "reference").glob("*.py")).read_text()
    text = path.read_text()
    solution = folder / f"reference_{question.name}.py"
    solution.write_text(f"{shared}\n{right}\n")
    for name in dict.fromkeys(name for name, _ in cases):
        try:
            source = fragment.find(text, name).source
            rest = others_of(right, name)
        except (CodeGenesisError, SyntaxError):
            continue
        file = folder / f"{path.stem}_{name}.py"
        file.write_text(f"{shared}\n{rest}\n{source}\n")
        yield Problem(
            name=f"{path.stem}:{name}",
            gene=gene_of(file, name, module=file.stem, root=folder),
            module_source=file.read_text(),
            examples=tuple(example for called, example in cases if called == name),
            reference=gene_of(solution, name, module=solution.stem, root=folder),
        )


def _cases(question: Path) -> Iterator[tuple[str, Example]]:
    common = question / "code" / "global.py"
    names = _constants(common.read_text()) if common.exists() else {}
    for path in sorted((question / "ans").glob("input_*.txt")):
        call = ast.parse(path.read_text().strip(), mode="eval").body
        said = path.with_name(path.name.replace("input", "output")).read_text().strip()
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
            args = tuple(_value(each, names) for each in call.args)
            yield (
                call.func.id,
                Example(
                    call=wire.encode_call(args, {}), result=wire.encode(ast.literal_eval(said))
                ),
            )


def _value(node: ast.expr, names: dict[str, Any]) -> Any:
    return names[node.id] if isinstance(node, ast.Name) else ast.literal_eval(node)


def _constants(text: str) -> dict[str, Any]:
    return {
        target.id: ast.literal_eval(node.value)
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


# --- both ---------------------------------------------------------------------------------------


def gene_of(path: Path, name: str, *, module: str, root: Path) -> Gene:
    """The function of a file."""
    found = fragment.find(path.read_text(), name)
    return Gene(
        service="benchmark",
        module=module,
        qualname=name,
        kind="function",
        path=str(path),
        root=str(root),
        line=found.line,
        source=found.source,
    )


def others_of(text: str, name: str) -> str:
    """What else a module defines or imports."""
    rest = [
        ast.get_source_segment(text, node) or ""
        for node in ast.parse(text).body
        if not (isinstance(node, ast.FunctionDef) and node.name == name)
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ]
    return "".join(f"{part}\n" for part in rest)
