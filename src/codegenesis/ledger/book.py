"""The ledger as it is written: what happened, signed by whom it concerns, chained to the rest."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from codegenesis.errors import VerificationError
from codegenesis.ledger import anchor, statements
from codegenesis.ledger.anchor import Anchor
from codegenesis.ledger.keys import KeyRing
from codegenesis.ledger.signing import Signer, sign
from codegenesis.model import Champion, Entry, Gene, Release, Stage, Variant

if TYPE_CHECKING:
    from codegenesis.store import Store


class Ledger:
    """Appends signed entries to the chain in the store.

    Args:
        store: open for writing.
        keys: a ring with both private keys.

    Raises:
        VerificationError: when a key is missing or not safe.
    """

    def __init__(self, store: Store, keys: KeyRing) -> None:
        self._store = store
        self._keys = keys
        if store.head() is None:
            self._anchor(Anchor(seq=0, hash=anchor.GENESIS))

    def provenance(
        self,
        gene: Gene,
        variant: Variant,
        *,
        objective: str,
        seed: int,
        prompt: str = "",
        at_ns: int | None = None,
    ) -> Entry:
        """Note where a variant comes from.

        Args:
            prompt: digest of what a model was asked for it; empty where none was.
        """
        at_ns = _now(at_ns)
        statement = statements.provenance(
            gene, variant, objective=objective, seed=seed, prompt=prompt, at_ns=at_ns
        )
        return self._append("provenance", statement, self._keys.engine)

    def evidence(self, gene: Gene, champion: Champion, *, at_ns: int | None = None) -> Entry:
        """Note what a champion went through; it must stand before any decision about it."""
        statement = statements.evidence(gene, champion, at_ns=_now(at_ns))
        return self._append("evidence", statement, self._keys.engine)

    def decide(
        self,
        release: Release,
        variant: Variant,
        *,
        stage: Stage,
        weight: float,
        policy_digest: str,
        reason: str,
        at_ns: int | None = None,
    ) -> str:
        """Decide, with the approver's key, that a release may be in `stage` with `weight`.

        Returns:
            The envelope that belongs into `Release.decision`; its entry is already on disk.

        Raises:
            VerificationError: when release and variant do not belong together.
        """
        if (release.variant, release.gene, release.base) != (
            variant.id,
            variant.gene,
            variant.base,
        ):
            raise VerificationError(
                f"release {release.id} is of variant {release.variant} of {release.gene}, "
                f"not of {variant.id} of {variant.gene}",
                remedy="Nothing was decided; look the variant up again by the release.",
            )
        approver = self._keys.approver
        statement = statements.decision(
            msgspec.structs.replace(release, stage=stage, weight=weight),
            variant,
            policy_digest=policy_digest,
            approver=approver.public.id,
            reason=reason,
            at_ns=_now(at_ns),
        )
        return self._append("decision", statement, approver).envelope

    def event(
        self,
        gene: Gene | str | None,
        variant: Variant | str | None,
        name: str,
        reason: str,
        *,
        at_ns: int | None = None,
    ) -> Entry:
        """Note that something happened.

        Args:
            gene, variant: the records or their ids, None where none is meant (freeze, thaw).
            name: one word. After a `rolled_back`, `retired` or `rejected`, verification expects
                no active release of the variant without a new decision; a `superseded` excuses
                a decision that was never carried out.
        """
        statement = statements.event(
            _id(gene), _id(variant), name=name, reason=reason, at_ns=_now(at_ns)
        )
        return self._append("event", statement, self._keys.engine)

    def _append(
        self, kind: statements.EntryKind, statement: statements.Statement, signer: Signer
    ) -> Entry:
        predicate = statement["predicate"]
        entry = self._store.append_entry(
            kind=kind,
            gene=predicate["gene"],
            variant=predicate["variant"],
            envelope=sign(statement, signer),
            at_ns=predicate["at_ns"],
        )
        self._anchor(Anchor(seq=entry.seq, hash=entry.hash))
        return entry

    def _anchor(self, new: Anchor) -> None:
        anchor.advance(
            self._store.directory,
            new,
            signer=self._keys.engine,
            holds=self._chain_has,
            trusted=self._keys.trusted_engines(),  # of other hosts, whose anchor was brought here
        )

    def _chain_has(self, mark: Anchor) -> bool:
        following = self._store.entries(after_seq=mark.seq - 1)
        return bool(following) and (following[0].seq, following[0].hash) == (mark.seq, mark.hash)


def _id(record: Gene | Variant | str | None) -> str:
    return record.id if isinstance(record, Gene | Variant) else record or ""


def _now(at_ns: int | None) -> int:
    return time.time_ns() if at_ns is None else at_ns
