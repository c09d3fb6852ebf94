"""What must not be recorded is found in names and in values, and what only looks like it is not."""

from __future__ import annotations

import hashlib
import random
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from codegenesis import wire
from codegenesis.config import load
from codegenesis.errors import ConfigError
from codegenesis.runtime.modes import modes
from codegenesis.runtime.redaction import Redactor
from codegenesis.runtime.secrets import Secrets, is_card

if TYPE_CHECKING:
    from conftest import House, Import

SHOP = """
class Cart:
    def __init__(self, total):
        self.total = total

def plain(x): return x
def sketched(x): return x
def silent(x): return x
def instance(x): return x.total
def refused(x): return x.total
"""

SECRETS = {
    "e-mail": "write to jo.doe+shop@mail.example.org today",
    "card": "4111 1111 1111 1111",
    "account": "pay to DE89 3704 0044 0532 0130 00, please",
    "token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
    "key": "AKIAIOSFODNN7EXAMPLE",
    "private key": "-----BEGIN RSA PRIVATE KEY-----\nMIIEow",
    "password in an address": "postgresql://shop:hunter2@db/shop",
    "hex": hashlib.sha256(b"secret").hexdigest(),
    "base64": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY1234",
}
HARMLESS = [
    "a perfectly ordinary sentence about baskets, number 12345",
    "4111 1111 1111 1112",
    "1763886000123456789",
    "DE89 3704 0044 0532 0130 01",
    "/usr/lib/python3/dist-packages/shop/checkout/Handlers2/payment",
    "AbstractSingletonProxyFactoryBeanGeneratorConfiguration",
    "00000000000000000000000000000000",
    "a basic internationalisation-layer, npm_config_registry_location, sk-learn-and-its-friends",
    "https://shop.example.org/cart?item=7",
    "user@localhost" + " " * 3,
    "2026-01-01 12:00:00+00:00",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
]


@pytest.mark.parametrize(("kind", "text"), SECRETS.items())
def test_a_secret_gives_itself_away_wherever_it_stands(kind, text):
    assert Secrets().in_texts(["harmless", text])
    assert f"[{kind}]" in Secrets().blanked(text)
    redactor = Redactor()
    for value in (text, [1, ("x", text)], {"note": {text: 1}}, text.encode(), {text}):
        assert redactor.refuses(wire.encode(value))
    assert text not in redactor.text(f"before {text} after")


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_a_secret_is_kept(text):
    assert not Secrets().in_texts(["harmless", text])
    assert not Redactor().refuses(wire.encode([text]))
    assert Redactor().text(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Authorization: Bearer abcdefghijklmnop1234", "Authorization: [token]"),
        ("ghp_a1bcdefghijklmnopqrst and sk-a1bcdefghijklmnopqrst", "[key] and [key]"),
        ("jo@example.org paid with 5500-0000-0000-0004", "[e-mail] paid with [card]"),
    ],
)
def test_messages_keep_what_is_no_secret(text, expected):
    assert Redactor().text(text) == expected


def test_the_number_of_a_card_is_refused_as_a_number_too():
    assert Redactor().refuses(wire.encode([1, 4111111111111111]))
    assert not Redactor().refuses(wire.encode([1, 4111111111111112, 1763886000123456789]))
    shown = {"number": {"type": "int", "value": 4111111111111111}, "n": {"type": "int", "value": 3}}
    assert Redactor().sketched(shown) == {
        "number": {"type": "int"},
        "n": {"type": "int", "value": 3},
    }


def test_few_random_numbers_pass_for_cards():
    rng = random.Random(1)
    taken = sum(is_card(str(rng.randrange(10**15, 10**16))) for _ in range(4000))
    assert taken < 4000 * 0.05


def test_owners_add_patterns_and_numbers_of_telephones():
    call = wire.encode("call +49 170 1234567")
    assert not Redactor().refuses(call)
    assert Redactor(values=["phone"]).refuses(call)
    assert Redactor(values=[r"^K-\d+$"]).refuses(wire.encode("K-1"))


def test_secrets_are_found_inside_long_values_without_much_work():
    text = "lorem ipsum " * 5000
    assert not Redactor().refuses(wire.encode([text] * 4))
    assert Redactor().refuses(wire.encode([*["x"] * 3000, text, "jo@example.org"]))


