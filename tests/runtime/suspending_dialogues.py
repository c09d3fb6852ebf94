"""A script: random dialogues with generators, coroutines and async generators, bare and watched.

What comes out, what they see coming in, and how they end must be the same with a burst, either arm
of a router or a guard in front. Prints how many dialogues were held.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import types
from collections import deque
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from codegenesis.model import Release
from codegenesis.runtime import probe
from codegenesis.runtime.capture import Capture, Ring
from codegenesis.runtime.guard import Guard
from codegenesis.runtime.live import LiveGene
from codegenesis.runtime.router import Router

MODES = ("bare", "burst", "control", "variant", "guard")
SAID = ["next"] * 6 + ["hello", "stop", "fail", "close", *[ValueError] * 2, KeyError]
SAID += [asyncio.CancelledError]

#: `{kind}` begins the def, `{give}` hands out `x` and takes in what is said.
BODY = """
{kind}(log, caught, at_end):
    log.append("begin")
    try:
        for n in range(6):
            try:
                {pause}
                x = (n, caught)
                got = {give}
                log.append(got)
                if got == "stop":
                    return{result}
                if got == "fail":
                    raise KeyError("own")
            except ValueError as error:
                log.append(("caught", str(error)))
                if caught:
                    raise RuntimeError("other") from error
            except GeneratorExit:
                log.append("exit")
                if at_end:
                    raise LookupError("at the end")
                raise
    finally:
        log.append("finally")
"""
SHOP = "import types\n@types.coroutine\ndef pause(x):\n    return (yield x)\n" + "".join(
    BODY.format(kind=kind, pause=pause, give=give, result=result)
    for kind, pause, give, result in [
        ("def gen", "pass", "yield x", " 'stopped'"),
        ("async def coro", "pass", "await pause(x)", " 'stopped'"),
        ("async def agen", "log.append(await pause(n))", "yield x", ""),
    ]
)


class Purse:
    def spend(self, cpu_ns: int) -> None:
        pass


def shop() -> types.ModuleType:
    path = Path(tempfile.mkdtemp()) / "dialogues.py"
    path.write_text(SHOP)
    spec = spec_from_file_location("dialogues", path)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    sys.modules["dialogues"] = module
    spec.loader.exec_module(module)
    return module


def told(act: Callable[[], object]) -> tuple[object, ...]:
    try:
        return "gave", act()
    except StopIteration as stop:
        return "returned", stop.value
    except BaseException as error:
        return type(error).__name__, str(error)


def say(partner: Any, word: Any) -> tuple[object, ...]:
    if word == "close":
        return told(partner.close)
    if isinstance(word, type):
        return told(lambda: partner.throw(word("thrown")))
    return told(lambda: partner.send(None if word == "next" else word))


def ask(partner: Any, word: Any) -> Any:
    """The question to an async generator, which is to be awaited."""
    if word == "close":
        return partner.aclose()
    if isinstance(word, type):
        return partner.athrow(word("thrown"))
    return anext(partner) if word == "next" else partner.asend(word)


def await_(question: Any, chance: random.Random) -> list[tuple[object, ...]]:
    heard = [say(question, "next")]
    while heard[-1][0] == "gave":
        heard.append(say(question, "next" if chance.random() < 0.8 else ValueError))
    return heard


def put_in_front(gene: LiveGene, mode: str, capture: Capture, falls: deque[Any]) -> None:
    gene.uncover()
    gene.seen_errors |= {f"builtins.{each}" for each in ("KeyError", "RuntimeError", "ValueError")}
    gene.seen_errors |= {"builtins.LookupError"}
    release = Release(
        id="r", gene="g", variant="v", base="b", stage="live", weight=float(mode == "variant"),
        created_ns=0, updated_ns=0, expires_ns=1 << 62,
    )  # fmt: skip
    if mode == "burst":
        assert probe.arm(gene, size=1, capture=capture, purse=Purse())
    elif mode == "guard":
        gene.cover(Guard(gene, release=release, new=gene.current, falls=falls))
    elif mode != "bare":
        gene.cover(
            Router(gene, release=release, candidate=gene.original(), samples=deque(),
                   falls=falls, purse=Purse())
        )  # fmt: skip


def dialogue(function: Any, seed: int) -> list[object]:
    chance = random.Random(seed)
    log: list[object] = []
    partner = function(log, chance.random() < 0.5, chance.random() < 0.5)
    heard: list[object] = []
    for word in ["next", *(chance.choice(SAID) for _ in range(chance.randrange(8)))]:
        if function.__name__ == "agen":
            heard += await_(ask(partner, word), chance)
        else:
            heard.append(say(partner, word))
    if function.__name__ != "agen":
        heard.append(say(partner, "close"))
    return [*heard, *log]


def main(number: int) -> None:
    sys.unraisablehook = lambda _: None  # half a dialogue with an async generator says so
    module = shop()
    genes = [LiveGene(getattr(module, name)) for name in ("gen", "coro", "agen")]
    capture = Capture(mode="plain", sensitive=lambda _: False, key=b"k" * 32, ring=Ring())
    falls: deque[Any] = deque()
    for seed in range(number):
        gene = genes[seed % 3]
        heard = {}
        for mode in MODES:
            put_in_front(gene, mode, capture, falls)
            heard[mode] = dialogue(gene.function, seed)
            assert heard[mode] == heard["bare"], (seed, gene.name, mode, heard[mode], heard["bare"])
    assert not falls, falls
    print(number)


if __name__ == "__main__":
    main(int(sys.argv[1]))
