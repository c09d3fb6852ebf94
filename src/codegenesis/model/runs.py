"""What commands did, so that they can be gone on with and taken back."""

from __future__ import annotations

from typing import Literal

from codegenesis.model.record import Record

RunState = Literal["running", "stopped", "finished"]
StepState = Literal["planned", "found", "nothing", "skipped", "failed"]


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
