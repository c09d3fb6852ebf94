"""How fast small edits are made, how many are programs, and how far one edit reaches.

    python -m benchmarks.genetic_edits --corpus DIR --json

`DIR` holds `python_programs/` and `correct_python_programs/`: the same files, each with a defect
and without (the layout of QuixBugs). For each pair it says whether the correct function is among
the edits of the defective one, and at which place of the list; nothing is run. Without `--corpus`
functions of `difflib` and `heapq` are edited: speed and the share of programs, no more. Times are
of the CPU, on one core.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import heapq
import inspect
import json
import statistics
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from codegenesis.core.genetic import Ingredients, applied, edits, identity, ingredients


class Subject(NamedTuple):
    """A function to edit; `meant` is what it should have been, empty when nobody knows."""

    name: str
    source: str
    given: Ingredients
    meant: str = ""


class Measured(NamedTuple):
    """What came of one function.

    Attributes:
        programs: edits whose result compiles.
        distinct: different programs among them.
        rank: place of the correct function in the list, from 0; None when it is not there.
    """

    name: str
    lines: int
    edits: int
    programs: int
    distinct: int
    rank: int | None
    making_s: float
    applying_s: float
    telling_s: float


def pairs(corpus: Path) -> Iterator[Subject]:
    """Functions with a defect, each with the correct one."""
    for path in sorted((corpus / "correct_python_programs").glob("*.py")):
        broken = corpus / "python_programs" / path.name
        name = path.stem
        if broken.exists():
            module = broken.read_text()
            source, meant = (function(text, name) for text in (module, path.read_text()))
            if source and meant:
                given = ingredients(source, module_source=module, qualname=name)
                yield Subject(name, source, given, meant)


def library() -> Iterator[Subject]:
    """Functions that every Python has."""
    for module in (difflib, heapq):
        text = inspect.getsource(module)
        for name, member in inspect.getmembers(module, inspect.isfunction):
            source = textwrap.dedent(inspect.getsource(member))
            if member.__module__ == module.__name__ and source.count("\n") <= 60:
                yield Subject(name, source, ingredients(source, module_source=text, qualname=name))


def function(text: str, name: str) -> str:
    """The top-level function `name` of a module; empty when there is none."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return (ast.get_source_segment(text, node) or "") + "\n"
    return ""


def measured(subject: Subject) -> Measured:
    """Make all edits of a function, apply each, tell the results apart."""
    began = time.process_time()
    found = edits(subject.source, given=subject.given)
    made = time.process_time()
    texts = [applied(subject.source, [edit]) for edit in found]
    done = time.process_time()
    programs = [identity(text) for text in texts if text is not None]
    told = time.process_time()
    wanted = identity(subject.meant) if subject.meant else b""
    places = (i for i, text in enumerate(texts) if text and wanted and identity(text) == wanted)
    return Measured(
        name=subject.name,
        lines=subject.source.count("\n"),
        edits=len(found),
        programs=len(programs),
        distinct=len(set(programs)),
        rank=next(places, None),
        making_s=made - began,
        applying_s=done - made,
        telling_s=told - done,
    )


def figures(results: list[Measured], *, pairs: bool) -> dict[str, object]:
    """Over all functions."""
    total = sum(each.edits for each in results)
    programs = sum(each.programs for each in results)
    ranks = [each.rank for each in results if each.rank is not None]
    known = {
        "reached": len(ranks),
        "median_rank": statistics.median(ranks) if ranks else None,
        "mean_share_of_list": statistics.fmean(
            each.rank / each.edits for each in results if each.rank is not None
        )
        if ranks
        else None,
    }
    return {
        "functions": len(results),
        "edits": total,
        "edits_per_function": total / len(results),
        "compiles_share": programs / total,
        "distinct_share": sum(each.distinct for each in results) / programs,
        "made_per_s": total / sum(each.making_s for each in results),
        "made_ms_per_function": 1e3 * statistics.median(each.making_s for each in results),
        "applied_per_s": total / sum(each.applying_s for each in results),
        "told_apart_per_s": programs / sum(each.telling_s for each in results),
        **(known if pairs else {}),
        "by_function": {
            each.name: {"lines": each.lines, "edits": each.edits, "rank": each.rank}
            for each in results
        },
    }


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, help="directory of a checkout with pairs")
    parser.add_argument(
        "--json", nargs="?", const="-", help="write figures as JSON, to a file or -"
    )
    options = parser.parse_args()
    subjects = list(pairs(options.corpus) if options.corpus else library())
    if not subjects:
        parser.error(f"no pairs of programs in {options.corpus}")
    found = figures([measured(each) for each in subjects], pairs=bool(options.corpus))
    text = json.dumps(found, indent=1)
    if options.json and options.json != "-":
        Path(options.json).write_text(text + "\n")
    if options.json == "-":
        print(text)
    else:
        show(found)
    return 0


def show(found: dict[str, object]) -> None:
    """As a table."""
    table = Table("figure", "value")
    for name, value in found.items():
        if name != "by_function":
            table.add_row(name, f"{value:,.3g}" if isinstance(value, float) else str(value))
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
