"""Whoever changes anything in the record, anywhere, is found out, and told where."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from codegenesis.errors import VerificationError
from codegenesis.ledger import KeyRing, Ledger, sign, verify_all
from codegenesis.ledger.statements import champion_digest, event
from codegenesis.model import Ack, Champion, Fitness, Gain, Release, Strength, digest
from codegenesis.store import Store

if TYPE_CHECKING:
    from conftest import House


def sql(house: House, statement: str, *values: object) -> None:
    """What somebody with a database tool can do."""
    raw = sqlite3.connect(house.store.path)
    with raw:
        changed = raw.execute(statement, values).rowcount
    raw.close()
    assert changed, "the tampering itself did not work"


def rechain(house: House) -> None:
    """Make the hashes of the chain fit again, as a careful forger would."""
    raw = sqlite3.connect(house.store.path)
    rows = raw.execute("SELECT rowid, kind, envelope FROM entries ORDER BY seq").fetchall()
    prev = "0" * 64
    with raw:
        raw.execute("UPDATE entries SET seq = -seq, prev = 'p' || seq, hash = 'h' || seq")
        for number, (rowid, kind, envelope) in enumerate(rows, start=1):
            hash_ = digest(prev, str(number), kind, envelope)
            raw.execute(
                "UPDATE entries SET seq = ?, prev = ?, hash = ? WHERE seq = ?",
                (number, prev, hash_, -rowid),
            )
            prev = hash_
    raw.close()


def failed(house: House, **options: Any) -> dict[str, str]:
    """Checks that fail, with what they say."""
    report = house.verify(**options)
    found = {check.name: check.detail for check in report.checks if not check.ok}
    assert report.ok == (not found)
    return found


def test_an_honest_record_holds(house: House) -> None:
    report = house.verify()
    assert failed(house) == {}
    names = [check.name for check in report.checks]
    assert names == [
        "chain",
        "anchor",
        "signatures",
        "variants",
        "release rel1",
        "decision rel1",
        "evidence rel1",
        "loaded",
    ]
    details = {check.name: check.detail for check in report.checks}
    assert details["chain"].startswith("5 entries without a gap, head ")
    assert details["anchor"] == "holds up to entry 5 of 5"
    assert details["decision rel1"] == "entry 5: fit for live"
    assert details["evidence rel1"] == "entry 2: 1 trials, gain 4.20 (4.00 to inf)"
    assert details["loaded"].startswith("2 acknowledgements")


def test_a_store_in_which_nothing_happened_holds(tmp_path: Any) -> None:
    with Store.open(tmp_path / "genesis.db") as store:
        assert verify_all(store, KeyRing(tmp_path / "keys")).ok
        Ledger(store, KeyRing(tmp_path / "keys").ensure())
        assert verify_all(store, KeyRing(tmp_path / "keys")).ok


def test_the_report_is_plain_data(house: House) -> None:
    again = msgspec.json.decode(msgspec.json.encode(house.verify()))
    assert again["checks"][0]["name"] == "chain"


def test_an_expired_release_is_no_manipulation(house: House) -> None:
    assert failed(house, now_ns=house.expires_ns) == {}
    detail = next(
        c.detail for c in house.verify(now_ns=house.expires_ns).checks if "rel1" in c.name
    )
    assert "expired" in detail


# Releases

RELEASE_TAMPERS: dict[str, tuple[str, object]] = {
    "stage from live to canary": ("stage", "canary"),
    "stage from live to shadow": ("stage", "shadow"),
    "weight": ("weight", 0.1),
    "expiry put off": ("expires_ns", 9 * 10**18),
    "purity": ("pure", 0),
    "objective": ("objective", "heal"),
    "base": ("base", "0" * 64),
    "gene": ("gene", "shop/shop.pricing:other"),
    "decision removed": ("decision", ""),
    "decision is nonsense": ("decision", "{}"),
}


@pytest.mark.parametrize("name", RELEASE_TAMPERS)
def test_a_changed_release_is_found(house: House, name: str) -> None:
    column, value = RELEASE_TAMPERS[name]
    sql(house, f"UPDATE releases SET {column} = ? WHERE id = 'rel1'", value)
    assert "release rel1" in failed(house)


def test_a_canary_that_was_made_live_by_hand_is_found(house: House) -> None:
    sql(house, "UPDATE releases SET id = 'rel2'")
    proposed = msgspec.structs.replace(
        house.store.release("rel2"), id="rel1", stage="proposed", decision=""
    )
    house.store.put_release(proposed)
    house.advance("canary", 0.5)
    sql(house, "DELETE FROM releases WHERE id = 'rel2'")
    assert failed(house) == {}
    sql(house, "UPDATE releases SET stage = 'live', weight = 1.0")
    found = failed(house)
    assert "stage is 'live', decided was 'canary'" in found["release rel1"]


def test_an_older_decision_put_back_is_found(house: House) -> None:
    canary = next(e for e in house.store.entries() if e.seq == 4)
    sql(
        house,
        "UPDATE releases SET decision = ?, stage = 'canary', weight = 0.5",
        canary.envelope,
    )
    assert failed(house) == {
        "decision rel1": "entry 5 decided live later, the release is canary: the move was undone, "
        "or never carried out"
    }


def test_a_release_brought_back_after_its_rollback_is_found(house: House) -> None:
    live = house.release
    house.store.move_release("rel1", expect=("live",), stage="rolled_back", reason="slow")
    house.ledger.event(live.gene, live.variant, "rolled_back", "slow", at_ns=house.then_ns + 1)
    assert failed(house) == {}
    house.store.put_release(live)
    assert failed(house) == {"decision rel1": "entry 6 says rolled_back after it was decided"}


def test_a_new_decision_after_a_rollback_is_fine(house: House) -> None:
    house.ledger.event(house.gene, house.variant, "rolled_back", "slow", at_ns=house.then_ns + 1)
    house.store.move_release("rel1", expect=("live",), stage="proposed")
    house.advance("canary", 0.5, at_ns=house.then_ns + 2)
    assert failed(house) == {}


def test_a_decision_under_way_or_overtaken_is_no_contradiction(house: House) -> None:
    second = house.then_ns + 10**9
    house.ledger.decide(
        house.release,
        house.variant,
        stage="shadow",
        weight=0.0,
        policy_digest="",
        reason="",
        at_ns=second,
    )
    assert failed(house, now_ns=second + 10**9) == {}
    assert "decision rel1" in failed(house, now_ns=second + 11 * 10**9)
    house.ledger.event(house.gene, house.variant, "superseded", "", at_ns=second)
    assert failed(house) == {}


def test_a_decision_that_is_in_no_entry_is_found(house: House) -> None:
    release = house.release
    statement = msgspec.json.decode(msgspec.json.encode(_statement(house, release)))
    envelope = sign(statement, house.keys.approver)
    sql(house, "UPDATE releases SET decision = ?", envelope)
    assert failed(house) == {"decision rel1": "its decision is not in the ledger"}


def _statement(house: House, release: Release) -> Any:
    from codegenesis.ledger.statements import decision

    return decision(release, house.variant, policy_digest="", approver="", reason="mine", at_ns=5)


# Variants and champions


def test_changed_source_is_found(house: House) -> None:
    sql(house, "UPDATE variants SET source = 'def quote(basket):\n    return 0\n'")
    found = failed(house)
    assert "the source is not the one that was decided about" in found["release rel1"]
    assert "another source than was signed for" in found["variants"]
    assert "loaded" in found


def test_a_variant_that_is_gone_is_found(house: House) -> None:
    sql(house, "DELETE FROM variants")
    found = failed(house)
    assert "is missing" in found["variants"]
    assert "is missing" in found["release rel1"]


def test_changed_source_of_a_variant_that_was_never_released_is_found(house: House) -> None:
    other = msgspec.structs.replace(house.variant, source="def quote(b): return 1")
    house.store.put_variant(other)
    house.ledger.provenance(house.gene, other, objective="speed", seed=1, at_ns=house.then_ns)
    assert failed(house) == {}
    sql(house, "UPDATE variants SET source = 'x' WHERE id = ?", other.id)
    assert list(failed(house)) == ["variants"]


def test_changed_evidence_is_found(house: House) -> None:
    boasted = msgspec.structs.replace(
        house.champion, gain=msgspec.structs.replace(house.champion.gain, ratio=99.0)
    )
    house.store.put_champion(boasted)
    assert failed(house) == {
        "evidence rel1": "the champion in the store is not the one that was signed for"
    }


def test_a_champion_that_is_gone_is_found(house: House) -> None:
    sql(house, "DELETE FROM champions")
    assert "missing" in failed(house)["evidence rel1"]


def test_a_decision_without_evidence_before_it_is_found(house: House) -> None:
    source = "def quote(basket):\n    return sum(basket) * 1\n"
    variant = msgspec.structs.replace(house.variant, source=source)
    champion = msgspec.structs.replace(house.champion, variant=variant)
    house.store.put_champion(champion)
    house.store.put_release(
        msgspec.structs.replace(house.release, id="rel2", variant=variant.id, stage="proposed")
    )
    release = house.store.release("rel2")
    assert release is not None
    decision = house.ledger.decide(
        release, variant, stage="live", weight=1.0, policy_digest="", reason="", at_ns=1
    )
    house.store.move_release(
        "rel2", expect=("proposed",), stage="live", weight=1.0, decision=decision
    )
    house.ledger.evidence(house.gene, champion, at_ns=2)
    assert failed(house) == {"evidence rel2": "none stood before entry 6 decided"}


def test_the_digest_of_a_champion_survives_the_store(house: House) -> None:
    whole = Gain(ratio=2, low=1, high=3, n=1, before_ns=2, after_ns=1)
    champion = msgspec.structs.replace(house.champion, gain=whole, diff="\ud800")
    house.store.put_champion(champion)
    kept = house.store.champion(champion.variant.id)
    assert kept is not None
    assert champion_digest(kept) == champion_digest(champion) != champion_digest(house.champion)


# Entries

EDITS: dict[str, tuple[str, str]] = {
    "at_ns": ("at_ns = at_ns + 1", "signatures"),
    "kind": ("kind = 'event'", "chain"),
    "gene": ("gene = 'shop/other'", "signatures"),
    "variant": ("variant = '0123456789abcdef'", "signatures"),
    "envelope": ("envelope = replace(envelope, 'keyid', 'keyId')", "chain"),
    "prev": ("prev = 'x' || prev", "chain"),
    "hash": ("hash = prev || '0'", "chain"),
}


@pytest.mark.parametrize("seq", [1, 2, 5])
@pytest.mark.parametrize("name", EDITS)
def test_an_edited_entry_is_found(house: House, name: str, seq: int) -> None:
    change, check = EDITS[name]
    sql(house, f"UPDATE entries SET {change} WHERE seq = ?", seq)
    assert check in failed(house)


@pytest.mark.parametrize("seq", [1, 2, 3, 4])
def test_a_removed_entry_is_found(house: House, seq: int) -> None:
    sql(house, "DELETE FROM entries WHERE seq = ?", seq)
    assert "some are missing" in failed(house)["chain"]


@pytest.mark.parametrize("seq", [1, 2, 3, 4, 5])
def test_a_removed_entry_is_found_even_when_the_chain_was_mended(house: House, seq: int) -> None:
    sql(house, "DELETE FROM entries WHERE seq = ?", seq)
    rechain(house)
    found = failed(house)
    assert "chain" not in found
    assert found["anchor"] == "the chain once had 5 entries, now it has 4"


def test_an_entry_slipped_into_a_mended_chain_is_found(house: House) -> None:
    forged = sign(event("g", "", name="thaw", reason="", at_ns=1), _own(house).engine)
    sql(
        house,
        "UPDATE entries SET envelope = ?, kind = 'event', gene = 'g', variant = '', at_ns = 1 "
        "WHERE seq = 2",
        forged,
    )
    rechain(house)
    found = failed(house)
    assert "entry 2" in found["signatures"]
    assert "entry 5 is not the one that was anchored" in found["anchor"]
    assert "none stood before" in found["evidence rel1"]


def _own(house: House) -> KeyRing:
    """A key ring of the forger's."""
    return KeyRing(house.store.directory / "forger").ensure()


