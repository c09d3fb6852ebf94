"""What recorded calls are drawn from: small words, texts, numbers and lists, with a seed.

`wide` draws from much more of the same types (long, huge, empty, negative, odd characters): the
longer offline check, which owes nothing to the strategies of the gates, uses that.
"""

from __future__ import annotations

import math
import struct
from random import Random

_PLAIN = "abcdefghijklmnopqrstuvwxyz"
_ODD = "ABCXYZ0159 \t\n._-/\\'\"%&<>;=+*?[](){}~#@!,:$^|`éßİ中😀\x00\x7f\u0301"


class Chance(Random):
    """A source of arguments.

    Args:
        wide: draw from the whole of a type, not from what traffic would look like.
    """

    def __init__(self, seed: int, *, wide: bool = False) -> None:
        super().__init__(seed)
        self.wide = wide

    def word(self, letters: str = _PLAIN, least: int = 1, most: int = 7) -> str:
        """A few letters; wide: any characters, any length."""
        if self.wide and self.random() < 0.4:
            letters, least = letters + _ODD, 0
            most = self.choice((most, 3 * most, 60))
        return "".join(self.choice(letters) for _ in range(self.randint(least, most)))

    def text(self, parts: str = " ", most: int = 9) -> str:
        """Words with separators between them."""
        if self.wide and self.random() < 0.2:
            most *= 6
        words = [self.word() for _ in range(self.randint(0 if self.wide else 1, most))]
        return "".join(word + self.choice(parts) for word in words)

    def of(self, *pieces: str, most: int = 8) -> str:
        """Pieces of a language, glued together."""
        if self.wide and self.random() < 0.3:
            pieces += (self.word(), self.choice(_ODD))
            most *= 2
        return "".join(self.choice(pieces) for _ in range(self.randint(1, most)))

    def number(self, low: int = 0, high: int = 100) -> int:
        """An integer in the range; wide: negative, beyond 64 bits, around powers of two."""
        if not self.wide or self.random() < 0.5:
            return self.randint(low, high)
        near = (low - self.randint(0, 9), high + self.randint(0, 9), self.randint(-high, 3 * high))
        far = 2 ** self.choice((7, 8, 15, 16, 31, 32, 53, 63, 64, 70)) + self.randint(-2, 2)
        return self.choice((*near, *near, far, -far))

    def small(self, low: int, high: int) -> int:
        """An integer that sizes or bounds something: never huge."""
        return self.randint(low - 2, high * 2) if self.wide else self.randint(low, high)

    def real(self, low: float = 0.0, high: float = 1.0) -> float:
        """A float in the range; wide: special values and any bit pattern."""
        if not self.wide or self.random() < 0.6:
            return round(self.uniform(low, high), 3)
        special = (0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 5e-324, 1e308, low, high)
        bits: float = struct.unpack("<d", self.randbytes(8))[0]
        return self.choice((*special, bits, self.uniform(-1e6, 1e6), float(self.randint(-50, 50))))

    def many(self, make, least: int = 1, most: int = 6) -> list:
        """A list of what `make` makes."""
        if self.wide:
            least, most = 0, self.choice((most, most, 5 * most))
        return [make() for _ in range(self.randint(least, most))]
