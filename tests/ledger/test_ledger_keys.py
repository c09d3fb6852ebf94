"""The key ring: made once, readable by its owner alone, never mixed up."""

from __future__ import annotations

import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from codegenesis.errors import StoreError, VerificationError
from codegenesis.ledger import KeyRing, Signer


def mode(path: Path) -> int:
    """Permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    """A ring with keys."""
    return KeyRing(tmp_path / "keys").ensure()


def test_private_keys_are_for_their_owner_alone(ring: KeyRing) -> None:
    assert mode(ring.directory) == 0o700
    assert mode(ring.directory / "engine.key") == 0o600
    assert mode(ring.directory / "approver.key") == 0o600
    assert not [file for file in ring.directory.iterdir() if file.name.startswith(".")]


def test_keys_are_made_once(ring: KeyRing) -> None:
    again = KeyRing(ring.directory).ensure()
    assert again.engine.public == ring.engine.public
    assert again.approver.public == ring.approver.public
    assert ring.engine.public != ring.approver.public
    assert ring.trusted_engines() == (ring.engine.public,)
    assert ring.trusted_approvers() == (ring.approver.public,)


def test_those_who_make_a_ring_together_have_the_same_keys(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(lambda _: KeyRing(tmp_path / "keys").ensure(), range(16)))
    assert len({ring.approver.public for ring in rings}) == 1
    assert len({ring.engine.public for ring in rings}) == 1


def test_openssl_can_read_the_keys(ring: KeyRing) -> None:
    try:
        done = subprocess.run(
            ["openssl", "pkey", "-pubin", "-in", ring.directory / "engine.pub", "-text", "-noout"],
            capture_output=True,
            text=True,
            check=True,
        )
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no openssl that knows ed25519: {error}")
    digits = "".join(done.stdout.partition("pub:")[2].split()).replace(":", "")
    assert digits == ring.engine.public.raw.hex()


@pytest.mark.parametrize("bits", [0o640, 0o604, 0o620, 0o660, 0o777])
def test_a_private_key_that_others_can_read_is_refused(ring: KeyRing, bits: int) -> None:
    key = ring.directory / "approver.key"
    key.chmod(bits)
    with pytest.raises(VerificationError, match="can be read by others") as caught:
        _ = KeyRing(ring.directory).approver
    assert f"chmod {bits & 0o700:o} {key}" in caught.value.remedy
    with pytest.raises(VerificationError, match="can be read by others"):
        KeyRing(ring.directory).ensure()


def test_a_ring_that_others_can_write_is_refused(ring: KeyRing) -> None:
    (ring.directory / "approver.pub").chmod(0o666)
    with pytest.raises(VerificationError, match="can be written by others"):
        ring.trusted_approvers()
    (ring.directory / "approver.pub").chmod(0o644)
    ring.directory.chmod(0o777)
    with pytest.raises(VerificationError, match="could add keys"):
        ring.trusted_approvers()


def test_a_replaced_key_is_noticed(ring: KeyRing, tmp_path: Path) -> None:
    other = KeyRing(tmp_path / "other").ensure()
    for name in ("approver.pub", "approver.key"):
        before = (ring.directory / name).read_bytes()
        (ring.directory / name).write_bytes((other.directory / name).read_bytes())
        with pytest.raises(VerificationError, match="does not belong to"):
            KeyRing(ring.directory).ensure()
        (ring.directory / name).write_bytes(before)
    ring.ensure()


def test_a_lost_public_key_is_made_from_the_private_one(ring: KeyRing) -> None:
    (ring.directory / "engine.pub").unlink()
    assert ring.trusted_engines() == ()
    assert KeyRing(ring.directory).ensure().trusted_engines() == (ring.engine.public,)


def test_further_approvers_are_trusted_by_name(ring: KeyRing, tmp_path: Path) -> None:
    other = KeyRing(tmp_path / "other").ensure()
    pem = (other.directory / "approver.pub").read_bytes()
    (ring.directory / "approver-jo.pub").write_bytes(pem)
    assert ring.trusted_approvers() == (ring.approver.public, other.approver.public)
    assert ring.trusted_engines() == (ring.engine.public,)


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_a_file_that_is_no_key_is_named(ring: KeyRing, content: bytes) -> None:
    for name in ("engine.key", "engine.pub"):
        before = (ring.directory / name).read_bytes()
        (ring.directory / name).write_bytes(content)
        with pytest.raises(VerificationError, match=f"expected an ed25519 key in .*{name}"):
            KeyRing(ring.directory).ensure()
        (ring.directory / name).write_bytes(before)


def test_a_key_of_another_kind_is_refused(ring: KeyRing) -> None:
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey

    key = Ed448PrivateKey.generate()
    (ring.directory / "engine.key").write_bytes(
        key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    )
    with pytest.raises(VerificationError, match=r"got: .*448"):
        _ = KeyRing(ring.directory).engine


def test_no_ring_means_no_trust(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path / "none")
    assert ring.trusted_approvers() == ()
    with pytest.raises(VerificationError, match="expected a key at") as caught:
        _ = ring.engine
    assert "codegenesis engine" in caught.value.remedy
    assert not ring.directory.exists()


def test_keys_that_cannot_be_kept_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "keys").touch()
    with pytest.raises(StoreError, match="keys cannot be kept here") as caught:
        KeyRing(tmp_path / "keys").ensure()
    assert "writable" in caught.value.remedy


def test_a_ring_made_halfway_is_completed(ring: KeyRing) -> None:
    script = (
        "import sys; from codegenesis.ledger import KeyRing;"
        "print(KeyRing(sys.argv[1]).ensure().approver.public.id)"
    )
    (ring.directory / "approver.pub").unlink()
    (ring.directory / "engine.key").unlink()
    (ring.directory / "engine.pub").unlink()
    done = subprocess.run(
        [sys.executable, "-c", script, ring.directory], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ring.approver.public.id
    assert len(ring.trusted_engines()) == 1
    assert isinstance(ring.engine, Signer)
