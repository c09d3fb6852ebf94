"""Which small functions are filled from a few examples, and are they what was meant?

    python -m benchmarks.synthesis --seconds 20 --json synthesis.json

Each task is a module with a function that has a docstring and no body, and 4 to 10 examples.
*Filled*: a body agrees with all examples in the workshop and again when it is called here, in
the sandbox. *Right*: the first body does the same as the reference on 200 hidden inputs, exceptions
by type and floats to nine digits. The classes of tasks are what the search was made for; nothing in
it was made for one of them.
"""

from __future__ import annotations

import argparse
import ast
import json
import math
import statistics
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.synthesis_tasks import TASKS, Task
from codegenesis.arena.messages import Example
from codegenesis.core.budget import Budget, Meter
from codegenesis.core.synthesis import synthesise
from codegenesis.model import Gene, Outcome
from codegenesis.sandbox import Environment, Sandbox
from codegenesis.wire import decode, encode_call

HIDDEN = 200


def main() -> int:
    """Fill each task and compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=20.0, help="for each task")
    parser.add_argument("--only", default="", help="tasks whose name or class contains this")
    parser.add_argument("--show", action="store_true", help="print the bodies")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    options = parser.parse_args()
    rows = []
    for task in TASKS:
        if options.only in f"{task.group} {name_of(task)}":
            rows.append(measure(task, options.seconds))
            show(rows[-1], body=options.show)
    document = summary(rows, options.seconds)
    print(json.dumps({key: value for key, value in document.items() if key != "tasks"}, indent=1))
    if options.json:
        options.json.write_text(json.dumps(document, indent=1) + "\n")
    return 0


def name_of(task: Task) -> str:
    """The function's name."""
    last = ast.parse(task.reference).body[-1]
    assert isinstance(last, ast.FunctionDef)
    return last.name


def measure(task: Task, seconds: float) -> dict[str, Any]:
    """One task: the search, and the comparison with the reference."""
    name, rng = name_of(task), Random(7)
    hidden = [task.draw(rng) for _ in range(HIDDEN)]
    with tempfile.TemporaryDirectory() as folder:
        wanted = outcomes(task.reference, name, [*task.examples, *hidden], folder)
        gene = written(hollow(task.reference), name, folder)
        examples = [example(a, o) for a, o in zip(task.examples, wanted, strict=False)]
        began = time.monotonic()
        result = synthesise(gene, examples, meter=Meter(Budget(seconds=seconds)))
        spent = time.monotonic() - began
        row: dict[str, Any] = {"task": name, "group": task.group, "seconds": round(spent, 2)}
        row |= {"trials": result.trials, "reason": result.reason, "filled": bool(result.filled)}
        if result.filled:
            best = result.filled[0]
            module = task.reference.rpartition("def ")[0] + best.source
            came = outcomes(module, name, [*task.examples, *hidden], folder)
            same = [alike(a, b) for a, b in zip(came, wanted, strict=True)]
            row["filled"] = all(same[: len(task.examples)])
            row["agrees"] = sum(same[len(task.examples) :]) / HIDDEN
            row |= {"method": best.method, "found_s": round(best.seconds, 2), "source": best.source}
            row |= {"agreement": round(best.agreement, 2), "size": best.size}
    row["right"] = row["filled"] and row.get("agrees") == 1.0
    return row


def hollow(reference: str) -> str:
    """The reference without its body."""
    tree = ast.parse(reference)
    last = tree.body[-1]
    assert isinstance(last, ast.FunctionDef)
    last.body = [last.body[0], ast.parse("raise NotImplementedError").body[0]]
    return ast.unparse(tree) + "\n"


def written(text: str, name: str, folder: str) -> Gene:
    """A module in its own folder."""
    path = Path(folder) / "task.py"
    path.write_text(text)
    node = ast.parse(text).body[-1]
    return Gene(
        service="benchmark",
        module="task",
        qualname=name,
        kind="function",
        path=str(path),
        root=folder,
        line=node.lineno,
        source=ast.unparse(node) + "\n",
    )


def outcomes(text: str, name: str, calls: list[tuple[Any, ...]], folder: str) -> list[Outcome]:
    """What a module's function makes of calls, in a jail."""
    written(text, name, folder)
    environment = Environment(root=folder, module="task", path=str(Path(folder) / "task.py"))
    with Sandbox(environment) as sandbox, sandbox.candidate(name, None) as candidate:
        return [candidate.call(encode_call(args, {})) for args in calls]


def example(args: tuple[Any, ...], outcome: Outcome) -> Example:
    """A call with what is expected of it."""
    call = encode_call(args, {})
    if outcome.kind == "returned":
        return Example(call=call, result=outcome.value)
    return Example(call=call, raises=exception(outcome))


def exception(outcome: Outcome) -> str:
    """Name of what was raised."""
    return str(getattr(decode(outcome.value), "type_name", "")).rpartition(".")[2]


def alike(one: Outcome, two: Outcome) -> bool:
    """Equal results (in value and type; the order of a dict is left open), or both raise alike."""
    if one.kind != two.kind:
        return False
    if one.kind == "raised":
        return exception(one) == exception(two)
    left, right = decode(one.value), decode(two.value)
    return type(left) is type(right) and close(left, right)


def close(left: Any, right: Any) -> bool:
    """Equal; of floats the last digits are left open, as the order of operations is nobody's."""
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(left, tuple | list) and isinstance(right, tuple | list):
        return len(left) == len(right) and all(map(close, left, right))
    return bool(left == right)


def show(row: dict[str, Any], *, body: bool) -> None:
    """One line for people."""
    said = "right" if row["right"] else "plausible" if row["filled"] else "-"
    print(
        f"{row['task']:18} {row['group']:11} {said:10} {row['seconds']:6.1f} s "
        f"{row['trials']:8} {row.get('method', ''):14} {row.get('agrees', 0):.2f}",
        file=sys.stderr,
        flush=True,
    )
    if body and row.get("source"):
        print("    " + row["source"].rstrip().replace("\n", "\n    "), file=sys.stderr)


def summary(rows: list[dict[str, Any]], seconds: float) -> dict[str, Any]:
    """The figures, and each task."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["group"], []).append(row)
    times = [row["seconds"] for row in rows if row["filled"]]
    return {
        "benchmark": "synthesis",
        "python": sys.version.split()[0],
        "seconds_each": seconds,
        "count": len(rows),
        "filled": sum(row["filled"] for row in rows),
        "right": sum(row["right"] for row in rows),
        "median_s": statistics.median(times) if times else None,
        "groups": {
            name: f"{sum(row['right'] for row in some)}/{len(some)}"
            for name, some in groups.items()
        },
        "tasks": rows,
    }


if __name__ == "__main__":
    raise SystemExit(main())
