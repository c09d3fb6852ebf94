"""What the ledger's lines say: in-toto statements (https://in-toto.io/Statement/v1).

Each has the fragment it speaks of as subject and, in its predicate, `gene`, `variant` and `at_ns`,
by which verification holds it against the entry that carries it. in-toto's own predicates were
looked at: SLSA provenance describes builds, test-result has pass and fail by name; neither has room
for a gain with its interval, so these are ours.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from codegenesis.ledger.signing import (
    DECISION_TYPE,
    STATEMENT_TYPE,
    canonical,
    subject,
    terms,
)
from codegenesis.model import Champion, Gene, Release, Variant, digest

Statement = dict[str, Any]
EntryKind = Literal["provenance", "evidence", "decision", "event"]

PREDICATE_TYPES: dict[EntryKind, str] = {
    "provenance": "urn:codegenesis:provenance:v1",
    "evidence": "urn:codegenesis:evidence:v1",
    "decision": DECISION_TYPE,
    "event": "urn:codegenesis:event:v1",
}

ANCHOR_TYPE = "urn:codegenesis:anchor:v1"


def provenance(
    gene: Gene, variant: Variant, *, objective: str, seed: int, at_ns: int, prompt: str = ""
) -> Statement:
    """Where a variant comes from; its author is a model where there is the digest of a prompt."""
    predicate = {
        "gene": gene.id,
        "variant": variant.id,
        "base": variant.base,
        "objective": objective,
        "operator": variant.operator,
        "author": variant.author,
        "backend": variant.backend,
        "parents": variant.parents,
        "hypothesis": variant.hypothesis,
        "risk": variant.risk,
        "variant_seed": variant.seed,
        "seed": seed,
        "at_ns": at_ns,
    }
    if prompt:
        predicate |= {"model": variant.author, "prompt": prompt}
    return _statement("provenance", subject(gene.id, variant.source), predicate)


def evidence(gene: Gene, champion: Champion, *, at_ns: int) -> Statement:
    """What a champion went through, and a digest of the whole record of it."""
    variant = champion.variant
    trials = [
        {
            "gate": trial.gate,
            "verdict": trial.verdict,
            "checks": trial.checks,
            "detail": trial.detail,
            "measurements": trial.measurements,
            "seconds": trial.seconds,
        }
        for trial in champion.trials
    ]
    predicate = {
        "gene": gene.id,
        "variant": variant.id,
        "base": variant.base,
        "objective": champion.objective,
        "pure": champion.pure,
        "gain": msgspec.to_builtins(champion.gain),
        "fitness": msgspec.to_builtins(champion.fitness),
        "strength": msgspec.to_builtins(champion.strength),
        "isolation": champion.isolation,
        "trials": trials,
        "diff": champion.diff,
        "champion": champion_digest(champion),
        "at_ns": at_ns,
    }
    return _statement("evidence", subject(gene.id, variant.source), predicate)


def champion_digest(champion: Champion) -> str:
    """Digest of a champion, the same before it is stored and after it is read back."""
    plain = msgspec.to_builtins(champion)
    typed = msgspec.convert(plain, Champion)  # a whole number in a float field becomes a float
    return digest(canonical(msgspec.to_builtins(typed)))


def decision(
    release: Release,
    variant: Variant,
    *,
    policy_digest: str,
    approver: str,
    reason: str,
    at_ns: int,
) -> Statement:
    """That `release` may be in the stage that it names, under which policy, on whose word.

    Args:
        policy_digest: of the terms that were in force.
        approver: id of the approver's public key.
    """
    predicate = {
        **terms(release, variant),
        "policy": policy_digest,
        "approver": approver,
        "reason": reason,
        "at_ns": at_ns,
    }
    return _statement("decision", subject(release.gene, variant.source), predicate)


def event(gene: str, variant: str, *, name: str, reason: str, at_ns: int) -> Statement:
    """Something that happened: a rollback, a freeze; ids are empty where none is meant."""
    about: dict[str, object] = {
        "name": gene or "codegenesis",
        "digest": {"codegenesis": digest(gene, variant, name)},
    }
    predicate = {"gene": gene, "variant": variant, "name": name, "reason": reason, "at_ns": at_ns}
    return _statement("event", about, predicate)


def anchor(seq: int, hash_: str) -> Statement:
    """How long the chain was at least, and what its head was then."""
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": "codegenesis ledger", "digest": {"codegenesis": hash_}}],
        "predicateType": ANCHOR_TYPE,
        "predicate": {"seq": seq, "hash": hash_},
    }


def _statement(kind: EntryKind, about: dict[str, object], predicate: Statement) -> Statement:
    return {
        "_type": STATEMENT_TYPE,
        "subject": [about],
        "predicateType": PREDICATE_TYPES[kind],
        "predicate": predicate,
    }
