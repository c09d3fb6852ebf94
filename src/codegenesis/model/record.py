"""What all nouns have in common, and how content is named."""

from __future__ import annotations

import hashlib

import msgspec


def digest(*parts: str | bytes) -> str:
    """Hex SHA-256 over length-prefixed parts, so that no two lists of parts collide."""
    hasher = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        hasher.update(len(data).to_bytes(8, "big") + data)
    return hasher.hexdigest()


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all records: frozen, keyword-only."""
