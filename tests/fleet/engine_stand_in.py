"""Holds claims as an engine does, and says so; run by test_fleet_claims.py as a process of its own.

It takes the releases and one gene, prints a line, waits for a line of standard input, and then
tries to release under what it believes to hold.
"""

from __future__ import annotations

import sys
from pathlib import Path

from codegenesis.errors import LeaseLostError
from codegenesis.lifecycle.claims import RELEASES, Leased
from codegenesis.model import Release
from codegenesis.store import Store


def main(url: str, gene: str, ttl_s: float, directory: Path) -> None:
    """Claim, wait, release."""
    with Store.open(url, directory=directory) as store:
        claims = Leased(store, holder="engine-a", ttl_s=ttl_s)
        print(claims.leads() and claims.claim(gene), flush=True)
        sys.stdin.readline()
        release = Release(
            id="late", gene=gene, variant="v", base="b", stage="proposed",
            created_ns=1, updated_ns=1, expires_ns=2,
        )  # fmt: skip
        for name in (gene, RELEASES):
            try:
                with claims.on(name):
                    store.put_release(release)
            except LeaseLostError as error:
                print("refused:", error, flush=True)
            else:
                print("released", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), Path(sys.argv[4]))
