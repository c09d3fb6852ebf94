"""The bad release: a version that nothing proved, forced into the running server by hand.

It is what a person in a hurry might do: a rewrite that reads a field under a name which the data
does not have. It skips the gates and the shadow, so the guard in the server is all that is left.
"""

from __future__ import annotations

import time

from codegenesis.delivery import Delivery
from codegenesis.errors import UnhealthyError
from codegenesis.ledger import Ledger
from codegenesis.model import Champion, Gain, Gene, Record, Release, Variant
from codegenesis.store import Store

TARGET = "codegenesis.demo.shop.checkout:crates"
SOURCE = '''\
def crates(rows):
    """Number of crates that an order fills."""
    grams = sum(row["grams"] * row["quantity"] for row in rows)
    return min(14, -(-grams // CRATE_GRAMS))
'''
PATIENCE_S = 15.0


class BadRelease(Record, frozen=True, kw_only=True):
    """What became of it.

    Attributes:
        rolled_back: whether it was taken out by itself.
        bad_calls: calls that the bad version got before it was out.
        errors_seen: of those, how many raised at the caller; the guard answers with the old code.
        seconds: from the decision to the rollback.
        words: all of it in one sentence.
    """

    target: str
    release: str
    rolled_back: bool
    bad_calls: int
    errors_seen: int
    seconds: float
    words: str


def force_bad_release(store: Store, ledger: Ledger, delivery: Delivery) -> BadRelease:
    """Force the bad version in, and wait until the server has got rid of it.

    Raises:
        UnhealthyError: the function was not observed, so nothing can be released for it.
    """
    gene = next((gene for gene in store.genes() if gene.target == TARGET), None)
    if gene is None:
        raise UnhealthyError(f"{TARGET} was not observed", remedy="Read the shop's log.")
    champion = _unproven(gene)
    store.put_variant(champion.variant)
    ledger.provenance(gene, champion.variant, objective="none", seed=0)
    release = delivery.force(champion, gene, reason="the demo shows what a bad release does")
    return _await_rollback(store, release)


def _unproven(gene: Gene) -> Champion:
    """A champion without a single trial; the ledger will say so."""
    variant = Variant(
        gene=gene.id,
        base=gene.base,
        source=SOURCE,
        operator="by_hand",
        author="a person in a hurry",
        hypothesis="The field is called grams now.",
        risk="Nobody has tried it.",
    )
    unknown = Gain(ratio=1.0, low=0.0, high=1e9, n=0, before_ns=0.0, after_ns=0.0)
    return Champion(variant=variant, objective="speed", gain=unknown, trials=(), pure=True, diff="")


def _await_rollback(store: Store, release: Release) -> BadRelease:
    started = time.monotonic()
    while time.monotonic() - started < PATIENCE_S:
        now = store.release(release.id) or release
        if now.stage == "rolled_back":
            break
        time.sleep(0.02)
    seconds = (now.updated_ns - release.updated_ns) / 1e9
    bad = [sample for sample in store.samples(release.id) if sample.arm == "variant"]
    rolled_back = now.stage == "rolled_back"
    seen = sum(bool(sample.error) and not sample.regression for sample in bad)
    return BadRelease(
        target=TARGET,
        release=release.id,
        rolled_back=rolled_back,
        bad_calls=len(bad),
        errors_seen=seen,
        seconds=seconds,
        words=_words(now, len(bad), seen, seconds),
    )


def _words(release: Release, calls: int, seen: int, seconds: float) -> str:
    if release.stage != "rolled_back":
        return f"NOT rolled back within {PATIENCE_S:g} s (it is {release.stage})"
    return (
        f"rolled back by itself {seconds * 1000:.0f} ms after the decision; it got {calls} calls, "
        f"{seen} of them failed for the caller ({release.reason})"
    )
