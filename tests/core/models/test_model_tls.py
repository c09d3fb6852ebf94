"""Endpoints behind TLS: waited for in slices like others, and not asked without a certificate."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from codegenesis.core.models.failing import Failure


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 that signs itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file = tmp_path / "certificate.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return file


@pytest.fixture
def serve_tls(serve, certificate: Path):
    def start(behaviour) -> str:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server = serve(behaviour, context=context)
        return server.url.replace("http:", "https:")

    return start


def pausing(asked) -> None:
    """Words with pauses longer than a slice of waiting."""
    asked.begin()
    for word in ("Hel", "lo."):
        asked.server.over.wait(0.25)
        asked.event({"choices": [{"delta": {"content": word}}]})
    asked.event({"choices": [{"delta": {}, "finish_reason": "stop"}]})


def test_an_answer_with_pauses_comes_whole(
    serve_tls, certificate: Path, model_at, question, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    model = model_at(serve_tls(pausing), timeout_s=60, pause_s=60)
    assert model.ask(question()).text == "Hello."


def test_it_can_be_called_off(
    serve_tls, certificate: Path, model_at, question, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    cancelled = threading.Event()

    def silent(asked) -> None:
        asked.begin()
        cancelled.set()
        asked.hang()

    with pytest.raises(Failure) as caught:
        model_at(serve_tls(silent), timeout_s=60, pause_s=60).ask(question(), cancelled=cancelled)
    assert caught.value.kind == "cancelled"


def test_one_that_cannot_say_who_it_is_is_not_asked(serve_tls, model_at, question) -> None:
    url = serve_tls(pausing)
    model = model_at(url, key_env="K", environ={"K": "a-key-of-mine"}, retries=0)
    with pytest.raises(Failure, match="certificate") as caught:
        model.ask(question())
    assert (caught.value.kind, caught.value.free) == ("dead", True)
