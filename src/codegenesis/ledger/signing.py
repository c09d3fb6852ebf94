"""Signatures over statements, and the one check that stands between the store and a live process.

Envelopes are DSSE (https://github.com/secure-systems-lab/dsse), which signs the payload's type
along with its bytes, around in-toto statements; keys are ed25519. `securesystemslib` and `in-toto`
were looked at: both bring key stores, metadata and subprocess calls that have no place in a user's
process, and what is needed of DSSE is the ten lines of `pae` and `sign`.

Only this module of the ledger is imported into user processes, so `cryptography` (some 60 ms) is
imported on the first signature, on the agent's thread, and not before.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
import time
from collections.abc import Collection, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from codegenesis.errors import VerificationError
from codegenesis.model import ACTIVE_STAGES, Record, Release, Variant, digest

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
DECISION_TYPE = "urn:codegenesis:decision:v1"

_REFUSED = "The original code stays in place; `codegenesis verify --all` says what was changed."


class PublicKey(Record, frozen=True, kw_only=True):
    """An ed25519 public key.

    Attributes:
        raw: its 32 bytes.
    """

    raw: bytes

    @property
    def id(self) -> str:
        """Hex SHA-256 of the raw bytes."""
        return hashlib.sha256(self.raw).hexdigest()

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether `signature` was made over `message` with the private half of this key."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


class Signer:
    """A private key that signs.

    Args:
        key: an ed25519 private key.
    """

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @classmethod
    def generate(cls) -> Signer:
        """A signer with a new key, known to nobody else."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return cls(Ed25519PrivateKey.generate())

    @cached_property
    def public(self) -> PublicKey:
        """The half that everybody may know."""
        return PublicKey(raw=self._key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """64 bytes of signature."""
        return self._key.sign(message)

    def pem(self) -> bytes:
        """The private key as PKCS 8, not encrypted: for a file that nobody else can read."""
        from cryptography.hazmat.primitives import serialization as form

        return self._key.private_bytes(
            form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()
        )


def canonical(value: object) -> bytes:
    """JSON with sorted keys, no spaces and only ASCII.

    NaN and infinities become strings, lone surrogates are written out, as the store does it.
    """
    text = json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode()


def _plain(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, Mapping):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def pae(payload_type: str, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding: the bytes that are really signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign(statement: Mapping[str, object], signer: Signer) -> str:
    """A DSSE envelope around `statement`, as JSON text."""
    payload = canonical(statement)
    signature = signer.sign(pae(PAYLOAD_TYPE, payload))
    envelope = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [
            {"keyid": signer.public.id, "sig": base64.b64encode(signature).decode()},
        ],
    }
    return canonical(envelope).decode()


def open_envelope(envelope: str, trusted: Collection[PublicKey]) -> dict[str, Any]:
    """The statement inside, once a trusted key is found to have signed it.

    Raises:
        VerificationError: when it is no DSSE envelope of an in-toto statement, or no trusted key
            signed exactly this payload.
    """
    payload, signatures = _parse(envelope)
    message = pae(PAYLOAD_TYPE, payload)
    if not any(key.verifies(signature, message) for key in trusted for signature in signatures):
        raise VerificationError(
            f"expected a signature by one of {len(trusted)} trusted keys, got none that holds",
            remedy=_REFUSED,
        )
    try:
        statement = json.loads(payload)
    except ValueError:
        statement = None
    if not isinstance(statement, dict) or statement.get("_type") != STATEMENT_TYPE:
        raise VerificationError("the signed payload is not an in-toto statement", remedy=_REFUSED)
    return statement


def _parse(envelope: str) -> tuple[bytes, list[bytes]]:
    try:
        fields = json.loads(envelope)
        payload = base64.b64decode(fields["payload"], validate=True)
        signatures = [base64.b64decode(each["sig"], validate=True) for each in fields["signatures"]]
        payload_type = fields["payloadType"]
    except (ValueError, TypeError, KeyError, RecursionError, binascii.Error) as error:
        raise VerificationError(
            f"expected a DSSE envelope, got {envelope[:40]!r} ({type(error).__name__})",
            remedy=_REFUSED,
        ) from error
    if payload_type != PAYLOAD_TYPE:
        raise VerificationError(
            f"expected an envelope of type {PAYLOAD_TYPE}, got {str(payload_type)[:60]!r}",
            remedy=_REFUSED,
        )
    return payload, signatures


def subject(gene: str, source: str) -> dict[str, object]:
    """The fragment as subject of a statement.

    Its digests: `codegenesis` as `model.digest` makes it, `sha256` as `sha256sum` does.
    """
    plain = hashlib.sha256(source.encode(errors="surrogatepass")).hexdigest()
    return {"name": gene, "digest": {"codegenesis": digest(source), "sha256": plain}}


def terms(release: Release, variant: Variant) -> dict[str, object]:
    """What a decision about `release` in its present stage has to say, word for word."""
    return {
        "release": release.id,
        "gene": release.gene,
        "base": release.base,
        "variant": variant.id,
        "stage": release.stage,
        "weight": release.weight,
        "pure": release.pure,
        "objective": release.objective,
        "expires_ns": release.expires_ns,
    }


def admit(
    release: Release,
    variant: Variant,
    *,
    trusted: Collection[PublicKey],
    now_ns: int | None = None,
) -> None:
    """Let `variant` pass into a process, or say why not; call it before anything is compiled.

    Args:
        release: as read from the store, with its `decision`.
        variant: as read from the store, the code that would run.
        trusted: public keys of approvers.
        now_ns: the time to judge expiry by; now when left out.

    Raises:
        VerificationError: unless a trusted approver signed a decision that says exactly this
            gene, base, variant, fragment, stage, weight, purity, objective and expiry, and the
            release has not expired.
    """
    statement = open_envelope(release.decision, trusted)
    if statement.get("predicateType") != DECISION_TYPE:
        raise VerificationError(
            f"expected a decision, got a {str(statement.get('predicateType'))[:60]!r}",
            remedy=_REFUSED,
        )
    _compare(statement, release, variant)
    if release.stage not in ACTIVE_STAGES:
        raise VerificationError(
            f"release {release.id} is {release.stage}, a stage in which no code is loaded",
            remedy=_REFUSED,
        )
    now = time.time_ns() if now_ns is None else now_ns
    if now >= release.expires_ns:
        raise VerificationError(
            f"release {release.id} expired {(now - release.expires_ns) / 1e9:.0f} s ago",
            remedy="The original code stays in place; it can evolve again from there.",
        )


def _compare(statement: Mapping[str, Any], release: Release, variant: Variant) -> None:
    """Everything the decision says against everything that the store says."""
    predicate = statement.get("predicate")
    said: Mapping[str, object] = predicate if isinstance(predicate, dict) else {}
    expected = terms(release, variant)
    differences = [
        f"{name} is {value!r}, decided was {said.get(name)!r}"
        for name, value in expected.items()
        if said.get(name) != value
    ]
    if (variant.gene, variant.base) != (release.gene, release.base):
        differences.append("the variant was made for another gene or base")
    if release.variant != variant.id:
        differences.append(f"the release names variant {release.variant!r}, not {variant.id!r}")
    if statement.get("subject") != [subject(release.gene, variant.source)]:
        differences.append("the source is not the one that was decided about")
    if differences:
        raise VerificationError(
            f"release {release.id} does not match its signed decision: {'; '.join(differences)}",
            remedy=_REFUSED,
        )
