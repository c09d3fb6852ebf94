"""What of a call may be kept: names whose values never leave the process, and whose classes.

A call that holds a sensitive value, as an argument, as a key of a dict or as an attribute of an
object somewhere inside, is not kept with the value blanked out: replaying a blanked call would
prove nothing. It is kept without its values (`Observation.call` is None), as a sketch.

Names of people and postal addresses are not among the built-in patterns, because half of all
business functions take one; `redact = ["address"]` adds them.
"""

from __future__ import annotations

import re
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from codegenesis import wire
from codegenesis.errors import WireError

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
_HARMLESS = frozenset({int, float, str, bytes, bool, complex, type(None)})


class Redactor:
    """Says whether a name, or anything inside an encoded value, must not be recorded.

    Args:
        extra: further patterns (regular expressions, searched in names without case).
        instances: objects of the project's own classes may be kept, too.
    """

    def __init__(self, extra: Iterable[str] = (), *, instances: bool = False) -> None:
        pattern = re.compile("|".join(f"(?:{each})" for each in (*SENSITIVE, *extra)))
        self.instances = instances
        self.sensitive = lru_cache(maxsize=4096)(lambda name: _hit(pattern, name))

    def refuses(self, *parts: bytes) -> bool:
        """Must one of these encoded values not be kept? What cannot be read must not."""
        try:
            return any(self._in_value(wire.decode(data)) for data in {*parts} if data)
        except WireError:
            return True

    def _in_value(self, value: Any) -> bool:
        if isinstance(value, wire.Opaque):
            if value.type_name == wire.SHARED:  # it was looked at where it was first met
                return False
            return not self.instances or self._in_opaque(value)
        if isinstance(value, dict):
            if any(isinstance(key, str) and self.sensitive(key) for key in value):
                return True
            return self._in_items(value) or self._in_items(value.values())
        return isinstance(value, _CONTAINERS) and self._in_items(value)

    def _in_items(self, items: Iterable[Any]) -> bool:
        if _HARMLESS.issuperset(map(type, items)):
            return False
        return any(map(self._in_value, items))

    def _in_opaque(self, value: wire.Opaque) -> bool:
        names = [*_names(value), *_labels(value)]
        return any(map(self.sensitive, names)) or self._in_value(value.state)


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