def test_a_chain_cut_off_at_its_end_is_found(house: House) -> None:
    house.ledger.event(house.gene, house.variant, "rolled_back", "bad", at_ns=house.then_ns)
    sql(house, "DELETE FROM entries WHERE seq > 5")
    assert failed(house) == {"anchor": "the chain once had 6 entries, now it has 5"}


def test_a_chain_cut_off_and_continued_is_found_for_good(house: House) -> None:
    sql(house, "DELETE FROM entries WHERE seq >= 4")
    for number in range(9):
        house.ledger.event("", "", "freeze", str(number), at_ns=house.then_ns)
    found = failed(house)
    assert found["anchor"] == "entry 5 is not the one that was anchored"
    assert "chain" not in found


def test_a_chain_emptied_together_with_its_releases_is_found(house: House) -> None:
    sql(house, "DELETE FROM entries")
    sql(house, "DELETE FROM releases")
    assert "anchor" in failed(house)
    Ledger(house.store, house.keys).event("", "", "freeze", "", at_ns=house.then_ns)
    assert "anchor" in failed(house)


def test_an_anchor_that_is_gone_or_forged_is_found_and_stays_so(house: House) -> None:
    file = house.store.directory / "HEAD.anchor"
    honest = file.read_text()
    file.unlink()
    assert "is missing" in failed(house)["anchor"]
    house.ledger.event("", "", "freeze", "", at_ns=house.then_ns)
    Ledger(house.store, house.keys)
    assert not file.exists()
    middle = len(honest) // 2
    other = "B" if honest[middle] == "A" else "A"
    changed = honest[:middle] + other + honest[middle + 1 :]
    for forged in (changed, "", house.release.decision):
        file.write_text(forged)
        house.ledger.event("", "", "freeze", "", at_ns=house.then_ns)
        assert "anchor" in failed(house)
        assert file.read_text() == forged
    file.write_text(honest)
    house.ledger.event("", "", "freeze", "", at_ns=house.then_ns)
    assert failed(house) == {}


