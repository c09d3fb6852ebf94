"""Lay a new `def` out as the project lays out its own code, with ruff's formatter."""

from __future__ import annotations

import ast
import subprocess
import sys

from codegenesis.parsing import syntax_tree

_TIMEOUT_S = 20.0


def laid_out(source: str, *, path: str) -> str:
    """The same program, formatted by the settings that hold for the file at `path`.

    Layout never fails: where ruff cannot do it the text stays as it is.
    """
    command = [*_ruff(), "format", "--no-cache", "--stdin-filename", path or "filled.py", "-"]
    try:
        done = subprocess.run(
            command, input=source.encode(), capture_output=True, timeout=_TIMEOUT_S, check=False
        )
        text = done.stdout.decode()
        same = ast.dump(syntax_tree(text)) == ast.dump(syntax_tree(source))
    except (OSError, subprocess.TimeoutExpired, SyntaxError, ValueError):
        return source
    return text if done.returncode == 0 and same else source


def _ruff() -> list[str]:
    try:
        from ruff import find_ruff_bin  # type: ignore[import-untyped]

        return [find_ruff_bin()]
    except (ImportError, FileNotFoundError):
        return [sys.executable, "-m", "ruff"]
