"""Crashes out of tracebacks that arrive as text, grouped as those that are seen in the process.

A fingerprint reads like the runtime's (`codegenesis.runtime.fingerprint`): exception type, then the
application's frames from the innermost on, without line numbers. Text only has the bare names of
functions, so where a frame lies in a gene the gene's full name is used: then a crash that came as
a span or a log line, and one that the probe saw, are one crash.
"""

from __future__ import annotations

import builtins
import re
from itertools import groupby
from typing import NamedTuple

from codegenesis.genome.ingest.places import Places, Spot, installed
from codegenesis.model import Gene

_FRAME = re.compile(r'^\s*File "([^"\n]{1,500})", line (\d{1,9}), in (\S{1,200})', re.MULTILINE)
_HEAD = "Traceback (most recent call last):"
#: Frames that a fingerprint names, and characters of text that are looked at.
FRAMES, TEXT = 8, 64_000


class Crash(NamedTuple):
    """What a traceback says.

    Attributes:
        gene: the innermost one that it went through; None when it met none.
    """

    fingerprint: str
    gene: Gene | None


def crash(error: str, stack: str, *, places: Places, service: str = "") -> Crash:
    """The crash that a traceback shows.

    Args:
        error: type of the exception, with or without its module.
        stack: as Python prints it; may be empty.
    """
    spots = [spot for spot in frames(stack) if not installed(spot.path)]
    genes = [places.find(spot, service=service) for spot in spots]
    names = [_name(spot, gene) for spot, gene in zip(spots, genes, strict=True)]
    inner = [name for name, _ in groupby(reversed(names))][:FRAMES]
    kind = error_type(error)
    return Crash(
        " < ".join([f"{kind} in {inner[0]}", *inner[1:]]) if inner else kind,
        next((gene for gene in reversed(genes) if gene), None),
    )


def frames(stack: str) -> list[Spot]:
    """Frames of the last traceback in a text (of a chain, the one that was not caught)."""
    last = stack[-TEXT:].rpartition(_HEAD)[2]
    return [Spot(name, path, int(line)) for path, line, name in _FRAME.findall(last)]


def error_type(name: str) -> str:
    """`builtins.KeyError` for `KeyError`; what has a module keeps it."""
    return f"builtins.{name}" if isinstance(getattr(builtins, name, None), type) else name


def _name(spot: Spot, gene: Gene | None) -> str:
    if gene is not None:
        return gene.target
    return f"{spot.path.rpartition('/')[2].removesuffix('.py')}:{spot.function}"