def test_a_crash_between_entry_and_anchor_accuses_nobody(house: House) -> None:
    before = (house.store.directory / "HEAD.anchor").read_text()
    house.ledger.event("", "", "freeze", "", at_ns=house.then_ns)
    (house.store.directory / "HEAD.anchor").write_text(before)
    detail = next(check.detail for check in house.verify().checks if check.name == "anchor")
    assert detail == "holds up to entry 5 of 6"
    assert failed(house) == {}


def test_the_anchor_follows_many_writers(house: House) -> None:
    def write(number: int) -> None:
        ledger = Ledger(house.store, KeyRing(house.keys.directory))
        for _ in range(5):
            ledger.event("", "", "freeze", str(number), at_ns=house.then_ns)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))
    detail = next(check.detail for check in house.verify().checks if check.name == "anchor")
    assert detail == "holds up to entry 35 of 35"


def test_a_decision_signed_by_the_engine_is_found(house: House) -> None:
    statement = _statement(house, house.release)
    envelope = sign(statement, house.keys.engine)
    house.store.append_entry(
        kind="decision",
        gene=house.gene.id,
        variant=house.variant.id,
        envelope=envelope,
        at_ns=5,
    )
    assert "entry 6" in failed(house)["signatures"]


def test_an_entry_filed_as_something_else_is_found(house: House) -> None:
    envelope = sign(event("g", "v", name="thaw", reason="", at_ns=1), house.keys.engine)
    house.store.append_entry(kind="evidence", gene="g", variant="v", envelope=envelope, at_ns=1)
    assert "filed as evidence and says something else" in failed(house)["signatures"]


