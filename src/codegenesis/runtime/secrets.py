"""Texts and numbers that must not be recorded, whatever the argument is called that holds them.

A text is looked at by shape: addresses of e-mail, tokens with a known beginning, what stands
between `BEGIN` and `PRIVATE KEY`. Where the shape alone would say too much, arithmetic decides:
card numbers must pass Luhn's check and begin like a card, account numbers the check of ISO 7064,
and long strings of hex or base64 must be about as mixed as chance makes them, so that neither an
order number nor a path nor a word in CamelCase is taken for a secret.

Looked at and left: detect-secrets and presidio. Both are made to scan files and documents; what is
needed here is a yes or no over a few hundred bytes in some microseconds, inside other people's
processes, without their dependencies (presidio brings spaCy).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

#: The word in `redact_values` that stands for a pattern of our own.
PHONE = "phone"
_PHONE = r"(?<![\w.])(?:\+|00)\d{1,3}(?:[ ./()-]{0,2}\d){6,12}(?!\w)"

#: Lengths of account numbers by country (ISO 13616).
_LENGTHS = {
    15: "NO",
    16: "BE",
    18: "DK FI FO GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HU LB NI PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU",
    31: "MT SC",
    32: "LC",
    33: "RU",
}
_IBAN = {code: length for length, codes in _LENGTHS.items() for code in codes.split()}
#: How the numbers of cards begin, and how many digits they have.
_CARDS = re.compile(
    r"(?:4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}"
    r"|6(?:011|5\d\d|4[4-9]\d)\d{12}|35\d{14}|62\d{14,17})"
)
_HEX_BITS, _BASE64_BITS = 2.8, 4.2
#: Shorter texts can hold none of these.
_SHORTEST = 6


class _Kind(NamedTuple):
    """One sort of secret.

    Attributes:
        hints: one of them must be in the text, in lower case, for the pattern to be tried at all.
        least: characters that it has; shorter texts hold none.
        solid: there is no blank in it, so only words of that length can hold it.
    """

    name: str
    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    sure: Callable[[str], bool] = bool
    least: int = 6
    solid: bool = False


def is_card(number: str) -> bool:
    """Is this the number of a card? Blanks and dashes do not count."""
    digits = number.replace(" ", "").replace("-", "")
    if not _CARDS.fullmatch(digits):
        return False
    doubled = (sum(divmod(2 * int(each), 10)) for each in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def _is_account(text: str) -> bool:
    plain = text.replace(" ", "")
    plain = plain[: _IBAN.get(plain[:2], 0)]
    if len(plain) < _IBAN.get(text[:2], 99):
        return False
    return int("".join(str(int(each, 36)) for each in plain[4:] + plain[:4])) % 97 == 1


def _bits(text: str) -> float:
    """Shannon's entropy, bits per character."""
    shares = [count / len(text) for count in Counter(text).values()]
    return -math.fsum(share * math.log2(share) for share in shares)


def _is_mixed_hex(text: str) -> bool:
    return not text.isdigit() and not text.isalpha() and _bits(text.lower()) >= _HEX_BITS


def _is_mixed_base64(text: str) -> bool:
    sorts = (str.islower, str.isupper, str.isdigit)
    mixed = all(any(map(sort, text)) for sort in sorts) and text.count("/") * 16 <= len(text)
    return mixed and _bits(text) >= _BASE64_BITS


def _has_digit(text: str) -> bool:
    """Keys have digits in them; names and words that begin like a key mostly have none."""
    return any(map(str.isdigit, text))


def _kind(
    name: str,
    hints: str,
    pattern: str,
    sure: Callable[[str], bool] = bool,
    *,
    least: int = _SHORTEST,
    solid: bool = False,
) -> _Kind:
    return _Kind(name, tuple(hints.split()), re.compile(pattern), sure, least, solid)


