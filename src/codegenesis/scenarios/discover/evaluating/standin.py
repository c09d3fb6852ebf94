"""The file that an evaluator finds at `program_path`: code of ours, and the program as comments.

The text is there for evaluators that look at it (its length, words that are forbidden). None of it
is code there: the program's own code never runs in the evaluator's jail, whatever it contains.
"""

from __future__ import annotations

from pathlib import Path

import codegenesis

OURS = str(Path(codegenesis.__file__).parents[1])
#: How such a file begins.
FIRST = (
    '"""Stands in for a program that runs in a jail of its own; its text follows as comments."""'
)
_HEAD = """\
{first}

import sys

if {ours!r} not in sys.path:
    sys.path.append({ours!r})
from codegenesis.hosted.evaluating.distance import stand_in

stand_in(globals(), {token}, {shared!r})

"""


def text(program: str, *, token: int, shared: tuple[str, ...]) -> str:
    """Such a file for one program.

    Args:
        token: by which the engine knows the evaluation that it is for.
        shared: modules that both sides import.
    """
    head = _HEAD.format(first=FIRST, ours=OURS, token=token, shared=shared)
    clean = program.replace("\0", " ").encode("utf-8", "backslashreplace").decode()
    return head + "".join(f"# {line}\n" for line in clean.splitlines())
