"""What asking models came to, in figures: for the owner's eyes, and for the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from codegenesis.model import Record


class Asked(Record, frozen=True, kw_only=True):
    """What models were asked, what it cost and what it was good for.

    Attributes:
        calls: answers that came, useless ones included.
        input_tokens, output_tokens: as the endpoints count them, else estimated.
        usd: price of the answers.
        seconds: waited for answers, added up over calls that ran side by side.
        versions: answers that were worth a trial.
        lived: versions that passed every gate.
        useful: versions that also were what was asked for: proven faster, or passing every case.
        duds: answers that died before a trial, by reason; `late` ones came when time was up.
        died: versions by the gate that they died at.
        failed: calls without an answer.
        trouble: why the last of those had none, in words.
        models: answers by the model that gave them.
    """

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float = 0.0
    seconds: float = 0.0
    versions: int = 0
    lived: int = 0
    useful: int = 0
    duds: dict[str, int] = {}
    died: dict[str, int] = {}
    failed: int = 0
    trouble: str = ""
    models: dict[str, int] = {}

    @property
    def words(self) -> str:
        """For people, on one line."""
        names = ", ".join(self.models) or "no model answered"
        price = f", {self.usd:.4g} USD" if self.usd else ""
        tokens = f"{self.input_tokens + self.output_tokens} tokens"
        told = (
            f"{names}: {self.calls} answers, {tokens}{price}, {self.seconds:.1f} s; "
            f"{self.versions} were versions, {self.lived} passed the gates, {self.useful} useful"
        )
        return f"{told}; {self.failed} calls failed: {self.trouble}" if self.failed else told


def together(parts: Iterable[Asked]) -> Asked | None:
    """The sum over several functions; None when nobody was asked."""
    found = list(parts)
    if not found:
        return None
    return Asked(
        calls=sum(part.calls for part in found),
        input_tokens=sum(part.input_tokens for part in found),
        output_tokens=sum(part.output_tokens for part in found),
        usd=sum(part.usd for part in found),
        seconds=sum(part.seconds for part in found),
        versions=sum(part.versions for part in found),
        lived=sum(part.lived for part in found),
        useful=sum(part.useful for part in found),
        duds=_sum(part.duds for part in found),
        died=_sum(part.died for part in found),
        failed=sum(part.failed for part in found),
        trouble=next((part.trouble for part in reversed(found) if part.trouble), ""),
        models=_sum(part.models for part in found),
    )


def _sum(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(total)
