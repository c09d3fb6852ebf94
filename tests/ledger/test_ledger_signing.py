"""Envelopes, and the check that admits code into a process."""

from __future__ import annotations

import base64
import json
import math
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codegenesis.errors import VerificationError
from codegenesis.ledger import Signer, admit, open_envelope, sign
from codegenesis.ledger.signing import STATEMENT_TYPE, canonical, pae
from codegenesis.ledger.statements import event
from codegenesis.model import Release, Variant

if TYPE_CHECKING:
    from conftest import House

KEY = Signer.generate()
STATEMENT = event("g", "v", name="freeze", reason="why", at_ns=1)


def test_the_encoding_that_is_signed_is_that_of_the_specification() -> None:
    expected = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    assert pae("http://example.com/HelloWorld", b"hello world") == expected
    assert pae("é", b"") == b"DSSEv1 2 \xc3\xa9 0 "


def test_what_was_signed_can_be_opened_by_those_who_trust_the_key() -> None:
    envelope = sign(STATEMENT, KEY)
    assert open_envelope(envelope, [Signer.generate().public, KEY.public]) == STATEMENT
    fields = json.loads(envelope)
    assert fields["payloadType"] == "application/vnd.in-toto+json"
    assert fields["signatures"][0]["keyid"] == KEY.public.id


def test_the_signature_is_plain_ed25519_over_the_encoding() -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    fields = json.loads(sign(STATEMENT, KEY))
    payload = base64.b64decode(fields["payload"])
    signature = base64.b64decode(fields["signatures"][0]["sig"])
    public = Ed25519PublicKey.from_public_bytes(KEY.public.raw)
    public.verify(signature, pae(fields["payloadType"], payload))
    with pytest.raises(InvalidSignature):
        public.verify(signature, payload)


def test_nobody_trusted_means_nothing_opens() -> None:
    with pytest.raises(VerificationError, match="one of 0 trusted keys"):
        open_envelope(sign(STATEMENT, KEY), [])


def altered(change: Any) -> str:
    """An envelope with one thing changed after it was signed."""
    fields = json.loads(sign(STATEMENT, KEY))
    change(fields)
    return json.dumps(fields)


def _payload(fields: dict[str, Any]) -> None:
    text = base64.b64decode(fields["payload"]).replace(b"why", b"who")
    fields["payload"] = base64.b64encode(text).decode()


CHANGES = {
    "payload": _payload,
    "payload type": lambda f: f.update(payloadType="text/plain"),
    "payload in url alphabet": lambda f: f.update(payload="-_-_"),
    "no payload": lambda f: f.pop("payload"),
    "payload is a number": lambda f: f.update(payload=5),
    "no signature": lambda f: f.update(signatures=[]),
    "signatures are a text": lambda f: f.update(signatures="sig"),
    "signature of zeros": lambda f: f["signatures"][0].update(
        sig=base64.b64encode(bytes(64)).decode()
    ),
    "signature too short": lambda f: f["signatures"][0].update(sig="AAAA"),
    "signature is no base64": lambda f: f["signatures"][0].update(sig="…"),
    "signature is null": lambda f: f["signatures"][0].update(sig=None),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_envelope_does_not_open(name: str) -> None:
    with pytest.raises(VerificationError) as caught:
        open_envelope(altered(CHANGES[name]), [KEY.public])
    assert "original code stays" in caught.value.remedy


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "5", '"x"', "{", "[" * 100_000, "\ud800", '{"payload":"\ud800"}']
)
def test_what_is_no_envelope_does_not_open(text: str) -> None:
    with pytest.raises(VerificationError):
        open_envelope(text, [KEY.public])


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text())
def test_any_text_is_refused_in_the_one_way(text: str) -> None:
    with pytest.raises(VerificationError):
        open_envelope(text, [KEY.public])


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.data())
def test_no_bit_of_the_payload_or_signature_can_be_flipped(data: st.DataObject) -> None:
    fields = json.loads(sign(STATEMENT, KEY))
    holder, name = data.draw(
        st.sampled_from([(fields, "payload"), (fields["signatures"][0], "sig")])
    )
    raw = bytearray(base64.b64decode(holder[name]))
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    holder[name] = base64.b64encode(raw).decode()
    with pytest.raises(VerificationError):
        open_envelope(json.dumps(fields), [KEY.public])


@pytest.mark.parametrize("signed", [{}, {"_type": "x"}, {"_type": [STATEMENT_TYPE]}])
def test_a_signed_payload_that_is_no_statement_does_not_open(signed: dict[str, object]) -> None:
    with pytest.raises(VerificationError, match="not an in-toto statement"):
        open_envelope(sign(signed, KEY), [KEY.public])


def test_canonical_means_one_text_for_one_value() -> None:
    assert canonical({"b": (1, 2.5), "a": "é\ud800"}) == b'{"a":"\\u00e9\\\\ud800","b":[1,2.5]}'
    assert canonical([math.nan, math.inf, -math.inf]) == b'["nan","inf","-inf"]'


