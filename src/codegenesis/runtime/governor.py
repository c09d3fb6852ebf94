"""How much watching the owner allows: a share of the process' own CPU time, never more on average.

A token bucket. Every second of CPU that the application uses earns `budget` seconds of watching;
what probes take in the application's threads is paid from it, and bursts are armed only while
something is left. What was not used is not saved up for long, so that hours of silence
are not followed by a storm of bursts.

Canaries keep books of their own. They are short, bounded by their quota, and what they need per
decision is fixed: paid from the same bucket, one canary starved the shadows of all other genes for
20 s (measured), and two of them slowed each other down.
"""

from __future__ import annotations

import time

#: Earnings that may be kept: those of this many CPU seconds.
_SAVED_CPU_S = 20.0


class Governor:
    """Keeps the books of watching for this process.

    Args:
        budget: watching over process CPU, at most; `Config.probe_budget`.
    """

    def __init__(self, budget: float) -> None:
        self._budget = budget
        self._most_ns = budget * _SAVED_CPU_S * 1e9
        self._spent_ns = 0  # threads add without a lock: a rare lost sum is no harm
        self._paid_ns = 0
        self._seen_cpu_ns = 0
        self._left_ns = 0.0

    def spend(self, cpu_ns: int) -> None:
        """Book CPU nanoseconds that watching took in a thread of the application."""
        self._spent_ns += cpu_ns

    def left_ns(self) -> float:
        """CPU nanoseconds that may be spent now; negative when too much was."""
        cpu, spent = time.process_time_ns(), self._spent_ns
        earned = self._budget * (cpu - self._seen_cpu_ns)
        self._left_ns = min(self._left_ns + earned - (spent - self._paid_ns), self._most_ns)
        self._seen_cpu_ns, self._paid_ns = cpu, spent
        return self._left_ns

    def share(self) -> float:
        """Watching over process CPU since the start."""
        return self._spent_ns / max(time.process_time_ns(), 1)
