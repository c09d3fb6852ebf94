"""All benchmarks, one after the other: `python -m benchmarks --json DIRECTORY`."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

#: Module and the arguments that keep a whole round under ten minutes on two cores.
ROUND = (
    ("runtime_overhead", ()),
    ("web_overhead", ("--starts", "2", "--rounds", "3")),
    ("web_instructions", ("--frameworks", "starlette", "--repeats", "1")),
    ("swap_latency", ()),
    ("agent_memory", ()),
    ("sandbox_throughput", ()),
    ("race_false_positives", ("--minutes", "2")),
    ("race_power", ("--races", "100")),
    ("selection", ("--populations", "10", "100")),
    ("store_writes", ()),
    ("genome_refresh", ("--calls", "1000000")),
    ("telemetry_ingest", ()),
    ("genetic_edits", ()),
    ("discover_throughput", ("--populations", "100", "1000")),
    ("canary_simulation", ("--runs", "3000")),
    ("reward_simulation", ("--runs", "500")),
    ("first_swap", ("--runs", "1")),
)


def main() -> int:
    """Run them; the exit code is that of the last one that failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="directory for the results")
    directory = parser.parse_args().json
    if directory:
        directory.mkdir(parents=True, exist_ok=True)
    code = 0
    for name, arguments in ROUND:
        output = ["--json", str(directory / f"{name}.json")] if directory else []
        print(f"\n== {name}", flush=True)
        done = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}", *arguments, *output], check=False
        )
        code = done.returncode or code
    return code


if __name__ == "__main__":
    sys.exit(main())
