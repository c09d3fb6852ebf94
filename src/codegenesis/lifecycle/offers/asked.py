"""Models beside a search: their versions visit the repair search, or fill a body next to it.

Both go through what the search's own findings go through: the arena while it goes on, the judge
outside at the end. Who wrote a version stays with it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from codegenesis.arena.messages import Score
from codegenesis.config import Config
from codegenesis.core.budget import Meter
from codegenesis.core.coders import Attempt, Brief
from codegenesis.core.repair import Version, Visitor
from codegenesis.errors import SandboxError, UsageError
from codegenesis.evidence.arena import Arena
from codegenesis.lifecycle.asking import Asked, Asking, Authors
from codegenesis.lifecycle.asking.cases import CasesBriefing, named
from codegenesis.lifecycle.offers.offer import Cases
from codegenesis.lifecycle.offers.share import Share
from codegenesis.model import Gene

#: Of what was wanted, for a version that passes some of the cases.
_NEAR = 0.3
#: Bodies by models that are enough, and seconds that the search has though there is one.
_ENOUGH, _ALSO_S = 3, 10.0
_LOOK_S = 0.1
#: Seconds that the first answer is waited for when the search has found bodies already.
_PATIENCE_S = 15.0


class Guests:
    """Versions by models as visitors of a repair search; see `core.repair.Visitors`.

    Args:
        meter: of the search; no answer is waited for when it is over.
    """

    def __init__(
        self, authors: Authors, briefing: CasesBriefing, cases: Sequence[str], meter: Meter
    ) -> None:
        self._briefing, self._cases, self._meter = briefing, cases, meter
        self._asking = Asking(authors, self._assignment)
        self._ready: list[Attempt] = []
        self._attempts: dict[str, Attempt] = {}
        self._asking.begin()

    def come(self) -> Visitor | None:
        """See `Visitors`."""
        self._ready += self._asking.came()
        return self._next()

    def wait(self) -> Visitor | None:
        """See `Visitors`."""
        if not self._ready:
            until = time.monotonic() + self._meter.left_s
            found = self._asking.attempts(until=until, over=lambda: bool(self._meter.over))
            self._ready += [attempt for attempt in [next(found, None)] if attempt]
        return self._next()

    def learn(self, name: str, versions: Sequence[Version]) -> None:
        """See `Visitors`."""
        attempt = self._attempts[name]
        if not versions:
            self._asking.died("arena")
            self._asking.judged(attempt, worth=0.0)
        for version in versions:
            learned(self._asking, self._briefing, attempt, version.score, self._cases)

    def author_of(self, stage: str) -> Attempt | None:
        """Who wrote the version of this `Plausible.stage`, if a model did."""
        return self._attempts.get(stage)

    @property
    def asked(self) -> Asked:
        """What it came to."""
        return self._asking.asked

    def close(self) -> None:
        """Ask nobody any longer."""
        self._asking.close()

    def _next(self) -> Visitor | None:
        if not self._ready:
            return None
        attempt = self._ready.pop(0)
        name = f"model {len(self._attempts) + 1}"
        self._attempts[name] = attempt
        return Visitor(name, attempt.source)

    def _assignment(self) -> tuple[Brief, Collection[bytes]]:
        return self._briefing.brief(), ()


class Bodies:
    """Bodies by models, written and tried while a search goes on; a context manager.

    Args:
        authors: None for a search alone: then nothing is written and nothing waited for.
        meter: of search and models together.

    Attributes:
        search: what the search may spend; it is ended soon after a model has written a body that
            passes, since whoever waits has something to read by then.
    """

    def __init__(
        self, authors: Authors | None, gene: Gene, cases: Cases, config: Config, *, meter: Meter
    ) -> None:
        self.search = Share(meter, meter.left_s)
        self._gene, self._examples, self._meter = gene, cases.examples, meter
        self._setup = config.sandbox_setup
        self._briefing = CasesBriefing(gene, "fill", examples=cases.examples, redact=config.redact)
        self._asking = Asking(authors, lambda: (self._briefing.brief(), ())) if authors else None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._work, name="codegenesis-bodies", daemon=True)
        self._passing: list[Attempt] = []

    def finish(self, *, found: int) -> list[Attempt]:
        """The bodies that pass every example in the arena, once the search has ended.

        Args:
            found: bodies that the search has found: with some, only a first answer is waited for.
        """
        until = time.monotonic() + (_PATIENCE_S if found else self._meter.left_s)
        while self._thread.is_alive() and time.monotonic() < until and not self._meter.over:
            if found and self._asking and self._asking.asked.calls:
                break
            self._thread.join(_LOOK_S)
        self._end()
        return self._passing

    @property
    def asked(self) -> Asked | None:
        """What it came to; None where there are no models."""
        return self._asking.asked if self._asking else None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._end()

    def _end(self) -> None:
        self._done.set()
        self._thread.join()  # at most one version is being tried

    def _work(self) -> None:
        if self._asking is None:
            return
        self._asking.begin()
        try:
            with Arena(self._gene, examples=self._examples, jobs=1, setup=self._setup) as arena:
                self._try_all(arena, self._asking)
        except (SandboxError, UsageError):
            return  # the search goes on alone, and says what is wrong with this machine
        finally:
            self._asking.close()

    def _try_all(self, arena: Arena, asking: Asking) -> None:
        until = time.monotonic() + self._meter.left_s
        cases = named(self._gene, self._examples)
        for attempt in asking.attempts(until=until, over=self._over):
            score = arena.score([attempt.source])[0]
            if learned(asking, self._briefing, attempt, score, cases):
                self._passing.append(attempt)
                self._end_search_soon()

    def _end_search_soon(self) -> None:
        wait = threading.Timer(max(0.0, _ALSO_S - self.search.seconds), self.search.cancel)
        wait.daemon = True
        wait.start()

    def _over(self) -> bool:
        enough = len(self._passing) >= _ENOUGH
        return enough or self._done.is_set() or bool(self._meter.over)


def briefing_of(
    gene: Gene, cases: Cases, failing: Sequence[str], before: Score, *, redact: Sequence[str]
) -> CasesBriefing:
    """What models are told of a function to be fixed.

    Args:
        failing: names of the cases that it fails.
        before: its score on all of them.
        redact: further patterns of names whose values are not told.
    """
    pairs = zip(cases.examples, before.endings, strict=False)
    home = cases.project or Path(gene.root)
    return CasesBriefing(
        gene,
        "heal",
        examples=cases.examples,
        failing=failing,
        failed_examples=[example for example, ending in pairs if ending != "passed"],
        tests=[home / path for path in cases.tests],
        redact=redact,
    )


def learned(
    asking: Asking,
    briefing: CasesBriefing,
    attempt: Attempt,
    score: Score,
    cases: Sequence[str],
) -> bool:
    """Note what the cases said of a version.

    Args:
        cases: what each of them is called.

    Returns:
        Whether it passes every case; if not, the next that is asked is told the first it fails.
    """
    pairs = zip(cases, score.endings, strict=False)
    failing = [name for name, ending in pairs if ending != "passed"]
    if score.endings and not failing and not score.error:
        asking.lived()
        asking.judged(attempt, worth=1.0, useful=True)
        return True
    briefing.failed(attempt.source, score.error or (failing[0] if failing else "it was not tried"))
    asking.died("cases")
    asking.judged(attempt, worth=_NEAR * score.fitness)
    return False
