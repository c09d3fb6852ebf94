"""What the search works with and what it hands back."""

from __future__ import annotations

import msgspec

from codegenesis.arena.messages import Score
from codegenesis.core.genetic import Edit
from codegenesis.model import Record


class Draft(Record, frozen=True, kw_only=True):
    """A version that nobody has tried yet.

    Attributes:
        trail: the edits that led to it, each in the text of the version before.
        weight: how likely it is to be right, before anything is known; higher first.
    """

    source: str
    trail: tuple[Edit, ...] = ()
    weight: float = 0.0


class Version(Record, frozen=True, kw_only=True):
    """A version that was tried.

    Attributes:
        trial: how many had been tried when it was, itself included.
        stage: which part of the search wrote it.
    """

    source: str
    score: Score
    trail: tuple[Edit, ...] = ()
    weight: float = 0.0
    trial: int = 0
    seconds: float = 0.0
    stage: str = ""

    @property
    def passes(self) -> bool:
        """Did every case meet its expectation?"""
        endings = self.score.endings
        return bool(endings) and not self.score.error and all(e == "passed" for e in endings)


class Plausible(Record, frozen=True, kw_only=True):
    """A version that passes every case; that does not make it right.

    Attributes:
        edits: what was changed, all in the text of the original; none can be left out.
        size: syntax nodes that differ from the original.
        weight: how likely its edits were before anything was tried.
        trials: versions tried when it was found.
        seconds: since the search began.
        agreement: share of the other plausible versions, by weight, that it agrees with on
            generated inputs; None when none were generated.
        cost: what it was ranked by; lower is better.
        reasons: why it stands where it stands, in words.
    """

    source: str
    edits: tuple[Edit, ...]
    size: int
    weight: float = 0.0
    trials: int
    seconds: float
    score: Score
    stage: str = ""
    agreement: float | None = None
    cost: float = 0.0
    reasons: tuple[str, ...] = ()


class Found(Record, frozen=True, kw_only=True):
    """How a search ended.

    Attributes:
        plausible: versions that pass every case, the best one first.
        best: the version that came closest; the original when nothing came closer.
        trials: versions tried.
        reason: why it ended, in words.
        suspicious: lines of the original with their suspiciousness, 0..1, the worst first.
        stages: versions tried by each part of the search.
    """

    plausible: tuple[Plausible, ...] = ()
    best: Version
    trials: int
    seconds: float
    reason: str
    suspicious: tuple[tuple[int, float], ...] = ()
    stages: dict[str, int] = msgspec.field(default_factory=dict)
