"""Who takes part, and what is on record."""

from __future__ import annotations

from typing import Literal

from codegenesis.model.record import Record


class Process(Record, frozen=True, kw_only=True):
    """One process that runs the application (`role="app"`) or the engine (`role="engine"`).

    Attributes:
        id: unique over hosts and restarts.
        probe_share: CPU of watching over process CPU since the start.
        probe_budget: what it may be at most; 0 for an engine.
        watching, canaries, agent: shares of the process' CPU now: of watching, of measuring
            canaries, and of all that the agent's thread does (its part of watching included).
        dropped: sampled calls, rewards and incidents that found no room.
        note: what the process has to say of itself: of an application what is wrong with it, of an
            engine what it does.
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
    probe_budget: float = 0.0
    watching: float = 0.0
    canaries: float = 0.0
    agent: float = 0.0
    dropped: int = 0
    note: str = ""


class Lease(Record, frozen=True, kw_only=True):
    """What one engine has taken on, so that no other does.

    Attributes:
        name: what is leased: a gene (`Gene.id`), or a task of the whole store.
        holder: `Process.id`.
        until_ns: when it ends unless renewed, by the store's clock.
    """

    name: str
    holder: str
    until_ns: int


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
