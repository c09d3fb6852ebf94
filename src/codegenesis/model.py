"""The nouns of the house, as frozen records: what two rooms hand each other is one of these.

They are `msgspec.Struct`s: about as cheap to import as dataclasses, and they encode to JSON and
MessagePack by themselves (`msgspec.json.encode(record)`). Times are Unix nanoseconds (`_ns`),
durations are nanoseconds, shares and rates are fractions of one, memory is in bytes.

`bytes` fields named `call`, `value` or `after` hold values in the wire format (`codegenesis.wire`):
plain data, never a pickle.
"""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec

GeneKind = Literal["function", "method"]
OutcomeKind = Literal["returned", "raised", "died"]
Verdict = Literal["passed", "failed", "skipped"]
Stage = Literal["proposed", "shadow", "canary", "live", "rolled_back", "retired", "rejected"]
Arm = Literal["control", "variant"]
RunState = Literal["running", "stopped", "finished"]
StepState = Literal["planned", "found", "nothing", "skipped", "failed"]

#: Stages in which processes run, or help to judge, the new code.
ACTIVE_STAGES: tuple[Stage, ...] = ("shadow", "canary", "live")

#: Author of what rules and searches write; any other is a model, by its name.
OURS = "codegenesis"


def digest(*parts: str | bytes) -> str:
    """Hex SHA-256 over length-prefixed parts, so that no two lists of parts collide."""
    hasher = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        hasher.update(len(data).to_bytes(8, "big") + data)
    return hasher.hexdigest()


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all records: frozen, keyword-only."""


class Gene(Record, frozen=True, kw_only=True):
    """One evolvable unit of code, as it stands in the file.

    Attributes:
        service: name of the application it belongs to.
        module: importable name of the module; `__main__` for a script.
        qualname: name inside the module, `Class.method` for a method.
        path: absolute path of the file that defines it.
        root: directory to put on `sys.path` so that `module` imports.
        line: first line of the definition (the `def`, not its decorators), from 1.
        source: the `def` statement, dedented, without decorators.
        refused: why it is not evolved, in words; empty when it is.
        noted_at_ns: when a process or a command last described it.
    """

    service: str
    module: str
    qualname: str
    kind: GeneKind
    path: str
    root: str
    line: int
    source: str
    refused: str = ""
    noted_at_ns: int = 0

    @property
    def target(self) -> str:
        """`module:qualname`, the form in which people name it."""
        return f"{self.module}:{self.qualname}"

    @property
    def id(self) -> str:
        """Identity: service + qualified name; it survives changes of the source."""
        return f"{self.service}/{self.target}"

    @property
    def name(self) -> str:
        """The bare name of the `def`."""
        return self.qualname.rpartition(".")[2]

    @property
    def base(self) -> str:
        """Digest of the source; a release is only valid for the base it was proven against."""
        return digest(self.source)


class Variant(Record, frozen=True, kw_only=True):
    """One version of a gene.

    Attributes:
        gene: `Gene.id`.
        base: `Gene.base` that it was derived from.
        source: a fragment (`codegenesis.fragment`): module-level statements that the function
            needs (imports, constants, helpers), then the `def` itself, decorators allowed.
        parents: ids of the variants it was made from; empty for a child of the original.
        operator: name of the operator that wrote it.
        author: `OURS`, or the model that wrote it.
        hypothesis: why it should be better, in one sentence.
        risk: what could go wrong with it, in one sentence.
        seed: seed of whatever chance was involved.
    """

    gene: str
    base: str
    source: str
    backend: str = "python"
    parents: tuple[str, ...] = ()
    operator: str
    author: str = OURS
    hypothesis: str = ""
    risk: str = ""
    seed: int = 0

    @property
    def id(self) -> str:
        """Digest of content: the same program for the same base is the same variant."""
        return digest(self.gene, self.base, self.backend, self.source)[:16]


class Outcome(Record, frozen=True, kw_only=True):
    """What one call came to. Two outcomes are equal when `same_as` says so.

    Attributes:
        kind: `died` covers every end without an answer (killed, time, memory, output limit,
            malformed answer).
        value: the result, or `(type name, args)` of the exception; empty when it died.
        after: `(args, kwargs)` as the call left them: mutation of arguments is an effect.
        detail: for people: repr of the exception, or the limit that was hit.
        cpu_ns, wall_ns: cost of this call; 0 when not measured.
        peak_bytes: real memory that the process had at most in this call, above what it was cloned
            with; 0 when not measured.
    """

    kind: OutcomeKind
    value: bytes = b""
    after: bytes = b""
    detail: str = ""
    cpu_ns: int = 0
    wall_ns: int = 0
    peak_bytes: int = 0

    def same_as(self, other: Outcome) -> bool:
        """Strict equality: kind, exact value and what became of the arguments."""
        mine, theirs = (self.kind, self.value, self.after), (other.kind, other.value, other.after)
        return mine == theirs


class Observation(Record, frozen=True, kw_only=True):
    """One sampled call of a gene in a live process.

    Attributes:
        gene: `Gene.id`.
        variant: `Variant.id` that ran, empty for the original.
        process: `Process.id`.
        call: `(args, kwargs)` before the call; None when capture is off, too large or refused.
        outcome: None when `call` is None or the result could not be encoded.
        call_digest: keyed digest of the call, so that repeats count even where values are not kept.
        sketch: type, size and range of each argument, by parameter name; JSON.
        error: exception type (`module.qualname`), empty when it returned.
        fingerprint: exception type + in-app frames, no line numbers; groups crashes.
        burst_rate: calls per second seen while this burst lasted; 0 when unknown.
    """

    gene: str
    process: str
    variant: str = ""
    at_ns: int
    wall_ns: int
    cpu_ns: int
    call: bytes | None = None
    outcome: Outcome | None = None
    call_digest: str = ""
    sketch: str = "{}"
    error: str = ""
    fingerprint: str = ""
    burst_rate: float = 0.0


class Trait(Record, frozen=True, kw_only=True):
    """One measured property of a gene (or, with `variant`, of a variant).

    Attributes:
        low, high: 95 % interval; equal to `value` where the value is exact.
        n: how many observations it rests on.
        method: how it was measured, in words.
    """

    gene: str
    name: str
    value: float
    unit: str
    low: float
    high: float
    n: int
    method: str
    variant: str = ""
    at_ns: int = 0


class Proposal(Record, frozen=True, kw_only=True):
    """Gene + operator + what is expected of it, with the traits that led to it.

    Attributes:
        gain: predicted CPU ratio old / new; higher is better.
        cost_s: predicted seconds to try it.
        reason: why, in words.
    """

    gene: str
    operator: str
    gain: float
    cost_s: float
    reason: str
    traits: tuple[str, ...] = ()


class Trial(Record, frozen=True, kw_only=True):
    """What happened when a variant met one gate.

    Attributes:
        checks: how many inputs or rules were tried.
        detail: in words; for a failure the first counter-example.
        measurements: figures of the gate, by name (units in the name).
    """

    variant: str
    gate: str
    verdict: Verdict
    checks: int = 0
    detail: str = ""
    measurements: dict[str, float] = {}
    seconds: float = 0.0
    at_ns: int = 0


class Gain(Record, frozen=True, kw_only=True):
    """Ratio of the original's CPU per call to the variant's, > 1 is faster.

    Attributes:
        low, high: 99 % interval over pairs of processes.
        n: pairs of processes.
        before_ns, after_ns: median CPU per call.
    """

    ratio: float
    low: float
    high: float
    n: int
    before_ns: float
    after_ns: float


class Fitness(Record, frozen=True, kw_only=True):
    """What a variant is worth, each figure relative to the original's: 1.0 is the same, more is
    better.

    Attributes:
        cpu, wall: time of the original / time of the variant, on recorded calls.
        memory: peak memory of the original / of the variant, above that of an idle process.
        resilience: share of hostile inputs handled as the contract says, variant / original.
        size: syntax nodes of the original / of the variant.
    """

    cpu: float = 1.0
    wall: float = 1.0
    memory: float = 1.0
    resilience: float = 1.0
    size: float = 1.0


class Strength(Record, frozen=True, kw_only=True):
    """How much the evidence for a gene would notice: its mutation score.

    Attributes:
        killed: wrong versions of the original that a gate killed.
        mutants: wrong versions that were tried; those known to be equivalent are not counted.
        survivors: what was wrong with those that lived, in words, at most a few.
    """

    killed: int
    mutants: int
    survivors: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        """Share killed, 0..1; 0 when none could be tried."""
        return self.killed / self.mutants if self.mutants else 0.0


class Champion(Record, frozen=True, kw_only=True, omit_defaults=True):
    """The variant selected, with its whole evidence.

    Attributes:
        fitness: None when only the CPU was compared.
        strength: of the evidence; None when it was not measured.
        isolation: tier of the sandbox that the evidence comes from.
        objective: `speed` when it must be equal and faster; `heal` when it must be equal wherever
            the original returns and handle what the original crashes on.
        gain: from the race.
        pure: True when the gene was measured free of effects, so a call may be repeated.
        diff: minimal unified diff against the file.
    """

    variant: Variant
    objective: Literal["speed", "heal"]
    gain: Gain
    trials: tuple[Trial, ...]
    pure: bool
    diff: str
    fitness: Fitness | None = None
    strength: Strength | None = None
    isolation: str = "L3"


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
    """

    release: str
    process: str
    arm: Arm
    at_ns: int
    cpu_ns: int
    wall_ns: int
    error: str = ""
    regression: bool = False


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


