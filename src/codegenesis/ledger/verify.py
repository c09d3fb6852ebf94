"""Verification: does the record hold, from the first entry to the code that processes have loaded?

Nothing here is repaired and nothing stops at the first failure: every check says what it looked at
and what it found, so that a person can see how far a manipulation reaches.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from codegenesis.errors import VerificationError
from codegenesis.ledger import anchor
from codegenesis.ledger.keys import KeyRing
from codegenesis.ledger.signing import PublicKey, admit, open_envelope, subject
from codegenesis.ledger.statements import PREDICATE_TYPES, champion_digest
from codegenesis.model import ACTIVE_STAGES, Ack, Entry, Record, Release, Variant, digest

if TYPE_CHECKING:
    from codegenesis.store import Store

#: Events after which a variant may not be active without a new decision.
ENDINGS = frozenset({"rolled_back", "rollback", "retired", "rejected"})

#: The event that says that a decision was not carried out because somebody else moved first.
SUPERSEDED = "superseded"

#: A decision is on disk a moment before the release moves; for so long that is no contradiction.
CARRYING_OUT_NS = 10 * 10**9


class Check(Record, frozen=True, kw_only=True):
    """One thing that was looked at.

    Attributes:
        detail: what was found, in words.
    """

    name: str
    ok: bool
    detail: str


class Report(Record, frozen=True, kw_only=True):
    """All checks, those of the chain first."""

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether every check passed."""
        return all(check.ok for check in self.checks)


class Line(Record, frozen=True, kw_only=True):
    """An entry with the statement that its valid signature covers; `problem` where it has none."""

    entry: Entry
    predicate: dict[str, Any] = msgspec.field(default_factory=dict)
    subject: object = None
    problem: str = ""


def verify_all(store: Store, keys: KeyRing, *, now_ns: int | None = None) -> Report:
    """Check the whole record.

    Args:
        now_ns: the time to judge expiry by; now when left out.
    """
    now = time.time_ns() if now_ns is None else now_ns
    entries = store.entries()
    try:
        engines, approvers = keys.trusted_engines(), keys.trusted_approvers()
    except VerificationError as error:
        return Report(checks=(Check(name="keys", ok=False, detail=str(error)),))
    lines = [_line(entry, engines, approvers) for entry in entries]
    checks = [_chain(entries), _anchor(store, entries, engines), _signatures(lines)]
    checks.extend(_variants(store, lines))
    releases = store.releases()
    for release in releases:
        if release.stage in ACTIVE_STAGES:
            checks.extend(_active(store, release, lines, approvers, now))
    checks.append(_loaded(store, releases, lines))
    return Report(checks=tuple(checks))


def _line(entry: Entry, engines: tuple[PublicKey, ...], approvers: tuple[PublicKey, ...]) -> Line:
    """Open an entry with the keys that may sign its kind, and hold its columns against it."""
    trusted = approvers if entry.kind == "decision" else (*engines, *approvers)
    try:
        statement = open_envelope(entry.envelope, trusted)
    except VerificationError as error:
        return Line(entry=entry, problem=str(error))
    if statement.get("predicateType") != PREDICATE_TYPES.get(entry.kind):
        return Line(entry=entry, problem=f"it is filed as {entry.kind} and says something else")
    predicate = statement.get("predicate")
    if not isinstance(predicate, dict):
        return Line(entry=entry, problem="its statement says nothing")
    for name in ("gene", "variant", "at_ns"):
        if predicate.get(name) != getattr(entry, name):
            found, signed = getattr(entry, name), predicate.get(name)
            return Line(entry=entry, problem=f"{name} is {found!r}, signed was {signed!r}")
    return Line(entry=entry, predicate=predicate, subject=statement.get("subject"))


