"""From what the probe took down to records for the store; on the agent's thread."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b

from codegenesis.model import Observation, Outcome, Sample
from codegenesis.runtime.capture import Raw
from codegenesis.runtime.redaction import Redactor
from codegenesis.runtime.router import Drawn


class Intake:
    """Makes observations and samples of one process.

    Args:
        process: `Process.id`.
        redactor: what may not be kept.
        mode_of: capture mode of a target; where it is `values`, instances may be kept. The
            redactor decides by itself when left out.

    Attributes:
        key: keys the digests of what draws stick to; one of its own until the store's is known.
    """

    def __init__(
        self,
        *,
        service: str,
        process: str,
        redactor: Redactor,
        mode_of: Callable[[str], str] | None = None,
    ) -> None:
        self.key = os.urandom(32)
        self._service = service
        self._process = process
        self._redactor = redactor
        self._mode_of = mode_of

    def observations(self, raws: Iterable[Raw]) -> Iterator[Observation]:
        """Sampled calls, without what must not be recorded."""
        for raw in raws:
            keep = raw.keep and not self._refuses(raw)
            yield Observation(
                gene=f"{self._service}/{raw.gene.target}",
                variant=raw.watch.variant,
                process=self._process,
                at_ns=raw.at_ns,
                wall_ns=raw.cost.wall_ns,
                cpu_ns=raw.cost.cpu_ns,
                call=raw.call if keep else None,
                outcome=_outcome(raw) if keep else None,
                call_digest=raw.digest,
                sketch=json.dumps(self._redactor.sketched(raw.sketch), separators=(",", ":")),
                error=raw.error,
                fingerprint=raw.fingerprint,
                burst_rate=raw.watch.rate(),
                segment=raw.segment,
                trace=raw.trace,
            )

    def _refuses(self, raw: Raw) -> bool:
        instances = self._mode_of(raw.gene.target) == "values" if self._mode_of else None
        return self._redactor.refuses(raw.call, raw.value, raw.after, instances=instances)

    def samples(self, drawn: Iterable[Drawn]) -> Iterator[Sample]:
        """Measured calls of canaries."""
        for each in drawn:
            yield Sample(
                release=each.release,
                process=self._process,
                arm=each.arm,
                at_ns=each.at_ns,
                cpu_ns=max(each.cost.cpu_ns, 1),  # delivery takes logarithms
                wall_ns=max(each.cost.wall_ns, 1),
                error=each.error,
                regression=each.regression,
                segment=each.segment,
                key=self._digest(each.key) if each.key else "",
            )

    def _digest(self, key: str) -> str:
        told = key.encode("utf-8", "surrogatepass")
        return blake2b(told, digest_size=16, key=self.key).hexdigest()


def _outcome(raw: Raw) -> Outcome | None:
    """None when result or arguments could not be encoded."""
    if not raw.value or not raw.after:
        return None
    return Outcome(
        kind="raised" if raw.error else "returned",
        value=raw.value,
        after=raw.after,
        detail=raw.error,
        cpu_ns=raw.cost.cpu_ns,
        wall_ns=raw.cost.wall_ns,
    )