class Process(Record, frozen=True, kw_only=True):
    """One process that runs the application (`role="app"`) or the engine (`role="engine"`).

    Attributes:
        id: unique over hosts and restarts.
        probe_share: probe CPU over process CPU since start.
        note: what the process has to say of itself (why the agent is off, what the engine does).
    """

    id: str
    service: str
    role: Literal["app", "engine"]
    host: str
    pid: int
    python: str
    started_ns: int
    seen_ns: int
    probe_share: float = 0.0
    note: str = ""


class Entry(Record, frozen=True, kw_only=True):
    """One signed, hash-chained line of the ledger.

    Attributes:
        seq: position in the chain, from 1, without gaps.
        kind: `provenance`, `evidence`, `decision` or `event` (rollback, freeze, thaw).
        envelope: DSSE envelope around an in-toto statement, JSON text.
        prev: `hash` of the entry before, 64 zeros for the first.
        hash: hex SHA-256 over `prev`, `seq`, `kind` and `envelope`.
    """

    seq: int
    at_ns: int
    kind: Literal["provenance", "evidence", "decision", "event"]
    gene: str
    variant: str
    envelope: str
    prev: str
    hash: str


class Run(Record, frozen=True, kw_only=True):
    """One command's work through its targets, kept so that it can be gone on with.

    Attributes:
        id: short random id.
        command: `evolve`, `fix` or `synthesise`.
        targets: as they were asked for.
        options: of the command itself, by name.
        settings: by name, those that were not left at their defaults.
        budget: in the words of `--budget`; empty for none.
        state: `stopped` is one that was interrupted or whose budget was spent: it can be resumed.
        ended_ns: when it last stopped or finished; 0 while it runs.
        seconds, trials, usd: spent, over all sittings.
        process: `host-pid` of whoever works on it, or did last.
    """

    id: str
    command: str
    targets: tuple[str, ...]
    options: dict[str, str] = {}
    settings: dict[str, str] = {}
    seed: int = 0
    budget: str = ""
    state: RunState = "running"
    started_ns: int
    ended_ns: int = 0
    seconds: float = 0.0
    trials: int = 0
    usd: float = 0.0
    process: str = ""


class RunStep(Record, frozen=True, kw_only=True):
    """What became of one function in a run.

    Attributes:
        run: `Run.id`.
        position: place in the order of the run, from 0.
        target: `module:qualname`.
        gene: `Gene.id`.
        state: `planned` until it had its turn; `skipped` when it could not have one.
        reason: in words: what speaks for it while planned, what came of it afterwards.
        remedy: what the owner could do about it; empty where there is nothing.
        variant: `Variant.id` of what was found.
        file_digest: of the whole file, as the function was read from it.
    """

    run: str
    position: int
    target: str
    gene: str = ""
    state: StepState = "planned"
    reason: str = ""
    remedy: str = ""
    variant: str = ""
    file_digest: str = ""
    trials: int = 0
    seconds: float = 0.0


class Landing(Record, frozen=True, kw_only=True):
    """One file of the working tree that a run has changed: what it was and what was made of it.

    Attributes:
        run: `Run.id`.
        path: absolute.
        before, after: the whole file.
        targets: whose changes these are.
        undone_ns: when they were taken back; 0 while they stand.
    """

    run: str
    path: str
    before: bytes
    after: bytes
    targets: tuple[str, ...] = ()
    at_ns: int
    undone_ns: int = 0
