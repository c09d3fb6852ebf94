"""How many wrong versions of real functions get through the gates? The aim is none.

    python -m benchmarks.wrong_mutants --json

Functions of installed packages are broken on purpose (values, types, exceptions, arguments, order,
rare branches, state, chance, what compiled code gets wrong) and sent through the gates in the jail.
Each counted version has been proven wrong beforehand, by hand, on a call that the gates do not see.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "evidence"))

from wrong.originals import ORIGINALS
from wrong.trials import Tally, Verdict, judged


def main() -> int:
    """Run them all; the exit code says whether any was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--json", nargs="?", const="-", help="write figures as JSON, to a file or -"
    )
    parser.add_argument("--only", default="", help="originals whose name contains this")
    parser.add_argument("--by-hand", type=int, default=12, help="breakages per original")
    parser.add_argument("--by-operator", type=int, default=3, help="small mistakes per original")
    options = parser.parse_args()
    started = time.monotonic()
    done = Tally([], {})
    for original in ORIGINALS:
        if options.only not in original.target:
            continue
        begun = time.monotonic()
        found = list(judged(original, by_hand=options.by_hand, by_operator=options.by_operator))
        verdicts = [each for each in found if isinstance(each, Verdict)]
        done.verdicts.extend(verdicts)
        for refusal in (each for each in found if isinstance(each, str)):
            done.refused[original.target] = refusal
        _tell(original.target, verdicts, time.monotonic() - begun)
    figures = _figures(done, time.monotonic() - started)
    text = json.dumps(figures, indent=1)
    if options.json and options.json != "-":
        Path(options.json).write_text(text + "\n")
    print(text if options.json else json.dumps({**figures, "missed": len(done.missed)}, indent=1))
    return bool(done.missed)


def _tell(target: str, verdicts: list[Verdict], seconds: float) -> None:
    missed = [each for each in verdicts if not each.gate]
    print(
        f"{target}: {len(verdicts)} wrong, {len(missed)} through, {seconds:.1f} s", file=sys.stderr
    )
    for each in missed:
        print(f"   {each.wrong.group}: {each.wrong.name} — {each.witness}", file=sys.stderr)


def _figures(done: Tally, seconds: float) -> dict[str, object]:
    return {
        "originals": len({each.target for each in done.verdicts}),
        "mutants": len(done.verdicts),
        "killed": dict(done.killed),
        "by_group": dict(Counter(each.wrong.group for each in done.verdicts)),
        "missed": [
            {"target": each.target, "wrong": each.wrong.name, "witness": each.witness}
            for each in done.missed
        ],
        "equivalent": len(done.equivalent),
        "refused": done.refused,
        "seconds": round(seconds, 1),
    }


if __name__ == "__main__":
    sys.exit(main())
