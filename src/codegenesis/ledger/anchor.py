"""The anchor: a signed note, outside the database, of how long the chain is.

Hashes show every change inside the chain, but a chain whose end was cut off is whole in itself. So
each append leaves the head's number and hash in `HEAD.anchor`; a chain that is shorter, or has
another entry at that place, was tampered with. The anchor is written after the entry is on disk,
hence a crash in between leaves it one behind, which proves less and accuses nobody. It does not
help against somebody who restores an old copy of both; anchoring in git will.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from codegenesis.errors import StoreError, VerificationError
from codegenesis.ledger import statements
from codegenesis.ledger.signing import PublicKey, Signer, open_envelope, sign
from codegenesis.model import Record

NAME = "HEAD.anchor"

#: Hash of a chain that has no entry yet.
GENESIS = "0" * 64


class Anchor(Record, frozen=True, kw_only=True):
    """The chain had at least `seq` entries, and the last of them had this hash."""

    seq: int
    hash: str


def read(directory: Path, trusted: Collection[PublicKey]) -> Anchor | None:
    """The anchor beside the store; None when there is none.

    Raises:
        VerificationError: when there is one that no trusted key has signed.
    """
    try:
        envelope = (directory / NAME).read_text()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise VerificationError(f"{directory / NAME} cannot be read: {error}") from error
    statement = open_envelope(envelope, trusted)
    predicate = statement.get("predicate", {})
    if statement.get("predicateType") != statements.ANCHOR_TYPE:
        raise VerificationError(f"{directory / NAME} holds something else than an anchor")
    return Anchor(seq=predicate["seq"], hash=predicate["hash"])


def advance(
    directory: Path,
    new: Anchor,
    *,
    signer: Signer,
    holds: Callable[[Anchor], bool],
    trusted: Collection[PublicKey] = (),
) -> None:
    """Move the anchor forward to `new`; never backward, and never over a contradiction.

    Args:
        holds: whether the chain still agrees with the anchor that is there. Where it does not, or
            the anchor was removed or forged, it is left as it is for `verify` to find.
        trusted: engines whose anchor is gone on from beside the signer's own.

    Raises:
        StoreError: when the file cannot be written.
    """
    try:
        with _locked(directory):
            if _may_advance(directory, new, (signer.public, *trusted), holds):
                _write(directory, sign(statements.anchor(new.seq, new.hash), signer))
    except OSError as error:
        raise StoreError(
            f"{directory / NAME} cannot be written: {error.strerror}",
            remedy="Free space or permissions there; the entry itself was kept.",
        ) from error


def _may_advance(
    directory: Path, new: Anchor, keys: Collection[PublicKey], holds: Callable[[Anchor], bool]
) -> bool:
    try:
        current = read(directory, keys)
    except VerificationError:
        return False
    if current is None:
        return new.seq == 0
    return new.seq > current.seq and (current.seq == 0 or holds(current))


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """One writer at a time, over processes and threads."""
    descriptor = os.open(directory / f"{NAME}.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write(directory: Path, text: str) -> None:
    """Whole and on disk, or not at all."""
    beside = directory / f".{NAME}.new"
    with beside.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(directory / NAME)
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
