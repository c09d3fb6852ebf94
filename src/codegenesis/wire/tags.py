"""The one key of the one-entry maps that stand for what MessagePack has no word for.

The numbers are stored in databases: they are never reused, new ones go at the end.
"""

from __future__ import annotations

from typing import Final

TUPLE: Final = 1
DICT: Final = 2
SET: Final = 3
FROZENSET: Final = 4
BIG_INT: Final = 5
COMPLEX: Final = 6
ODD_STR: Final = 7
BYTEARRAY: Final = 8
RANGE: Final = 9
SLICE: Final = 10
DATETIME: Final = 11
DATE: Final = 12
TIME: Final = 13
TIMEDELTA: Final = 14
DECIMAL: Final = 15
FRACTION: Final = 16
UUID: Final = 17
ENUM: Final = 18
INSTANCE: Final = 19
NAMEDTUPLE: Final = 20
EXCEPTION: Final = 21
UNENCODABLE: Final = 22
TIMEZONE: Final = 23
ZONEINFO: Final = 24
DEQUE: Final = 25
ORDERED_DICT: Final = 26
DEFAULTDICT: Final = 27
COUNTER: Final = 28
REF: Final = 29
ARGUMENT: Final = 30
OVERLAP: Final = 31
BUILT: Final = 32

#: Deeper nesting is refused, at both ends: recursion must not depend on what the data says.
MAX_DEPTH: Final = 100

#: What MessagePack integers hold; anything else travels as BIG_INT.
SMALLEST_INT: Final = -(1 << 63)
LARGEST_INT: Final = (1 << 64) - 1
