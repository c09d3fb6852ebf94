"""Seconds from the first request to the first promoted swap, by playing the demo.

The clock starts when traffic meets a fresh engine and stops when a version that passed the gates,
the shadow and the canary is live in the server; both are the demo's own processes.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path


def play() -> dict[str, object]:
    """One demo, as its JSON document."""
    command = [sys.executable, "-m", "codegenesis", "demo", "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    return json.loads(done.stdout)


def main() -> int:
    """Play `--runs` demos and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    demos = [play() for _ in range(options.runs)]
    swaps = [demo["first_swap_s"] for demo in demos if demo["first_swap_s"] is not None]
    result = {
        "machine": demos[0]["machine"],
        "runs": options.runs,
        "first_swap_s": swaps,
        "median_s": statistics.median(swaps) if swaps else None,
        "demo_s": [demo["seconds"] for demo in demos],
        "live_functions": [
            sum(row["stage"] == "live" for row in demo["functions"]) for demo in demos
        ],
        "requests": [{"before": demo["before"], "after": demo["after"]} for demo in demos],
    }
    print(json.dumps(result, indent=2))
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")
    return 0 if len(swaps) == len(demos) else 1


if __name__ == "__main__":
    sys.exit(main())