#: Each takes time in proportion to the text, whatever it is: texts come from anybody. What looks
#: behind comes second, since the engine skips ahead to what a pattern begins with.
_KINDS = (
    _kind("private key", "-----begin", r"-----BEGIN [A-Z ]{0,24}PRIVATE KEY-----"),
    _kind("e-mail", "@", r"[\w.%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}"),
    _kind("password in an address", "://", r"://[^\s:/@]{0,64}:[^\s/@]{1,128}@"),
    _kind("token", "eyj", r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),
    _kind(
        "token",
        "bearer basic token",
        r"(?i:\b(?:bearer|basic|token)\s+)[\w.~+/=-]{16,}",
        _has_digit,
    ),
    _kind(
        "key",
        "gho_ ghp_ ghr_ ghs_ ghu_ github_pat_ k_live_ k_test_ npm_ hf_",
        r"\b(?:gh[oprsu]|github_pat|[rsp]k_(?:live|test)|npm|hf)_\w{16,}",
        _has_digit,
    ),
    _kind(
        "key",
        "sk- xox glpat- pypi-",
        r"\b(?:sk|xox[abeprs]|glpat|pypi)-[\w-]{16,}",
        _has_digit,
    ),
    _kind(
        "key",
        "akia asia aroa aiza",
        r"\b(?:A(?:KIA|SIA|ROA)[0-9A-Z]{16}|AIza[\w-]{35})(?![\w-])",
    ),
    _kind("card", "", r"\d(?<![\d.]\d)(?:[ -]?\d){12,18}(?![\d.])", is_card, least=13),
    _kind(
        "account", "", r"[A-Z](?<!\w[A-Z])[A-Z]\d{2} ?(?:[A-Z0-9] ?){11,34}", _is_account, least=15
    ),
    _kind(
        "hex",
        "",
        r"[0-9a-fA-F](?<![0-9A-Za-z].)[0-9a-fA-F]{31,}(?![0-9A-Za-z])",
        _is_mixed_hex,
        least=32,
        solid=True,
    ),
    _kind(
        "base64",
        "",
        r"[\w+/-](?<![\w+/-].)[\w+/-]{39,}={0,2}",
        _is_mixed_base64,
        least=40,
        solid=True,
    ),
)


class Secrets:
    """Finds what must not be recorded.

    Args:
        extra: further regular expressions (`Config.redact_values`); `phone` stands for ours.
    """

    def __init__(self, extra: Iterable[str] = ()) -> None:
        own = [_kind("redacted", "", _PHONE if each == PHONE else each, least=0) for each in extra]
        self._kinds = (*_KINDS, *own)
        self._shortest = 0 if own else _SHORTEST

    def in_texts(self, texts: Iterable[str]) -> bool:
        """Is there a secret in one of these? For many short texts, which are looked at as one."""
        different = [text for text in dict.fromkeys(texts) if len(text) >= self._shortest]
        joined: dict[tuple[int, bool], _Text] = {}
        for kind in self._kinds:
            if (kind.least, kind.solid) not in joined:
                joined[kind.least, kind.solid] = _Text.of(_together(different, kind))
            if any(map(kind.sure, _matches(kind, joined[kind.least, kind.solid]))):
                return True
        return False

    def in_number(self, number: int) -> bool:
        """Is this whole number the number of a card?"""
        return 10**11 < number < 10**19 and is_card(str(number))

    def blanked(self, text: str) -> str:
        """The text with each secret replaced by what it is, like `[e-mail]`."""
        for kind, found in sorted(self._found(text), key=lambda each: -each[1].start()):
            text = f"{text[: found.start()]}[{kind.name}]{text[found.end() :]}"
        return text

    def _found(self, text: str) -> Iterator[tuple[_Kind, re.Match[str]]]:
        looked_at = _Text.of(text)
        for kind in self._kinds:
            for match in _finds(kind, looked_at):
                if kind.sure(match[0]):
                    yield kind, match


class _Text(NamedTuple):
    """A text, and the same in lower case, in which hints are looked for."""

    text: str
    lower: str

    @classmethod
    def of(cls, text: str) -> _Text:
        return cls(text, text.lower())


def _together(texts: Iterable[str], kind: _Kind) -> str:
    """Those that may hold it, a line for each; of what has no blank in it, only the words."""
    long = "\n".join([text for text in texts if len(text) >= kind.least])
    if not kind.solid:
        return long
    return "\n".join([word for word in long.split() if len(word) >= kind.least])


def _finds(kind: _Kind, text: _Text) -> Iterable[re.Match[str]]:
    if kind.hints and not any(hint in text.lower for hint in kind.hints):
        return ()
    return kind.pattern.finditer(text.text)


def _matches(kind: _Kind, text: _Text) -> Iterator[str]:
    return (match[0] for match in _finds(kind, text))
