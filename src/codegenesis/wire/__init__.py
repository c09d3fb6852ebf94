"""Values as plain data: how calls and results travel between the app, the store and the sandbox.

Nothing a candidate wrote is ever unpickled, so this is a format of its own: MessagePack (msgspec
does the bytes, an order of magnitude faster than anything in Python), in which a map of one entry
`{tag: payload}` stands for whatever MessagePack has no word for. It is canonical: the same exact
types and values give the same bytes, so the parent compares outcomes as bytes and never has to
build what a hostile process sent. Sharing is not recorded: a list that occurs twice arrives as two.

Tried and rejected: pickle with an allow-list (`__reduce__` runs at encoding, in the user's
process), JSON (no bytes, no NaN, text for floats), `marshal` (crashes on hostile bytes).
"""

from codegenesis.wire.decoding import Opaque, decode, decode_call
from codegenesis.wire.encoding import encode, encode_call, encode_exception

__all__ = ["Opaque", "decode", "decode_call", "encode", "encode_call", "encode_exception"]
