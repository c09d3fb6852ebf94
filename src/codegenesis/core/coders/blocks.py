"""Where in an answer the code may be: in fences, around fences, or without any.

Models put prose around code, forget a fence, open two, write fences inside docstrings and are cut
off in the middle. So an answer has several readings, the likeliest first, and whoever asks takes
the first one that holds what is looked for. Nothing here is run; the work is bounded whatever the
text is like.
"""

from __future__ import annotations

import itertools
import re
import textwrap
from collections.abc import Iterator

#: Of an answer, the rest is not looked at: characters, lines and readings.
_MOST_TEXT, _MOST_LINES, _MOST_READINGS = 200_000, 5000, 24

_OPEN = re.compile(r"^(?:.*[:.\s])?(`{3,}|~{3,})[ \t]*[\w+.-]*[ \t]*$")
_CODE = re.compile(r"^[ \t]*(?:async def |def |class |import |from \w|@\w|[A-Za-z_]\w* = )")


def readings(answer: str) -> Iterator[str]:
    """Texts that may be the code of an answer, dedented, each once."""
    text = answer[:_MOST_TEXT].replace("\r\n", "\n").replace("\r", "\n")
    seen: set[str] = set()
    for found in itertools.islice(_all(text), _MOST_READINGS):
        dedented = textwrap.dedent(found).strip("\n")
        if dedented.strip() and dedented not in seen:
            seen.add(dedented)
            yield f"{dedented}\n"


def uncut(answer: str) -> str:
    """An answer that reached its limit, without the statement in which it did.

    A function that ends too early may well parse, and is never what was meant.
    """
    lines = answer[:_MOST_TEXT].rstrip().split("\n")
    start, fence = 0, ""
    for number, line in enumerate(lines):
        if fence and _closes(line, fence):
            fence = ""
        elif not fence and (opened := _OPEN.match(line)):
            start, fence = number + 1, opened.group(1)
    if start and not fence:
        return answer
    inside = textwrap.dedent("\n".join(lines[start:])).split("\n")
    tops = [n for n, line in enumerate(inside) if line[:1].strip() and line[0] not in ")]}"]
    return "\n".join(lines[: start + (tops[-1] if tops else 0)])


def prose(answer: str) -> str:
    """What stands outside of the blocks: the model's own words."""
    lines = answer[:_MOST_TEXT].split("\n")[:_MOST_LINES]
    outside, inside = list[str](), ""
    for line in lines:
        if inside:
            inside = "" if _closes(line, inside) else inside
        elif opened := _OPEN.match(line):
            outside.append(line[: opened.start(1)])
            inside = opened.group(1)
        elif _CODE.match(line):
            break
        else:
            outside.append(line)
    return " ".join(" ".join(outside).split())


def _all(text: str) -> Iterator[str]:
    lines = text.split("\n")[:_MOST_LINES]
    blocks = list(_blocks(lines))
    yield from blocks
    yield from _longer(lines)
    if len(blocks) > 1:
        yield "\n\n\n".join(textwrap.dedent(block) for block in blocks)
    yield from _bare(lines)
    loose = [part for line in lines for part in _unglued(line)]
    if len(loose) > len(lines):
        yield from _blocks(loose)


def _blocks(lines: list[str]) -> Iterator[str]:
    """Fenced blocks, each to the nearest fence that closes it, or to the end."""
    start, fence = 0, ""
    for number, line in enumerate(lines):
        if fence and _closes(line, fence):
            yield "\n".join(lines[start:number])
            fence = ""
        elif not fence and (opened := _OPEN.match(line)):
            start, fence = number + 1, opened.group(1)
    if fence:
        yield "\n".join(lines[start:])


def _longer(lines: list[str]) -> Iterator[str]:
    """From the first fence to later ones: fences inside the code itself (in a docstring)."""
    first = next(
        ((n, m.group(1)) for n, line in enumerate(lines) if (m := _OPEN.match(line))), None
    )
    if first is not None:
        start, fence = first
        ends = [n for n in range(start + 1, len(lines)) if _closes(lines[n], fence)]
        for end in ends[1:8]:
            yield "\n".join(lines[start + 1 : end])


def _bare(lines: list[str]) -> Iterator[str]:
    """From lines that look like code to the end, fences left out."""
    plain = [line for line in lines if not _OPEN.match(line)]
    starts = [n for n, line in enumerate(plain) if _CODE.match(line)]
    for start in starts[:4]:
        yield "\n".join(plain[start:])


def _unglued(line: str) -> list[str]:
    """A line of code and the fence at its end."""
    bare = line.rstrip()
    code = bare.rstrip("`")
    if len(bare) - len(code) < 3 or not code.strip():
        return [line]
    return [code, bare[len(code) :]]


def _closes(line: str, fence: str) -> bool:
    bare = line.strip()
    return len(bare) >= len(fence) and not bare.strip(fence[0])
