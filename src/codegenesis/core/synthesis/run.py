"""From examples to bodies: starts the search in the workshop and ranks what it says.

Ranking is against overfitting. With few examples many bodies agree with all of them; the smaller is
more likely meant, one that raises on inputs near those of the examples less, and one whose
alternatives do something else on such inputs is less certain, which `agreement` tells.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from codegenesis.arena.messages import Example
from codegenesis.arena.synthesis import messages
from codegenesis.core.budget import Meter
from codegenesis.core.synthesis.holes import fill
from codegenesis.core.synthesis.layout import laid_out
from codegenesis.errors import FragmentError
from codegenesis.fragment import check
from codegenesis.model import Gene, Record
from codegenesis.sandbox import Work, WorkLimits, Workshop

_PLAN = "plan.bin"
_BOOT = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from codegenesis.arena.synthesis.main import main; main(sys.argv[2])"
)
_OURS = str(Path(messages.__file__).parents[3])
_START_S = 15.0
_LONGEST_S = 3600.0
_MEMORY = 2 << 30
_MOST_KEPT = 200
_LARGEST = 20_000
_PER_FAILURE = 4.0
_PER_DISAGREEMENT = 3.0


class Filled(Record, frozen=True, kw_only=True):
    """One body that was found.

    Attributes:
        source: the whole `def`, imports before it, docstring kept.
        size: cost of what it is made of; lower is better.
        method: what found it: expression, conditional, comprehension, fold, text, recursion, loop,
            genetic.
        trials: expressions tried until then.
        seconds: since the start.
        agreement: share of made-up inputs on which most of the bodies found, weighted by how small
            they are, do the same; 1 when there is no other.
        total: share of made-up inputs on which it raises nothing.
    """

    source: str
    size: float
    method: str
    trials: int
    seconds: float
    agreement: float = 1.0
    total: float = 1.0


class Synthesis(Record, frozen=True, kw_only=True):
    """What a search came to.

    Attributes:
        filled: the best first.
        trials: expressions tried.
        reason: why it ended, in words.
    """

    filled: tuple[Filled, ...] = ()
    trials: int = 0
    reason: str = ""


class _Heard(Record, frozen=True, kw_only=True):
    found: messages.Found
    seconds: float


def synthesise(
    gene: Gene,
    examples: Sequence[Example],
    *,
    meter: Meter,
    setup: str = "",
    seed: int = 0,
    tell: Callable[[str], None] = lambda _: None,
    enough: int = 5,
    workshop: Workshop | None = None,
) -> Synthesis:
    """Search for bodies that do what the examples say.

    Args:
        gene: the function; its source gives signature and docstring.
        meter: ends the search; charged with the expressions tried.
        setup: the owner's hook, to be called before the gene's module is imported.
        tell: is told of progress, in words.
        enough: bodies to look for before it may stop early.
        workshop: by default one that sees the gene's root and nothing else.

    Raises:
        SandboxUnavailableError: this machine cannot isolate code.
        SandboxError: the workshop has failed.
    """
    if meter.over:
        return Synthesis(reason=meter.over)
    listener = _Listener(meter, tell)
    plan = messages.Plan(
        module=gene.module,
        path=gene.path,
        qualname=gene.qualname,
        root=gene.root,
        setup=setup,
        source=gene.source,
        examples=tuple(examples),
        seed=seed,
        trials=int(min(meter.left_trials, 1 << 40)),
        enough=enough,
    )
    work = _searched(plan, listener, meter, workshop)
    return Synthesis(
        filled=_ranked(gene, listener.heard, most=max(enough, 1)),
        trials=listener.trials,
        reason=meter.over or listener.reason or _failed(work),
    )


def _searched(
    plan: messages.Plan, listener: _Listener, meter: Meter, workshop: Workshop | None
) -> Work:
    wall_s = min(meter.left_s, _LONGEST_S) + _START_S
    shop = workshop or Workshop(visible=[plan.root, _OURS])
    return shop.run(
        [sys.executable, "-P", "-c", _BOOT, _OURS, _PLAN],
        files={_PLAN: messages.encode(plan)},
        limits=WorkLimits(cpu_s=wall_s, wall_s=wall_s, memory_bytes=_MEMORY),
        answer=listener.answer,
    )


def _failed(work: Work) -> str:
    """Why a search ended that did not say so itself."""
    if work.died:
        return work.died
    said = work.stderr.decode(errors="replace").strip().splitlines()
    return f"the search failed: {said[-1] if said else work.status}"


class _Listener:
    """Hears the search; whatever it says is data."""

    def __init__(self, meter: Meter, tell: Callable[[str], None]) -> None:
        self.heard: list[_Heard] = []
        self.reason = ""
        self.trials = 0
        self._meter, self._tell = meter, tell
        self._began = time.monotonic()

    def answer(self, frame: bytes) -> bytes:
        try:
            said = messages.said(frame)
        except msgspec.DecodeError:
            return messages.encode(messages.Stop())
        self._count(said.trials)
        if isinstance(said, messages.Found):
            self._note(said)
        elif isinstance(said, messages.Ended):
            self.reason = said.reason
        return messages.encode(messages.Stop() if self._meter.over else messages.GoOn())

    def _count(self, trials: int) -> None:
        if trials > self.trials:
            self._meter.spend(trials=trials - self.trials)
            self.trials = trials

    def _note(self, found: messages.Found) -> None:
        if len(found.body) > _LARGEST or len(self.heard) >= _MOST_KEPT:
            return
        self.heard.append(_Heard(found=found, seconds=time.monotonic() - self._began))
        self._tell(f"{found.method}: {found.body.splitlines()[-1].strip()[:100]}")


def _ranked(gene: Gene, heard: Sequence[_Heard], *, most: int) -> tuple[Filled, ...]:
    """The smallest first; whoever raises or stands alone on made-up inputs goes back."""
    votes = _votes([each.found for each in heard])
    scored = [(_score(each.found, votes), number, each) for number, each in enumerate(heard)]
    made: dict[str, Filled] = {}
    for _, _, each in sorted(scored, key=lambda triple: triple[:2]):
        filled = _filled(gene, each, votes)
        if filled:
            made.setdefault(filled.source, filled)
        if len(made) == most:
            break
    return tuple(made.values())


def _filled(gene: Gene, each: _Heard, votes: Sequence[Counter[int]]) -> Filled | None:
    found = each.found
    try:
        source = laid_out(fill(gene.source, found.body, imports=found.imports), path=gene.path)
        check(source, name=gene.name)
    except FragmentError:
        return None
    return Filled(
        source=source,
        size=found.cost,
        method=found.method,
        trials=found.trials,
        seconds=each.seconds,
        agreement=_agreement(found, votes),
        total=1 - _failures(found),
    )


def _votes(founds: Sequence[messages.Found]) -> list[Counter[int]]:
    """For each made-up input, what comes of it, weighted by how small the body is."""
    if not founds:
        return []
    least = min(found.cost for found in founds)
    rows = min(len(found.outcomes) for found in founds)
    votes: list[Counter[int]] = [Counter() for _ in range(rows)]
    for found in founds:
        weight = int(1000 * 2.0 ** (least - found.cost))
        for vote, outcome in zip(votes, found.outcomes, strict=False):
            vote[outcome] += weight
    return votes


def _agreement(found: messages.Found, votes: Sequence[Counter[int]]) -> float:
    shares = [
        vote[outcome] / max(1, vote.total())
        for vote, outcome in zip(votes, found.outcomes, strict=False)
    ]
    return sum(shares) / len(shares) if shares else 1.0


def _failures(found: messages.Found) -> float:
    return found.outcomes.count(0) / len(found.outcomes) if found.outcomes else 0.0


def _score(found: messages.Found, votes: Sequence[Counter[int]]) -> float:
    disagreement = 1 - _agreement(found, votes)
    return found.cost + _PER_FAILURE * _failures(found) + _PER_DISAGREEMENT * disagreement
