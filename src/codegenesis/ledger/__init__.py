"""The ledger: who is responsible for what, signed and chained.

Light to import: neither SQLAlchemy nor `cryptography` comes along before it is needed.
"""

from codegenesis.ledger.book import Ledger
from codegenesis.ledger.keys import KeyRing
from codegenesis.ledger.signing import PublicKey, Signer, admit, open_envelope, sign
from codegenesis.ledger.verify import Check, Report, verify_all

__all__ = [
    "Check",
    "KeyRing",
    "Ledger",
    "PublicKey",
    "Report",
    "Signer",
    "admit",
    "open_envelope",
    "sign",
    "verify_all",
]
