"""What of a call may be kept: names whose values never leave the process, and whose classes.

A call that holds a sensitive value, as an argument, as a key of a dict or as an attribute of an
object somewhere inside, is not kept with the value blanked out: replaying a blanked call would
prove nothing. It is kept without its values (`Observation.call` is None), as a sketch. The same
holds for values that give themselves away, whatever they are called (`runtime.secrets`).

Names of people and postal addresses are not among the built-in patterns, because half of all
business functions take one; `redact = ["address"]` adds them.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from codegenesis import wire
from codegenesis.errors import WireError
from codegenesis.runtime.secrets import Secrets

#: Patterns searched in names, without case.
SENSITIVE = (
    "passw(?:or)?d|passphrase|passcode|pwd|secret|token|authorization|bearer|credential",
    "cookie|session|csrf|api[_-]?key|private[_-]?key|access[_-]?key",
    "cvv|cvc|iban|account[_-]?(?:no|number)|card[_-]?(?:no|number|holder)|credit[_-]?card",
    "passport|tax[_-]?id|social[_-]?security|e[_-]?mail|phone|birth",
    # Short ones count only as a whole word: `pin` is sensitive, `spinner` is not.
    r"(?<![a-z])(?:auth|card|cards|pin|pan|otp|ssn|dob|bic)(?![a-z])",
)

_CONTAINERS = (list, tuple, set, frozenset, deque)
#: Items of these types hold nothing else; they are most of all items.
_HARMLESS = frozenset({float, bool, complex, type(None)})
#: And these are gathered many at a time.
_PLAIN = frozenset({int, str})
#: Values that were looked at lately, by digest: calls repeat, and so do the large things in them.
_REMEMBERED = 2048
#: Smaller numbers are no numbers of cards.
_LEAST_CARD = 10**11
_SKETCHED = ("value", "low", "high")


class Redactor:
    """Says whether a name, or anything inside an encoded value, must not be recorded.

    Args:
        extra: further patterns (regular expressions, searched in names without case).
        values: further patterns of texts (`Config.redact_values`).
        instances: objects of the project's own classes may be kept, too.
    """

    def __init__(
        self,
        extra: Iterable[str] = (),
        *,
        values: Iterable[str] = (),
        instances: bool = False,
    ) -> None:
        pattern = re.compile("|".join(f"(?:{each})" for each in (*SENSITIVE, *extra)))
        self.instances = instances
        self._secrets = Secrets(values)
        self._verdicts: dict[bytes, bool] = {}
        self.sensitive = lru_cache(maxsize=4096)(lambda name: _hit(pattern, name))

    def refuses(self, *parts: bytes, instances: bool | None = None) -> bool:
        """Must one of these encoded values not be kept? What cannot be read must not.

        Args:
            instances: for these values alone; as the redactor was made when None.
        """
        allowed = self.instances if instances is None else instances
        return any(self._known(data, instances=allowed) for data in {*parts} if data)

    def _known(self, data: bytes, *, instances: bool) -> bool:
        key = hashlib.blake2b(data, digest_size=16, person=b"%d" % instances).digest()
        refused = self._verdicts.get(key)
        if refused is None:
            refused = self._verdicts[key] = self._refuses(data, instances=instances)
            if len(self._verdicts) > _REMEMBERED:
                del self._verdicts[next(iter(self._verdicts))]
        return refused

    def _refuses(self, data: bytes, *, instances: bool) -> bool:
        look = _Look(self.sensitive, instances)
        try:
            return look.into(_plainly(wire.decode(data))) or self._tells(look)
        except WireError:
            return True

    def text(self, message: str) -> str:
        """A message with what must not be recorded replaced by what it is, like `[e-mail]`."""
        return self._secrets.blanked(message)

    def sketched(self, sketch: Mapping[str, Mapping[str, object]]) -> dict[str, dict[str, object]]:
        """A sketch without figures that give something away, like the number of a card."""
        return {
            name: {key: value for key, value in entry.items() if not self._shown(key, value)}
            for name, entry in sketch.items()
        }

    def _shown(self, key: str, value: object) -> bool:
        return key in _SKETCHED and type(value) is int and self._secrets.in_number(value)

    def _tells(self, look: _Look) -> bool:
        if any(map(self._secrets.in_number, look.numbers)):
            return True
        return self._secrets.in_texts(look.texts)


class _Look:
    """One look through values: names decide at once, texts and large numbers are gathered."""

    def __init__(self, sensitive: Callable[[str], bool], instances: bool) -> None:
        self._sensitive = sensitive
        self._instances = instances
        self.texts: list[str] = []
        self.numbers: list[int] = []

    def into(self, value: Any) -> bool:
        """Is there a name in it that settles the matter?"""
        if isinstance(value, wire.Opaque):
            if value.type_name == wire.SHARED:  # it was looked at where it was first met
                return False
            return not self._instances or self._in_opaque(value)
        if isinstance(value, dict):
            if any(isinstance(key, str) and self._sensitive(key) for key in value):
                return True
            return self._in_items(value) or self._in_items(value.values())
        if isinstance(value, _CONTAINERS):
            return self._in_items(value)
        self._gather(value)
        return False

    def _gather(self, value: Any) -> None:
        if isinstance(value, str):
            self.texts.append(value)
        elif isinstance(value, bytes | bytearray) and value.isascii():
            self.texts.append(value.decode())
        elif type(value) is int and value > _LEAST_CARD:
            self.numbers.append(value)

    def _in_items(self, items: Iterable[Any]) -> bool:
        kinds = set(map(type, items)) - _HARMLESS
        if kinds <= _PLAIN:  # as long lists mostly are, so they are worth a short way
            if str in kinds:
                self.texts += [each for each in items if type(each) is str]
            if int in kinds:
                self.numbers += [n for n in items if type(n) is int and n > _LEAST_CARD]
            return False
        return any(map(self.into, items))

    def _in_opaque(self, value: wire.Opaque) -> bool:
        names = [*_names(value), *_labels(value)]
        return any(map(self._sensitive, names)) or self.into(value.state)


#: Where the names of columns and fields stand in the parts of frames, series and arrays.
_LABELS = {"pandas:DataFrame": 0, "pandas:Series": 2, "numpy:ndarray": 0}


def _labels(value: wire.Opaque) -> Iterator[str]:
    part = _LABELS.get(value.type_name)
    waiting: list[Any] = [value.state[part]] if part is not None else []
    for each in waiting:  # grows while it is walked
        if isinstance(each, str):
            yield each
        elif isinstance(each, wire.Opaque):
            waiting += each.state
        elif isinstance(each, tuple):
            waiting += each


def _plainly(value: Any) -> Any:
    """Of what was raised, its arguments: `module.Type`, where instances have `module:Type`."""
    raised = isinstance(value, wire.Opaque) and ":" not in value.type_name
    return value.state if raised else value


def _hit(pattern: re.Pattern[str], name: str) -> bool:
    """`userPin` is read as `user_pin`."""
    return pattern.search(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()) is not None


def _names(value: wire.Opaque) -> Iterator[str]:
    """Attributes of an instance, or the fields of a namedtuple."""
    for item in value.state:
        if isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str):
            yield item[0]
    module, _, qualname = value.type_name.partition(":")
    found: Any = sys.modules.get(module)
    for part in qualname.split("."):
        found = getattr(found, "__dict__", {}).get(part)
    fields = getattr(found, "__dict__", {}).get("_fields", ())
    yield from (field for field in fields if isinstance(field, str))