def _chain(entries: list[Entry]) -> Check:
    """Numbers without gaps, each hash over the one before."""
    prev = anchor.GENESIS
    for number, entry in enumerate(entries, start=1):
        if entry.seq != number:
            return _bad("chain", f"expected entry {number}, got {entry.seq}: some are missing")
        if entry.prev != prev:
            return _bad("chain", f"entry {number} does not follow the one before it")
        if entry.hash != digest(entry.prev, str(entry.seq), entry.kind, entry.envelope):
            return _bad("chain", f"entry {number} was changed after it was written")
        prev = entry.hash
    return _good("chain", f"{len(entries)} entries without a gap, head {prev[:12]}")


def _anchor(store: Store, entries: list[Entry], trusted: tuple[PublicKey, ...]) -> Check:
    """The chain is at least as long as it was known to be, and the same up to there."""
    try:
        mark = anchor.read(store.directory, trusted)
    except VerificationError as error:
        return _bad("anchor", str(error))
    if mark is None:
        if not entries:
            return _good("anchor", "nothing was written yet")
        return _bad("anchor", f"{anchor.NAME} is missing, the end of the chain may be cut off")
    if mark.seq > len(entries):
        return _bad("anchor", f"the chain once had {mark.seq} entries, now it has {len(entries)}")
    if mark.seq and entries[mark.seq - 1].hash != mark.hash:
        return _bad("anchor", f"entry {mark.seq} is not the one that was anchored")
    return _good("anchor", f"holds up to entry {mark.seq} of {len(entries)}")


def _signatures(lines: list[Line]) -> Check:
    """Every entry signed by a key that may sign its kind."""
    wrong = [f"entry {line.entry.seq}: {line.problem}" for line in lines if line.problem]
    if wrong:
        return _bad("signatures", f"{len(wrong)} do not hold; {'; '.join(wrong[:5])}")
    return _good("signatures", f"{len(lines)} entries signed by trusted keys")


def _variants(store: Store, lines: Iterable[Line]) -> Iterator[Check]:
    """The sources in the store are those that were signed for."""
    count, wrong = 0, []
    for line in lines:
        if line.problem or line.entry.kind != "provenance":
            continue
        count += 1
        variant = store.variant(line.entry.variant)
        if variant is None:
            wrong.append(f"{line.entry.variant} is missing")
        elif line.subject != [subject(line.entry.gene, variant.source)]:
            wrong.append(f"{line.entry.variant} has another source than was signed for")
    detail = "; ".join(wrong[:5]) or f"{count} as they were written"
    yield Check(name="variants", ok=not wrong, detail=detail)


def _active(
    store: Store,
    release: Release,
    lines: list[Line],
    approvers: tuple[PublicKey, ...],
    now_ns: int,
) -> Iterator[Check]:
    """A release that is, or should be, in processes."""
    variant = store.variant(release.variant)
    if variant is None:
        yield _bad(f"release {release.id}", f"its variant {release.variant} is missing")
        return
    yield _admitted(release, variant, approvers, now_ns)
    decided = [
        line
        for line in lines
        if line.entry.kind == "decision" and line.predicate.get("release") == release.id
    ]
    its_own = [line for line in decided if line.entry.envelope == release.decision]
    if not its_own:
        yield _bad(f"decision {release.id}", "its decision is not in the ledger")
        return
    yield _last_word(release, its_own[-1], lines, now_ns)
    yield _evidence(store, release, decided[0], lines)


def _admitted(
    release: Release, variant: Variant, approvers: tuple[PublicKey, ...], now_ns: int
) -> Check:
    name = f"release {release.id}"
    try:
        admit(release, variant, trusted=approvers, now_ns=min(now_ns, release.expires_ns - 1))
    except VerificationError as error:
        return _bad(name, str(error))
    if now_ns >= release.expires_ns:
        return _good(name, f"{release.stage}, but expired: no process loads it any more")
    return _good(name, f"{release.stage} of {release.gene}, as decided")


