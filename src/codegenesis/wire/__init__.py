"""Values as plain data: how calls and results travel between the app, the store and the sandbox.

Nothing a candidate wrote is ever unpickled, so this is a format of its own: MessagePack (msgspec
does the bytes, an order of magnitude faster than anything in Python), in which a map of one entry
`{tag: payload}` stands for whatever MessagePack has no word for. It is canonical: the same exact
types and values give the same bytes, so the parent compares outcomes as bytes and never has to
build what a hostile process sent; neither numpy nor pandas is needed to compare arrays and frames.

Sharing is part of a value. Objects that can be changed are numbered as they come, and one that
comes again is written as its number, so `[row, row]` differs from two equal rows, and a cycle ends.
The numbers are implied by the order of the bytes: a value in which nothing occurs twice has none.
Of an outcome, the result and the arguments are two runs of bytes that can be read by themselves;
what the result shares with the arguments is marked in it *and* written out (`encode_outcome`), so
`return xs` and `return list(xs)` differ. An array is the buffer that it looks into: views of one
buffer are marked as overlapping. Not recorded: sharing of what cannot be changed (strings, tuples,
frozen dataclasses), and sharing between the members of a set.

Depth is bounded at both ends, size by the walk's budget, which every node and every byte is charged
to. A reader without classes gets trees: what was met before is a leaf that says its number, so a
thousand bytes cannot unfold into 2**60 nodes in the parent.

Tried and rejected: pickle with an allow-list (`__reduce__` runs at encoding, in the user's
process), JSON (no bytes, no NaN, text for floats), `marshal` (crashes on hostile bytes); for
sharing, a mark at the first of several occurrences (stored values would read differently) and one
table of numbers over arguments and result (a result could not be read without its arguments).
"""

from codegenesis.wire.decoding import SHARED, Opaque, decode, decode_call
from codegenesis.wire.encoding import encode, encode_call, encode_exception, encode_outcome
from codegenesis.wire.kinds import Driven

__all__ = [
    "SHARED",
    "Driven",
    "Opaque",
    "decode",
    "decode_call",
    "encode",
    "encode_call",
    "encode_exception",
    "encode_outcome",
]
