"""Do the peers' own examples run here, unmodified, and score what they score there?

Each example's first program is scored twice: in our jails (the evaluator in one, the program in
another), and by plain Python as the peer does it: evaluator and program in one process, nothing in
between. The examples are found in checkouts of the peers, which are given by path:

    python -m benchmarks.peer_examples --checkout ../openevolve ../ShinkaEvolve ../gepa ../funsearch

What draws random numbers or measures time scores differently each time, there as here.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from rich.console import Console
from rich.table import Table

from codegenesis.errors import CodeGenesisError
from codegenesis.scenarios.discover.evaluating import Evaluators
from codegenesis.scenarios.discover.loading import load
from codegenesis.scenarios.discover.problem import Problem

#: FunSearch's notebooks have their skeletons in a cell, and call them with these.
NOTEBOOKS = {
    "cap_set/cap_set.ipynb": [3, 4, 5],
    "cyclic_graphs/cyclic_graphs.ipynb": [[3, 5], [3, 7]],
    "admissible_set/admissible_set.ipynb": [[4, 3], [5, 3]],
    "implementation/specification_nonsymmetric_admissible_set.txt": [[4, 3], [5, 3]],
}
PLAIN = """
import json, sys
from pathlib import Path
import builtins
from codegenesis.hosted.evaluating import kinds, marks, messages
plan, path, scratch = messages.plan(sys.argv[1].encode()), sys.argv[2], Path(sys.argv[3])
out, sys.stdout = sys.stdout, sys.stderr
kinds._passed = lambda path: lambda verdict: None
vars(builtins).update(marks.marks())
place = scratch / "1"
place.mkdir()
own = place / Path(path).name
own.write_text(Path(path).read_text())
judge, _ = kinds.load(plan, scratch)
found = judge(str(own))
print(json.dumps([found.metrics, found.score, found.error, found.refused]), file=out, flush=True)
import os
os._exit(0)
"""


def examples(checkout: Path) -> Iterator[tuple[str, Path, Path | None]]:
    """Name, program, and what it is given."""
    for program in sorted(checkout.rglob("initial*.*")):
        if any(program.with_name(name).is_file() for name in ("evaluator.py", "evaluate.py")):
            yield str(program.parent.relative_to(checkout)), program, None
    for main in sorted(checkout.glob("examples/**/main.py")):
        if "optimize_anything(" in main.read_text(encoding="utf-8"):
            yield str(main.parent.relative_to(checkout)), main, None
    for name, inputs in NOTEBOOKS.items():
        if (checkout / name).is_file():
            place = Path(tempfile.mkdtemp(prefix="codegenesis-peer-"))
            (place / "program.py").write_text(skeleton(checkout / name), encoding="utf-8")
            (place / "inputs.json").write_text(json.dumps(inputs))
            yield name, place / "program.py", place / "inputs.json"


def skeleton(path: Path) -> str:
    """A specification as it is; of a notebook, the cell with the marks."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return text
    cells = ["".join(cell["source"]) for cell in json.loads(text)["cells"]]
    return next(cell for cell in cells if "@funsearch.run" in cell and "def " in cell)


def here(program: Path, inputs: Path | None, timeout_s: float) -> tuple[Problem | None, Any]:
    """Our score, or why there is none."""
    try:
        problem = load(program, inputs=inputs)
        problem = replace(problem, timeout_s=min(timeout_s, problem.timeout_s))
        with Evaluators(problem, jobs=1) as evaluators:
            found = evaluators.confirm(problem.program)
    except CodeGenesisError as error:
        return None, str(error).partition("cannot be loaded: ")[2] or str(error)
    if not found.score and found.feedback.startswith("error: "):
        return problem, f"{found.score}: {found.feedback.splitlines()[0]}"
    return problem, found.score if found.score is not None else found.error


def plain(problem: Problem, timeout_s: float) -> Any:
    """The score with evaluator and program in one process."""
    from codegenesis.scenarios.discover.evaluating.hosting import plan_of

    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "program.py")
        path.write_text(problem.program, encoding="utf-8")
        plan = plan_of(problem)
        command = [sys.executable, "-c", PLAIN, json.dumps(_plain_plan(plan)), str(path), scratch]
        try:
            done = subprocess.run(command, capture_output=True, timeout=timeout_s, check=False)
        except subprocess.TimeoutExpired:
            return f"it took longer than {timeout_s:g} s"
    lines = done.stdout.decode(errors="replace").splitlines()
    if not lines:
        return (done.stderr.decode(errors="replace").strip().splitlines() or ["it died"])[-1]
    metrics, score, error, _ = json.loads(lines[-1])
    if error:
        return error
    return metrics.get("combined_score", score if score is not None else _mean(metrics))


def _plain_plan(plan: Any) -> Any:
    import msgspec

    return msgspec.to_builtins(plan)


def _mean(metrics: dict[str, float]) -> float | str:
    values = [value for name, value in metrics.items() if name != "error"]
    return sum(values) / len(values) if values else "no number"


def shown(result: Any) -> str:
    text = f"{result:.6g}" if isinstance(result, float) else str(result)
    return " ".join(text.split())[:90]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--checkout", type=Path, nargs="+", required=True, metavar="DIR")
    parser.add_argument("--only", default="", help="part of an example's name")
    parser.add_argument("--timeout", type=float, default=120.0, help="seconds for each")
    parser.add_argument("--json", type=Path, help="file for the results")
    options = parser.parse_args()
    table = Table(title="First programs of the peers' examples")
    for column in ("peer", "example", "kind", "here", "plain Python", "seconds"):
        table.add_column(column)
    rows = []
    for checkout in options.checkout:
        for name, program, inputs in examples(checkout.resolve()):
            if options.only not in name:
                continue
            started = time.monotonic()
            problem, ours = here(program, inputs, options.timeout)
            seconds = time.monotonic() - started
            theirs = plain(problem, options.timeout) if problem else "not tried"
            kind = problem.kind if problem else ""
            rows.append(
                {
                    "peer": checkout.name,
                    "example": name,
                    "kind": kind,
                    "here": ours,
                    "plain": theirs,
                }
            )
            table.add_row(checkout.name, name, kind, shown(ours), shown(theirs), f"{seconds:.1f}")
            print(checkout.name, name, kind, "|", shown(ours), "|", shown(theirs), flush=True)
    Console(width=200).print(table)
    if options.json:
        options.json.write_text(json.dumps({"benchmark": "peer_examples", "rows": rows}, indent=2))


if __name__ == "__main__":
    main()
