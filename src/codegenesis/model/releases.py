"""Champions on their way into processes, and what came of them there."""

from __future__ import annotations

from typing import Literal

from codegenesis.model.record import Record

Stage = Literal["proposed", "shadow", "canary", "live", "rolled_back", "retired", "rejected"]
Arm = Literal["control", "variant"]

#: Stages in which processes run, or help to judge, the new code.
ACTIVE_STAGES: tuple[Stage, ...] = ("shadow", "canary", "live")


class Release(Record, frozen=True, kw_only=True):
    """A champion on its way into processes.

    Attributes:
        id: short random id, the same through all stages.
        stage: where it is now.
        weight: share of calls that the variant gets while in canary, 0..1.
        pure: a failing variant call may be retried on the old code.
        decision: DSSE envelope (JSON) that admits this very stage; processes load nothing
            without a valid one.
        reason: why it is in this stage, in words.
        expires_ns: after this, processes go back to the original.
    """

    id: str
    gene: str
    variant: str
    base: str
    objective: Literal["speed", "heal"] = "speed"
    stage: Stage
    weight: float = 0.0
    pure: bool = False
    decision: str = ""
    reason: str = ""
    created_ns: int
    updated_ns: int
    expires_ns: int


class Sample(Record, frozen=True, kw_only=True):
    """One randomised call during a canary.

    Attributes:
        error: exception type that the caller would have seen, empty when it returned.
        regression: True when the variant raised and the old code, retried, did not.
        segment: of whom the call was made for.
        key: digest of what the draw sticks to; empty when this call was drawn by itself.
    """

    release: str
    process: str
    arm: Arm
    at_ns: int
    cpu_ns: int
    wall_ns: int
    error: str = ""
    regression: bool = False
    segment: str = ""
    key: str = ""


class Ack(Record, frozen=True, kw_only=True):
    """What one process did with one stage of a release.

    Attributes:
        loaded: digest of the fragment source now in use, empty for the original.
        outcome: `swapped`, `reverted`, `refused` (signature, base or fit) or `rolled_back` (guard).
        latency_ns: from the release's `updated_ns` to the swap.
    """

    release: str
    process: str
    stage: Stage
    outcome: Literal["swapped", "reverted", "refused", "rolled_back"]
    loaded: str = ""
    detail: str = ""
    at_ns: int
    latency_ns: int = 0
