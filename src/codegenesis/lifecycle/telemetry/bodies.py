"""Bodies of requests, read within bounds: what is too much is never held in memory."""

from __future__ import annotations

import asyncio
import zlib

from starlette.exceptions import HTTPException
from starlette.requests import Request

#: Bytes of a body as sent, and when unpacked (the OpenTelemetry collector's default).
SENT, UNPACKED = 8 << 20, 20 << 20
#: Seconds that a sender may take.
PATIENCE_S = 20.0

PROTOBUF = "application/x-protobuf"
_WINDOW = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


async def read(request: Request) -> bytes:
    """The unpacked body of an OTLP request.

    Raises:
        HTTPException: it is too large, too slow, or not in a form that is understood.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != PROTOBUF:
        raise HTTPException(415, f"expected content-type {PROTOBUF}, got {kind[:80]!r}")
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in (*_WINDOW, "identity", ""):
        raise HTTPException(415, f"expected content-encoding gzip, got {encoding[:80]!r}")
    try:
        async with asyncio.timeout(PATIENCE_S):
            sent = await _sent(request)
    except TimeoutError:
        raise HTTPException(408, f"the body did not arrive within {PATIENCE_S:.0f} s") from None
    return await asyncio.to_thread(unpacked, sent, encoding) if encoding in _WINDOW else sent


async def _sent(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > SENT:
            raise HTTPException(413, f"expected at most {SENT} bytes; send smaller batches")
    return bytes(body)


def unpacked(data: bytes, encoding: str) -> bytes:
    """Decompressed data.

    Raises:
        HTTPException: it is damaged, or too much.
    """
    unpacker = zlib.decompressobj(_WINDOW[encoding])
    try:
        body = unpacker.decompress(data, UNPACKED + 1)
    except zlib.error as error:
        raise HTTPException(400, f"the body is no {encoding}: {error}") from None
    if len(body) > UNPACKED:
        raise HTTPException(413, f"expected at most {UNPACKED} bytes; send smaller batches")
    if not unpacker.eof or unpacker.unused_data:
        raise HTTPException(400, f"the body is not one whole {encoding} stream")
    return body
