"""How much watching the owner allows: a share of the process' own CPU time, never more.

A token bucket. Every second of CPU that the process uses earns `budget` seconds of watching. Paid
from it is what probes take in the application's threads, what the agent's thread takes to handle
what they brought (redaction, encoding, writing), and then the agent's other chores (polling, signs
of life), but those with at most half of what is earned: a process with little to do would otherwise
never be watched. What handling will cost is held back from the moment a call is recorded: booked
only when it was done, it put young processes at twice the budget. Bursts are armed only while
something is left, and the call that uses up the last of it ends them all, in the middle: one call
with a huge argument can cost more than a thousand others, so no estimate of what a burst will cost
can hold the budget. What goes beyond it is at most
the one call that each thread is in. What was not used is not saved up for long, so that hours of
silence are not followed by a storm of bursts.

Canaries keep books of their own, with credit. They are short, bounded by their quota, and what they
need per decision is fixed: paid from the same bucket, one canary starved the shadows of all other
genes for 20 s (measured), and two of them slowed each other down. With credit they may measure
before it is earned, and wait when that is used up: the average stays under the budget.

The chores have a bound of their own against the clock, for a process that does nothing uses no CPU
to compare with: the agent looks less often when a look is dear (thousands of functions), so that
they stay under the same share of one core.

The start of the agent is not in the books: it happens once, `benchmarks/agent_memory.py` shows it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

#: Earnings that may be kept: those of this many CPU seconds.
_SAVED_CPU_S = 20.0
#: Of what is earned, chores take this much at most.
_CHORES = 0.5
#: "Now" is the time back to the mark before last, taken at most this often.
_MARK_S = 15.0
#: The time between two looks is stretched to this much of the setting, at most.
_STRETCH = 5.0
#: What a recorded call costs, at a guess from measurements, until some were recorded.
_CALL_NS = 25_000.0
#: And what its handling costs the agent's thread.
_HANDLING_NS = 60_000.0


class Shares(NamedTuple):
    """Parts of the process' CPU.

    Attributes:
        watching: probes, and the handling of what they brought.
        agent: all that the agent's thread does, so handling is in both.
    """

    watching: float
    agent: float


class _Mark(NamedTuple):
    at_s: float
    cpu_ns: int
    spent_ns: int
    agent_ns: int


class Governor:
    """Keeps the books of watching for this process.

    Args:
        budget: watching over process CPU, at most; `Config.probe_budget`.
        credit_ns: what may be spent before it is earned.
        overdrawn: called, in the thread that spent it, when more was spent than there was.
    """

    def __init__(
        self,
        budget: float,
        *,
        credit_ns: float = 0.0,
        overdrawn: Callable[[], None] = lambda: None,
    ) -> None:
        self.budget = budget
        self._most_ns = budget * _SAVED_CPU_S * 1e9 + credit_ns
        self._overdrawn = overdrawn
        self._spent_ns = 0  # threads add without a lock: a rare lost sum is no harm
        self._paid_ns = 0
        self._limit_ns = 0.0
        self._seen_cpu_ns = 0
        self._left_ns = credit_ns
        self._call_ns = _CALL_NS
        self._calls = self._calls_handled = 0
        self._handling_ns = _HANDLING_NS
        self._handled_ns = 0
        self._agent_ns = 0
        self._chores_ns = 0.0
        self._look_ns = 0.0
        self._marks: deque[_Mark] = deque([self._mark()], maxlen=2)

    def spend(self, cpu_ns: int) -> None:
        """Book CPU nanoseconds that watching one call took in a thread of the application."""
        self._spent_ns += cpu_ns
        self._calls += 1
        # Quick to grow and slow to shrink: the next burst is to be affordable even so.
        weight = 0.25 if cpu_ns > self._call_ns else 0.01
        self._call_ns += weight * (cpu_ns - self._call_ns)
        if self._spent_ns + self._owed_ns() > self._limit_ns:
            self._overdrawn()

    def _owed_ns(self) -> float:
        """What the handling of calls that wait will cost."""
        return (self._calls - self._calls_handled) * self._handling_ns

    def handle(self, cpu_ns: int) -> None:
        """Book what the agent's thread took for all that probes have brought; part of `work`."""
        calls, self._calls_handled = self._calls - self._calls_handled, self._calls
        if calls:
            self._handling_ns += 0.3 * (cpu_ns / calls - self._handling_ns)
        self._spent_ns += cpu_ns
        self._handled_ns += cpu_ns

    def work(self, cpu_ns: int) -> None:
        """Book all that the agent's thread took since the last time."""
        self._agent_ns += cpu_ns
        chores = max(cpu_ns - self._handled_ns, 0)
        self._handled_ns = 0
        self._chores_ns = min(self._chores_ns + chores, self._most_ns)
        steady = min(chores, 4 * self._look_ns + 500_000)  # once much is no habit
        self._look_ns += 0.1 * (steady - self._look_ns)

    def pause_s(self, poll_s: float) -> float:
        """Seconds until the agent may look again; `poll_s` unless its looks are dear."""
        return min(max(poll_s, self._look_ns / 1e9 / self.budget), _STRETCH * poll_s)

    def left_ns(self) -> float:
        """CPU nanoseconds that may be spent now; negative when too much was."""
        cpu, spent = time.process_time_ns(), self._spent_ns
        earned = self.budget * (cpu - self._seen_cpu_ns)
        chores = min(self._chores_ns, _CHORES * earned)
        self._chores_ns -= chores
        left = self._left_ns + earned - chores - (spent - self._paid_ns)
        self._left_ns = min(left, self._most_ns)
        self._seen_cpu_ns, self._paid_ns = cpu, spent
        self._limit_ns = spent + max(self._left_ns, 0.0)
        return self._left_ns - self._owed_ns()

    def bursts(self, size: int) -> int:
        """Bursts of `size` calls that can be paid now; the beginning of one counts as one."""
        call_ns = max(self._call_ns, _CALL_NS) + self._handling_ns
        left = self.left_ns()
        return max(int(left / (call_ns * size)), int(left > call_ns))

    def share(self) -> float:
        """Watching over process CPU since the start."""
        return self._spent_ns / max(time.process_time_ns(), 1)

    def shares(self) -> Shares:
        """What goes to watching and to the agent's thread now: in the last 15 to 30 s."""
        now, since = self._mark(), self._marks[0]
        if now.at_s - self._marks[-1].at_s >= _MARK_S:
            self._marks.append(now)
        cpu_ns = max(now.cpu_ns - since.cpu_ns, 1)
        return Shares(
            (now.spent_ns - since.spent_ns) / cpu_ns, (now.agent_ns - since.agent_ns) / cpu_ns
        )

    def _mark(self) -> _Mark:
        return _Mark(time.monotonic(), time.process_time_ns(), self._spent_ns, self._agent_ns)
