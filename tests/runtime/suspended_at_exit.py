"""A script that ends while watched calls are suspended everywhere; it must not be heard."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from codegenesis.runtime import probe
from codegenesis.runtime.capture import Capture, Ring
from codegenesis.runtime.governor import Governor
from codegenesis.runtime.live import LiveGene
from codegenesis.runtime.redaction import Redactor

SHOP = """
import asyncio

def count(n):
    try:
        for i in range(n):
            yield i
    finally:
        print("count is over", flush=True)

async def stream(n):
    for i in range(n):
        await asyncio.sleep(0)
        yield i

async def fetch(n):
    await asyncio.sleep(0)
    return n

async def serve():
    await asyncio.Event().wait()
"""


def load() -> Any:
    path = Path(tempfile.mkdtemp()) / "leaving.py"
    path.write_text(SHOP)
    spec = spec_from_file_location("leaving", path)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    sys.modules["leaving"] = module
    spec.loader.exec_module(module)
    return module


shop = load()
capture = Capture(mode="plain", sensitive=Redactor(()).sensitive, key=b"k" * 32, ring=Ring())
genes = [LiveGene(getattr(shop, name)) for name in ("count", "stream", "fetch", "serve")]
for gene in genes:
    probe.arm(gene, size=9, capture=capture, purse=Governor(0.5))

kept = shop.count(3)
next(kept)
waiting = shop.fetch(1)
waiting.send(None)
round_ = [shop.count(3)]
round_.append(round_)  # type: ignore[arg-type]
next(round_[0])


kept_tasks: list[asyncio.Task[None]] = []
kept_items: list[Any] = []


async def leave() -> None:
    kept_tasks.append(asyncio.create_task(shop.serve()))
    kept_items.append(shop.stream(3))
    await anext(kept_items[0])
    await asyncio.sleep(0)


asyncio.run(leave())
print(len(capture.underway))
for gene in genes:
    gene.uncover()  # as the agent does at exit
