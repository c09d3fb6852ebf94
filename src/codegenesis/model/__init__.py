"""The nouns of the house, as frozen records: what two rooms hand each other is one of these.

They are `msgspec.Struct`s: about as cheap to import as dataclasses, and they encode to JSON and
MessagePack by themselves (`msgspec.json.encode(record)`). Times are Unix nanoseconds (`_ns`),
durations are nanoseconds, shares and rates are fractions of one, memory is in bytes.

`bytes` fields named `call`, `value` or `after` hold values in the wire format (`codegenesis.wire`):
plain data, never a pickle.
"""

from codegenesis.model.calls import SUITE, Observation, Outcome, OutcomeKind
from codegenesis.model.genes import OURS, Gene, GeneKind, Variant
from codegenesis.model.processes import Entry, Lease, Process
from codegenesis.model.record import Record, digest
from codegenesis.model.releases import ACTIVE_STAGES, Ack, Arm, Release, Sample, Stage
from codegenesis.model.runs import Landing, Run, RunState, RunStep, StepState
from codegenesis.model.telling import Bucket, Coverage, Event, EventKind, EventSource, Reward
from codegenesis.model.traits import Proposal, Trait
from codegenesis.model.trials import Champion, Fitness, Gain, Strength, Trial, Verdict

__all__ = [
    "ACTIVE_STAGES",
    "OURS",
    "SUITE",
    "Ack",
    "Arm",
    "Bucket",
    "Champion",
    "Coverage",
    "Entry",
    "Event",
    "EventKind",
    "EventSource",
    "Fitness",
    "Gain",
    "Gene",
    "GeneKind",
    "Landing",
    "Lease",
    "Observation",
    "Outcome",
    "OutcomeKind",
    "Process",
    "Proposal",
    "Record",
    "Release",
    "Reward",
    "Run",
    "RunState",
    "RunStep",
    "Sample",
    "Stage",
    "StepState",
    "Strength",
    "Trait",
    "Trial",
    "Variant",
    "Verdict",
    "digest",
]
