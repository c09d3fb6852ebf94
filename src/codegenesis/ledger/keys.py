"""The key ring: the engine signs what it measured, the approver signs what may run.

Two keys, so that the one that works unattended cannot admit code by itself, and so that the
approver's can be moved to a person or another machine later. Public keys lie beside them; processes
that run the application read only those. Further approvers are trusted by adding
`approver-NAME.pub` (PEM).

A private key that others could have read proves nothing, so it is refused, and so is a ring into
which others could have put a key of theirs.
"""

from __future__ import annotations

import os
import stat
from functools import cached_property
from pathlib import Path
from typing import Literal

from codegenesis.errors import StoreError, VerificationError
from codegenesis.ledger.signing import PublicKey, Signer

Role = Literal["engine", "approver"]
ROLES: tuple[Role, ...] = ("engine", "approver")

_OTHERS_READ = 0o077
_OTHERS_WRITE = 0o022


class KeyRing:
    """The keys of one store.

    Args:
        directory: where the keys are, `.codegenesis/keys`.
    """

    def __init__(self, directory: str | Path) -> None:
        self.directory = Path(directory)

    def ensure(self) -> KeyRing:
        """Make the keys that are missing (0600, their directory 0700); this ring again.

        Raises:
            VerificationError: a key is readable by others, or its halves do not belong together.
            StoreError: a key cannot be written.
        """
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            for role in ROLES:
                self._ensure(role)
        except OSError as error:
            raise StoreError(
                f"{self.directory}: keys cannot be kept here: {error.strerror}",
                remedy="Make the directory writable for this user, or name another with "
                "--directory.",
            ) from error
        return self

    @cached_property
    def engine(self) -> Signer:
        """Signs provenance, evidence, events and the anchor."""
        return self._load("engine")

    @cached_property
    def approver(self) -> Signer:
        """Signs decisions."""
        return self._load("approver")

    def trusted_approvers(self) -> tuple[PublicKey, ...]:
        """Keys whose decisions admit code; none when there is no ring."""
        return self._public("approver")

    def trusted_engines(self) -> tuple[PublicKey, ...]:
        """Keys whose evidence counts."""
        return self._public("engine")

    def _ensure(self, role: Role) -> None:
        private = self.directory / f"{role}.key"
        if not private.exists():
            _publish(private, Signer.generate().pem(), mode=0o600)
        signer = self._load(role)
        public = self.directory / f"{role}.pub"
        if not public.exists():
            _publish(public, _public_pem(signer.public), mode=0o644)
        if _read_public(public) != signer.public:
            raise VerificationError(
                f"{public} does not belong to {private}",
                remedy="Somebody replaced one of them: find out who, then restore it from a "
                "backup. Until then nothing new is decided.",
            )

    def _load(self, role: Role) -> Signer:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        path = self.directory / f"{role}.key"
        pem = _read(path, forbidden=_OTHERS_READ, danger="can be read by others")
        try:
            key = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError) as error:
            raise _no_key(path, error) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise _no_key(path, type(key).__name__)
        return Signer(key)

    def _public(self, role: Role) -> tuple[PublicKey, ...]:
        if not self.directory.is_dir():
            return ()
        if self.directory.stat().st_mode & _OTHERS_WRITE:
            raise VerificationError(
                f"{self.directory} can be written by others, who could add keys of theirs",
                remedy=f"Look at the keys in it, then: chmod 700 {self.directory}",
            )
        paths = [self.directory / f"{role}.pub", *sorted(self.directory.glob(f"{role}-*.pub"))]
        return tuple(_read_public(path) for path in paths if path.exists())


def _read(path: Path, *, forbidden: int, danger: str) -> bytes:
    """The bytes of a key file whose mode has none of the `forbidden` bits."""
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            content = file.read()
    except OSError as error:
        raise VerificationError(
            f"expected a key at {path}, got: {error.strerror}",
            remedy="`codegenesis engine` makes missing keys; check the directory otherwise.",
        ) from error
    mode = stat.S_IMODE(status.st_mode)
    if mode & forbidden:
        raise VerificationError(
            f"{path} {danger} (mode {mode:04o})",
            remedy=f"chmod {mode & ~forbidden:o} {path}; where others may have used it already, "
            "move the keys away and let new ones be made.",
        )
    return content


def _read_public(path: Path) -> PublicKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    pem = _read(path, forbidden=_OTHERS_WRITE, danger="can be written by others")
    try:
        key = load_pem_public_key(pem)
    except ValueError as error:
        raise _no_key(path, error) from error
    if not isinstance(key, Ed25519PublicKey):
        raise _no_key(path, type(key).__name__)
    return PublicKey(raw=key.public_bytes_raw())


def _no_key(path: Path, what: object) -> VerificationError:
    return VerificationError(
        f"expected an ed25519 key in {path}, got: {what}",
        remedy="Restore the file from a backup, or move it away and let a new key be made.",
    )


def _public_pem(key: PublicKey) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = Ed25519PublicKey.from_public_bytes(key.raw)
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _publish(path: Path, content: bytes, *, mode: int) -> None:
    """Write a file whole and on disk, or leave the one that another process just made."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    descriptor = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        os.link(beside, path)
    except FileExistsError:
        pass
    finally:
        beside.unlink()
