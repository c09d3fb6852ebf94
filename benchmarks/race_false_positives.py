"""How often does a race lie? False "faster" of A/A, and power at known gains.

    python benchmarks/race_false_positives.py --pairs 40 --json results.json

Each trial is a whole race as `compiler.race` runs it, original against a fragment of the same
function (A/A) or against one that does 3, 5 or 10 % less work (the loop count is cut, so the true
gain of the loop is known). Several shapes of functions, because noise depends on what is run. Every
tenth race starts a new sandbox, since code placement is decided when the module is imported.

A race at `min_gain` m is right to refuse a true gain below m: power is shown for the policy's
default (1.05) and for "faster at all" (1.00, judged from the same intervals).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from codegenesis.compiler import Race, Terms, race
from codegenesis.sandbox import Environment, Sandbox
from codegenesis.wire import encode_call

TEMPLATES = {
    "loop": (
        "def loop(n):\n    total = 0\n    for i in range({work} * n):\n        total += i * i\n"
        "    return None\n",
        400,
        [(n,) for n in (3, 5, 2, 8, 3, 1, 4, 4)],
    ),
    "strings": (
        "def strings(n):\n    parts = []\n    for i in range({work} * n):\n"
        "        parts.append(str(i) + 'x')\n    ','.join(parts)\n    return None\n",
        200,
        [(n,) for n in (1, 2, 3, 4, 2, 1)],
    ),
    "dicts": (
        "def dicts(n):\n    found = {{}}\n    for i in range({work} * n):\n"
        "        found[i % 97] = found.get(i % 97, 0) + i\n    return None\n",
        300,
        [(n,) for n in (2, 1, 3, 5, 2)],
    ),
    "tiny": (
        "def tiny(n):\n    for i in range({work}):\n        n += i\n    return None\n",
        100,
        [(1,)],
    ),
}
GAINS = (1.0, 1.03, 1.05, 1.10)


class Row(NamedTuple):
    """Races at one true gain.

    Attributes:
        accepted: share with verdict `faster` at the default `min_gain`.
        above_one: share whose lower bound is above 1.
        above_three: share whose lower bound is above 1.03.
        covered: share whose interval holds the true gain.
        pairs: mean number of pairs run.
    """

    gain: float
    races: int
    accepted: float
    above_one: float
    above_three: float
    covered: float
    pairs: float
    seconds: float


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=40, metavar="N", help="races per true gain")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    rows = [measure(gain, options.pairs) for gain in GAINS]
    show(rows)
    print(f"load average {load:.1f} before, {os.getloadavg()[0]:.1f} after, {os.cpu_count()} cores")
    if options.json:
        document = {
            "python": sys.version.split()[0],
            "cores": os.cpu_count(),
            "load_before": load,
            "load_after": os.getloadavg()[0],
            "rows": [row._asdict() for row in rows],
        }
        options.json.write_text(json.dumps(document, indent=2) + "\n")
    return 0


def measure(gain: float, count: int) -> Row:
    started = time.perf_counter()
    ended = list(races(gain, count))
    shares = [
        sum(kept) / count
        for kept in zip(
            *(
                (
                    each.verdict == "faster",
                    each.gain.low > 1.0,
                    each.gain.low > 1.03,
                    each.gain.low <= gain <= each.gain.high,
                )
                for each in ended
            ),
            strict=True,
        )
    ]
    pairs = sum(each.measurements["pairs"] for each in ended) / count
    return Row(gain, count, *shares, pairs, (time.perf_counter() - started) / count)


def races(gain: float, count: int) -> Iterator[Race]:
    done = 0
    while done < count:
        with tempfile.TemporaryDirectory() as folder, project(Path(folder)) as sandbox:
            for number in range(done, min(done + 10, count)):
                name = list(TEMPLATES)[number % len(TEMPLATES)]
                template, work, calls = TEMPLATES[name]
                source = template.format(work=round(work / gain))
                encoded = [encode_call(args, {}) for args in calls]
                yield race(sandbox, name, source, encoded, terms=Terms(), seed=number)
        done += 10


def project(folder: Path) -> Sandbox:
    text = "\n\n".join(template.format(work=work) for template, work, _ in TEMPLATES.values())
    (folder / "raced.py").write_text(text)
    environment = Environment(root=str(folder), module="raced", path=str(folder / "raced.py"))
    return Sandbox(environment)


def show(rows: list[Row]) -> None:
    head = ("true gain", "races", "accepted", "low > 1", "low > 1.03", "covered", "pairs", "s/race")
    print("".join(f"{name:>11}" for name in head))
    for row in rows:
        shares = "".join(f"{value:>11.1%}" for value in row[2:6])
        print(f"{row.gain:>11.2f}{row.races:>11}{shares}{row.pairs:>11.1f}{row.seconds:>11.2f}")


if __name__ == "__main__":
    sys.exit(main())