# Keys


@pytest.mark.parametrize("name", ["approver.pub", "engine.pub"])
def test_a_replaced_key_is_found(house: House, name: str) -> None:
    other = _own(house)
    shutil.copy(other.directory / name, house.keys.directory / name)
    found = failed(house)
    assert "do not hold" in found["signatures"]
    with pytest.raises(VerificationError, match="does not belong to"):
        KeyRing(house.keys.directory).ensure()


def test_a_whole_ring_replaced_is_found(house: House) -> None:
    other = _own(house)
    shutil.rmtree(house.keys.directory)
    shutil.copytree(other.directory, house.keys.directory)
    assert {"signatures", "anchor", "release rel1"} <= set(failed(house))


def test_keys_that_others_may_write_prove_nothing(house: House) -> None:
    (house.keys.directory / "approver.pub").chmod(0o666)
    assert list(failed(house)) == ["keys"]


def test_a_second_approver_may_decide(house: House) -> None:
    other = _own(house)
    shutil.copy(other.directory / "approver.pub", house.keys.directory / "approver-jo.pub")
    shutil.copy(other.directory / "engine.pub", house.keys.directory / "engine-jo.pub")
    release = house.release
    decision = Ledger(house.store, other).decide(
        release,
        house.variant,
        stage="live",
        weight=1.0,
        policy_digest="",
        reason="",
        at_ns=house.then_ns,
    )
    house.store.put_release(msgspec.structs.replace(release, decision=decision))
    assert failed(house) == {}


# What processes have loaded


