"""Format what was changed, and only that, the way the project formats.

ruff does it, with the project's own settings, found from the
file's place; `--range` keeps it off lines that were not touched. When ruff cannot, the code stays
as the operators wrote it: layout is no reason to lose a champion.
"""

from __future__ import annotations

import ast
import difflib
import subprocess
import sys
from pathlib import Path

from codegenesis.model import Gene

_TIMEOUT_S = 10


def laid_out(gene: Gene, fragment: str) -> str:
    """The fragment with its changed lines formatted; the same program."""
    text = fragment
    for start, end in reversed(_changed(gene.source, fragment)):
        text = _formatted(text, start, end, gene.path)
    return text if _same_program(text, fragment) else fragment


def _changed(before: str, after: str) -> list[tuple[int, int]]:
    """Line ranges (from 1, both ends included) of `after` that are not in `before`."""
    matcher = difflib.SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False)
    return [(k + 1, m) for tag, _, _, k, m in matcher.get_opcodes() if tag != "equal" and m > k]


def _formatted(text: str, start: int, end: int, path: str) -> str:
    command = [sys.executable, "-m", "ruff", "format", f"--range={start}-{end + 1}"]
    try:
        done = subprocess.run(
            [*command, "--no-cache", "--stdin-filename", path, "-"],
            input=text,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=True,
            cwd=Path(path).parent,
        )
    except (OSError, subprocess.SubprocessError):
        return text
    return done.stdout


def _same_program(left: str, right: str) -> bool:
    return ast.dump(ast.parse(left)) == ast.dump(ast.parse(right))