# Admission


def trusted(house: House) -> tuple[Any, ...]:
    """The approvers of the house."""
    return house.keys.trusted_approvers()


def refuse(house: House, release: Release, variant: Variant, *, now_ns: int = 0) -> str:
    """The message with which it is refused."""
    with pytest.raises(VerificationError) as caught:
        admit(release, variant, trusted=trusted(house), now_ns=now_ns or house.now_ns)
    assert "original code stays" in caught.value.remedy
    return str(caught.value)


def test_what_was_decided_is_admitted(house: House) -> None:
    admit(house.release, house.variant, trusted=trusted(house), now_ns=house.now_ns)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "rel2"),
        ("gene", "shop/shop.pricing:other"),
        ("base", "0" * 64),
        ("variant", "0" * 16),
        ("stage", "canary"),
        ("stage", "shadow"),
        ("weight", 0.9),
        ("weight", float("nan")),
        ("pure", False),
        ("objective", "heal"),
        ("expires_ns", 9 * 10**18),
        ("decision", ""),
    ],
)
def test_a_release_that_says_anything_else_is_refused(
    house: House, field: str, value: object
) -> None:
    refuse(house, msgspec.structs.replace(house.release, **{field: value}), house.variant)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("source", "def quote(basket):\n    return 0\n"),
        ("source", "def quote(basket):\n    return sum(basket) + 0\n "),
        ("backend", "cython"),
        ("gene", "shop/shop.pricing:other"),
        ("base", "0" * 64),
    ],
)
def test_any_other_code_is_refused(house: House, field: str, value: object) -> None:
    refuse(house, house.release, msgspec.structs.replace(house.variant, **{field: value}))


def test_the_refusal_says_what_differs(house: House) -> None:
    other = msgspec.structs.replace(house.release, stage="canary", weight=0.25)
    message = refuse(house, other, house.variant)
    assert "stage is 'canary', decided was 'live'" in message
    assert "weight is 0.25, decided was 1.0" in message


def test_words_about_a_release_may_change_freely(house: House) -> None:
    changed = msgspec.structs.replace(house.release, reason="other words", updated_ns=5)
    admit(changed, house.variant, trusted=trusted(house), now_ns=house.now_ns)


def test_an_expired_release_is_refused(house: House) -> None:
    admit(house.release, house.variant, trusted=trusted(house), now_ns=house.expires_ns - 1)
    assert "expired 0 s ago" in refuse(house, house.release, house.variant, now_ns=house.expires_ns)
    later = refuse(house, house.release, house.variant, now_ns=house.expires_ns + house.day_ns)
    assert "expired 86400 s ago" in later


def test_the_clock_is_consulted_when_no_time_is_given(house: House) -> None:
    # The house was decided about in 2023, for 30 days.
    with pytest.raises(VerificationError, match="expired"):
        admit(house.release, house.variant, trusted=trusted(house))


def test_the_engine_cannot_admit_code_by_itself(house: House) -> None:
    statement = open_envelope(house.release.decision, trusted(house))
    forged = msgspec.structs.replace(house.release, decision=sign(statement, house.keys.engine))
    assert "trusted keys" in refuse(house, forged, house.variant)


def test_the_approvers_signature_under_something_else_admits_nothing(house: House) -> None:
    statement = open_envelope(house.release.decision, trusted(house))
    statement["predicateType"] = "urn:codegenesis:event:v1"
    forged = msgspec.structs.replace(house.release, decision=sign(statement, house.keys.approver))
    assert "expected a decision" in refuse(house, forged, house.variant)


@pytest.mark.parametrize("stage", ["proposed", "rolled_back", "retired", "rejected"])
def test_no_decision_admits_into_a_stage_without_code(house: House, stage: Any) -> None:
    release = msgspec.structs.replace(house.release, stage=stage)
    decision = house.ledger.decide(
        release, house.variant, stage=stage, weight=1.0, policy_digest="", reason=""
    )
    release = msgspec.structs.replace(release, decision=decision)
    assert f"is {stage}" in refuse(house, release, house.variant)


def test_a_decision_of_nonsense_is_refused(house: House) -> None:
    statement = open_envelope(house.release.decision, trusted(house))
    for predicate in (None, [], "x", {}):
        envelope = sign({**statement, "predicate": predicate}, house.keys.approver)
        forged = msgspec.structs.replace(house.release, decision=envelope)
        assert "does not match" in refuse(house, forged, house.variant)


def test_the_ledger_brings_nothing_heavy_into_a_process() -> None:
    script = (
        "import sys, codegenesis.ledger.signing, codegenesis.ledger.keys\n"
        "heavy = {'sqlalchemy', 'cryptography', 'codegenesis.store'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
