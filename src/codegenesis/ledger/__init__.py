"""The ledger: who is responsible for what, signed and chained."""

from codegenesis.ledger.signing import PublicKey, Signer, admit, open_envelope, sign

__all__ = ["PublicKey", "Signer", "admit", "open_envelope", "sign"]