def _last_word(release: Release, decision: Line, lines: list[Line], now_ns: int) -> Check:
    """Nothing that was written later contradicts the decision the release stands on."""
    name = f"decision {release.id}"
    since = decision.entry.seq
    later = [line for line in lines if line.entry.seq > since and _concerns(line, release)]
    excused = max((line.entry.seq for line in later if _event(line) == SUPERSEDED), default=0)
    for line in later:
        seq, said = line.entry.seq, line.predicate
        if now_ns - line.entry.at_ns < CARRYING_OUT_NS:
            continue
        if _event(line) in ENDINGS:
            return _bad(name, f"entry {seq} says {_event(line)} after it was decided")
        moved = (said.get("stage"), said.get("weight")) != (release.stage, release.weight)
        if line.entry.kind == "decision" and moved and seq > excused:
            return _bad(
                name,
                f"entry {seq} decided {said.get('stage')} later, the release is {release.stage}: "
                "the move was undone, or never carried out",
            )
    return _good(name, f"entry {decision.entry.seq}: {decision.predicate.get('reason')}")


def _concerns(line: Line, release: Release) -> bool:
    """A later decision about this release, or an event about its variant."""
    if line.entry.kind == "decision":
        return line.predicate.get("release") == release.id
    return line.entry.kind == "event" and line.entry.variant == release.variant


def _event(line: Line) -> str:
    return str(line.predicate.get("name")) if line.entry.kind == "event" else ""


def _evidence(store: Store, release: Release, first: Line, lines: list[Line]) -> Check:
    """The champion's evidence stood before the first decision, and is what the store shows."""
    name = f"evidence {release.id}"
    champion = store.champion(release.variant)
    found = [
        line
        for line in lines
        if line.entry.seq < first.entry.seq
        and line.entry.kind == "evidence"
        and line.entry.variant == release.variant
        and not line.problem
    ]
    if not found:
        return _bad(name, f"none stood before entry {first.entry.seq} decided")
    if champion is None:
        return _bad(name, "the champion is missing from the store")
    known = {line.predicate.get("champion") for line in lines if line.entry.kind == "evidence"}
    if champion_digest(champion) not in known:
        return _bad(name, "the champion in the store is not the one that was signed for")
    gain = champion.gain
    detail = f"entry {found[-1].entry.seq}: {len(champion.trials)} trials, gain {gain.ratio:.2f}"
    return _good(name, f"{detail} ({gain.low:.2f} to {gain.high:.2f})")


def _loaded(store: Store, releases: list[Release], lines: list[Line]) -> Check:
    """The code that processes say they run was decided about."""
    decided: dict[str, set[str]] = {}
    for line in lines:
        if line.entry.kind == "decision" and isinstance(line.subject, list):
            digests = decided.setdefault(line.entry.gene, set())
            digests.update(each["digest"]["codegenesis"] for each in line.subject)
    count, wrong = 0, []
    for release in releases:
        variant = store.variant(release.variant)
        own = {digest(variant.source)} if variant else set()
        for ack in store.acks(release.id):
            count += 1
            allowed = own if ack.outcome == "swapped" else decided.get(release.gene, set())
            if not _is_loaded(ack, allowed & decided.get(release.gene, set())):
                wrong.append(f"{ack.process} has {ack.loaded[:12]} for release {release.id}")
    if wrong:
        return _bad("loaded", f"{len(wrong)} not as decided: {'; '.join(wrong[:5])}")
    return _good("loaded", f"{count} acknowledgements, all of code that was decided about")


def _is_loaded(ack: Ack, allowed: set[str]) -> bool:
    """Only a process that swaps nothing in, or is in shadow, may stay with the original."""
    if not ack.loaded:
        return ack.outcome != "swapped" or ack.stage == "shadow"
    return ack.loaded in allowed


def _good(name: str, detail: str) -> Check:
    return Check(name=name, ok=True, detail=detail)


def _bad(name: str, detail: str) -> Check:
    return Check(name=name, ok=False, detail=detail)