def test_code_that_was_not_decided_about_is_found_in_a_process(house: House) -> None:
    house.acknowledge("def quote(basket): return 'evil'")
    assert "h-1-1 has" in failed(house)["loaded"]


@pytest.mark.parametrize(
    ("stage", "outcome", "own", "ok"),
    [
        ("live", "swapped", True, True),
        ("live", "swapped", False, False),
        ("shadow", "swapped", False, True),
        ("live", "reverted", False, True),
        ("live", "reverted", True, True),
        ("canary", "rolled_back", False, True),
        ("live", "refused", False, True),
    ],
)
def test_only_what_swaps_nothing_in_may_stay_with_the_original(
    house: House, stage: Any, outcome: Any, own: bool, ok: bool
) -> None:
    loaded = digest(house.variant.source) if own else ""
    ack = Ack(release="rel1", process="p", stage=stage, outcome=outcome, loaded=loaded, at_ns=1)
    house.store.add_acks([ack])
    assert ("loaded" in failed(house)) == (not ok)


def test_a_process_may_still_run_an_earlier_release(house: House) -> None:
    source = "def quote(basket):\n    return sum(basket) * 1\n"
    variant = msgspec.structs.replace(house.variant, source=source)
    house.store.put_variant(variant)
    refused = Ack(
        release="rel2",
        process="p",
        stage="live",
        outcome="refused",
        loaded=digest(house.variant.source),
        at_ns=1,
    )
    house.store.put_release(
        msgspec.structs.replace(house.release, id="rel2", variant=variant.id, stage="rejected")
    )
    house.store.add_acks([refused])
    assert failed(house) == {}
    house.store.add_acks([msgspec.structs.replace(refused, outcome="swapped")])
    assert "loaded" in failed(house)


# The book itself


def test_the_book_decides_only_about_what_belongs_together(house: House) -> None:
    count = len(house.store.entries())
    for change in ({"variant": "0" * 16}, {"gene": "shop/x"}, {"base": "0"}):
        release = msgspec.structs.replace(house.release, **change)
        with pytest.raises(VerificationError, match="not of"):
            house.ledger.decide(
                release, house.variant, stage="live", weight=1.0, policy_digest="", reason=""
            )
    assert len(house.store.entries()) == count


def test_what_is_decided_is_on_record_before_it_is_handed_out(house: House) -> None:
    envelope = house.ledger.decide(
        house.release, house.variant, stage="live", weight=1.0, policy_digest="", reason=""
    )
    head = house.store.head()
    assert head is not None
    assert (head.kind, head.envelope) == ("decision", envelope)
    assert (head.gene, head.variant) == (house.gene.id, house.variant.id)


def test_events_take_records_ids_or_nothing(house: House) -> None:
    pairs: list[tuple[Any, Any]] = [
        (house.gene, house.variant),
        (house.gene.id, house.variant.id),
        (None, None),
    ]
    entries = [house.ledger.event(gene, variant, "freeze", "") for gene, variant in pairs]
    assert [(entry.gene, entry.variant) for entry in entries] == [
        (house.gene.id, house.variant.id),
        (house.gene.id, house.variant.id),
        ("", ""),
    ]
    assert failed(house) == {}


def test_a_ledger_without_keys_writes_nothing(house: House, tmp_path: Any) -> None:
    ledger = Ledger(house.store, KeyRing(tmp_path / "none"))
    with pytest.raises(VerificationError, match="expected a key at"):
        ledger.event("", "", "freeze", "")
    assert len(house.store.entries()) == 5


def test_every_field_of_a_champion_is_covered_by_its_digest(house: House) -> None:
    changes: dict[str, Callable[[Champion], object]] = {
        "variant": lambda c: msgspec.structs.replace(c.variant, hypothesis="x"),
        "objective": lambda _: "heal",
        "gain": lambda c: msgspec.structs.replace(c.gain, n=51),
        "trials": lambda _: (),
        "pure": lambda _: False,
        "diff": lambda _: "",
        "fitness": lambda _: Fitness(cpu=2.0),
        "strength": lambda _: Strength(killed=1, mutants=2),
        "isolation": lambda _: "L2",
    }
    assert set(changes) == set(Champion.__struct_fields__)
    for field, change in changes.items():
        other = msgspec.structs.replace(house.champion, **{field: change(house.champion)})
        assert champion_digest(other) != champion_digest(house.champion), field
