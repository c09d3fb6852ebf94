"""`openevolve.evaluation_result`: what evaluators with artifacts return."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["EvaluationResult"]


@dataclass
class EvaluationResult:
    """Metrics by name, and text or bytes beside them."""

    metrics: dict[str, float]
    artifacts: dict[str, str | bytes] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, metrics: dict[str, float]) -> EvaluationResult:
        """Metrics alone."""
        return cls(metrics=metrics)

    def to_dict(self) -> dict[str, float]:
        """The metrics."""
        return self.metrics

    def has_artifacts(self) -> bool:
        """Whether there is anything beside them."""
        return bool(self.artifacts)

    def get_artifact_keys(self) -> list[str]:
        """Names of what is beside them."""
        return list(self.artifacts)

    def get_artifact_size(self, key: str) -> int:
        """Bytes of one artifact."""
        value = self.artifacts.get(key, b"")
        return len(value if isinstance(value, bytes) else str(value).encode())

    def get_total_artifact_size(self) -> int:
        """Bytes of all of them."""
        return sum(map(self.get_artifact_size, self.artifacts))