@pytest.mark.parametrize(
    "part",
    ["x", "eyJ", "1 ", "AB12 ", "://a:", "a.", "ghp_", "sk-", "token ", "@", "-----BEGIN A "],
)
def test_texts_made_to_waste_time_do_not(part):
    # Tried over and over from each place, any of these would take minutes.
    text = part * (200_000 // len(part))
    assert Secrets().blanked(text) == text


def test_names_still_refuse_whatever_the_value_is():
    assert Redactor().refuses(wire.encode({"password": 1}))
    assert Redactor(["nickname"]).refuses(wire.encode({"nickname": 1}))


def test_the_longest_pattern_decides_what_is_captured():
    mode_of = modes(
        "plain",
        {"shop.auth.*": "off", "shop.auth:hello": "values", "shop.cart:Cart.*": "sketch"},
    )
    assert mode_of("shop.auth:login") == "off"
    assert mode_of("shop.auth.tokens:make") == "off"
    assert mode_of("shop.auth:hello") == "values"
    assert mode_of("shop.cart:Cart.add") == "sketch"
    assert mode_of("shop.cart:total") == "plain"
    assert mode_of("shop.authors:name") == "plain"


def test_files_and_scripts_have_modes_too(imported: Import, monkeypatch, tmp_path) -> None:
    shop = imported("def f(): pass\n", name="shop_in_a_file")
    mode_of = modes("plain", {"*_in_a_file.py": "off", "script:main": "sketch"}, here=tmp_path)
    assert mode_of("shop_in_a_file:f") == mode_of("shop_in_a_file:Cart.__init__") == "off"
    monkeypatch.setitem(sys.modules, "__main__", shop)
    monkeypatch.setattr(shop, "__file__", str(tmp_path / "script.py"))
    assert mode_of("__main__:main") == "sketch"
    assert mode_of("__main__:other") == "plain"


def test_the_table_of_modes_is_a_setting_like_others(tmp_path):
    text = '[tool.codegenesis.capture_for]\n"shop.auth.*" = "off"\n'
    (tmp_path / "pyproject.toml").write_text(text)
    settings = load(environ={}, start=tmp_path)
    assert settings.capture_for == {"shop.auth.*": "off"}
    again = load(environ=settings.environment(), start=tmp_path)
    assert again.capture_for == settings.capture_for
    for wrong in ("off", '{"shop.*": "some"}', "[1]"):
        with pytest.raises(ConfigError, match="a table from patterns to plain"):
            load(overrides={"capture_for": wrong}, environ={}, start=tmp_path)


def test_each_target_is_captured_in_its_own_mode(
    open_house: Callable[..., House], imported: Import, until: Callable[..., None]
) -> None:
    shop = imported(SHOP, name="shop_of_modes")
    table = {
        "shop_of_modes:s*": "sketch",
        "shop_of_modes:silent": "off",
        "shop_of_modes:instance": "values",
    }
    house = open_house(capture_for=table, burst=2)
    names = ("plain", "sketched", "silent", "instance", "refused")
    genes = {name: house.add(getattr(shop, name)) for name in names}

    def seen() -> bool:
        house.visit()
        for name, gene in genes.items():
            gene.function(shop.Cart(7) if name in ("instance", "refused") else "jo")
        return all(map(house.observations, genes.values()))

    until(seen, what="an observation of each")
    first = {name: house.observations(gene)[0] for name, gene in genes.items()}
    kept = {name for name, one in first.items() if one.call is not None}
    assert kept == {"plain", "instance"}
    assert first["sketched"].call_digest
    assert "str" in first["sketched"].sketch
    assert (first["silent"].call_digest, first["silent"].sketch) == ("", "{}")


def test_what_was_raised_is_kept_like_any_other_outcome_unless_it_tells_a_secret():
    plain, secret = KeyError("it", 3), ValueError("no mail to jo@example.org")
    assert not Redactor().refuses(wire.encode_exception(plain, max_bytes=1000))
    assert Redactor().refuses(wire.encode_exception(secret, max_bytes=1000))
    assert Redactor().refuses(wire.encode_exception(KeyError({"password": 1}), max_bytes=1000))
