"""What a test suite shows of the functions under test: calls, outcomes, and lines that ran.

Calls are recorded by the probe, as in production, in bursts that begin anew with each test, so that
a function called a million times by one test is not recorded a million times. They are marked with
the test they were made in (`Observation.trace`) and redacted like all others. They are there to be
replayed: how often and how fast tests call something says nothing of traffic, so they are not
rolled up (`model.SUITE`), and what raises in a test that passes was meant to, so it is no crash.
"""

from __future__ import annotations

import hashlib
import os
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
from msgspec.structs import replace

from codegenesis.config import Config
from codegenesis.model import SUITE, Coverage, Event, Observation
from codegenesis.runtime import context, probe
from codegenesis.runtime.capture import Capture, Ring
from codegenesis.runtime.discover import Targets
from codegenesis.runtime.fingerprint import error_name, fingerprint
from codegenesis.runtime.intake import Intake
from codegenesis.runtime.lines import lines
from codegenesis.runtime.live import LiveGene
from codegenesis.runtime.modes import modes
from codegenesis.runtime.redaction import Redactor
from codegenesis.runtime.registry import registry
from codegenesis.runtime.scout import Scout
from codegenesis.runtime.session import digest_key
from codegenesis.store import Store

#: Calls of a function that are recorded in one test, and in a whole suite.
PER_TEST, PER_SUITE = 32, 2000
#: Tests, and calls, after which what was recorded is written down.
_BATCH, _CALLS = 500, 1000


class Purse:
    """A suite may cost what it costs: whoever records it has asked for that."""

    def spend(self, cpu_ns: int) -> None:
        """Nothing is booked."""


class Suite:
    """Records one run of a suite in this process.

    Args:
        here: what the application's own modules lie under.
        theirs: says of a file whether it holds tests, whose functions are not to be evolved.
    """

    def __init__(self, config: Config, *, here: Path, theirs: Callable[[Path], bool]) -> None:
        self.calls: Counter[str] = Counter()
        self.tests = 0
        self._service = config.service
        self._process = f"{SUITE}{socket.gethostname()}-{os.getpid()}-{os.urandom(4).hex()}"
        self._theirs = theirs
        self._store = Store.open(config.location, directory=config.directory)
        self._redactor = Redactor(
            config.redact, values=config.redact_values, instances=config.capture == "values"
        )
        self._capture = Capture(
            mode=config.capture,
            mode_of=modes(config.capture, config.capture_for),
            sensitive=self._redactor.sensitive,
            key=digest_key(self._store.directory),
            ring=Ring(),
        )
        self._intake = Intake(
            service=config.service, process=self._process, redactor=self._redactor
        )
        self._scout = Scout(
            registry, service=config.service, targets=Targets(config.target, here=here)
        )
        self._lines = lines()
        self._covered: dict[str, dict[int, list[int]]] = {}
        self._touched: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._events: list[Event] = []
        self._failing: set[str] = set()
        self._seen: dict[str, set[int]] = {}

    @property
    def why_no_lines(self) -> str:
        """Why it is not known which lines ran; empty when it is."""
        return self._lines.why

    @property
    def dropped(self) -> int:
        """Calls that were let go, because one test made more than fit into memory."""
        return self._capture.ring.dropped

    def begin(self, name: str) -> context.Context:
        """A test begins; what it calls is part of the use that is returned."""
        genes = [gene for gene in self._scout.look() if not self._theirs(Path(gene.path))]
        if genes:
            self._store.put_genes(genes)
        for gene in self._ready():
            self._lines.watch(gene)
            if gene.overlay is None and self.calls[gene.target] < PER_SUITE:
                probe.arm(gene, size=PER_TEST, capture=self._capture, purse=Purse())
        self._lines.begin()
        return context.Context(trace=_trace(name))

    def end(self) -> None:
        """The test's own code has run."""
        self._seen = self._lines.end()

    def judged(self, name: str, *, passed: bool, ns: int, error: BaseException | None) -> None:
        """What came of the test that ended last."""
        self.tests += 1
        event = Event(
            service=self._service,
            process=self._process,
            source="pytest",
            kind="test",
            name=name,
            level="passed" if passed else "failed",
            fingerprint=fingerprint(error) if error else "",
            message=self._redactor.text(_said(error)) if error else "",
            trace=_trace(name),
            value=float(ns),
            unit="ns",
            body=msgspec.msgpack.encode({t: sorted(each) for t, each in self._seen.items()}),
            at_ns=time.time_ns(),
        )
        self._events.append(event)
        if not passed:
            self._failing.add(event.trace)
        self._count(passed)
        if len(self._events) >= _BATCH or len(self._capture.ring.waiting) >= _CALLS:
            self.write()

    def write(self) -> None:
        """Write down what was recorded so far.

        Raises:
            StoreError: the store cannot be written.
        """
        taken = [r for r in self._capture.ring.drain() if not self._theirs(Path(r.gene.path))]
        observed = [self._meant(each) for each in self._intake.observations(taken)]
        self.calls.update(raw.gene.target for raw in taken)
        self._store.add_observations(observed)
        self._store.events.add(self._events)
        self._events = []

    def close(self) -> None:
        """Write down all, and leave the functions as they were."""
        for gene in self._scout.ready:
            probe.disarm(gene)
        self._lines.close()
        self._events += [self._summed(target) for target in self._covered]
        try:
            self.write()
        finally:
            self._store.close()

    def _ready(self) -> Iterable[LiveGene]:
        return (gene for gene in self._scout.ready if not self._theirs(Path(gene.path)))

    def _meant(self, seen: Observation) -> Observation:
        if seen.trace in self._failing:
            return replace(seen, burst_rate=0.0)
        return replace(seen, burst_rate=0.0, error="", fingerprint="")

    def _count(self, passed: bool) -> None:
        for target, numbers in self._seen.items():
            self._touched[target] += 1
            self._failed[target] += not passed
            covered = self._covered.setdefault(target, {})
            for number in numbers:
                covered.setdefault(number, [0, 0])[not passed] += 1
        self._seen = {}

    def _summed(self, target: str) -> Event:
        lines = {number: (ok, bad) for number, (ok, bad) in self._covered[target].items()}
        coverage = Coverage(failed=self._failed[target], lines=lines)
        return Event(
            service=self._service,
            process=self._process,
            source="pytest",
            kind="test",
            gene=f"{self._service}/{target}",
            name="coverage",
            count=self._touched[target],
            body=msgspec.msgpack.encode(coverage),
            at_ns=time.time_ns(),
        )


def _trace(name: str) -> str:
    return hashlib.blake2b(name.encode("utf-8", "backslashreplace"), digest_size=16).hexdigest()


def _said(error: BaseException) -> str:
    try:
        return f"{error_name(type(error))}: {error}"[:500]
    except Exception:  # noqa: BLE001 - boundary: an exception's own code may fail, too
        return error_name(type(error))
