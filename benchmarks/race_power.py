"""What does a race see? Share of "faster" at known gains of 3, 5 and 10 %.

    python -m benchmarks.race_power --races 600 --minutes 12 --json power.json

As `race_false_positives`, with a variant that does 3, 5 or 10 % less work: the loop count is cut,
so the true gain is known. A race at `min_gain` m is right to refuse a true gain of m or below:
power is shown for "faster at all" (1.00) at each gain and for the policy's default (1.05) at 10 %.
At a true gain of 5 %, "at least 1.05×" should nearly always be refused; that is measured too.
"""

from __future__ import annotations

import argparse
import sys

from benchmarks.race_false_positives import Task, bench

TASKS = [
    Task(1.03, 1.0),
    Task(1.05, 1.0),
    Task(1.10, 1.0),
    Task(1.10, 1.05),
    Task(1.05, 1.05),
]


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    return bench(parser, TASKS, races=600, name="race_power")


if __name__ == "__main__":
    sys.exit(main())
