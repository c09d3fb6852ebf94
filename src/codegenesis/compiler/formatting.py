"""Lay out what was changed, and nothing else, as the project lays out its own code.

ruff formats a range of lines, finds the project's settings by itself, and is a dependency
anyway. A project that has no settings for ruff keeps its quotes and its tabs; its line length is
read from black's settings. When ruff cannot do it the text stays as it is: layout never fails a
variant.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from codegenesis.parsing import syntax_tree

_TIMEOUT_S = 20.0
_DEFAULT_LENGTH = 88


def format_lines(text: str, first: int, last: int, *, path: str) -> str:
    """Format lines `first` to `last` (from 1, both included) of a module's text.

    Args:
        path: where the file is, for the project's settings.

    Returns:
        The text; unchanged when it cannot be formatted or would mean something else.
    """
    width = len(text.splitlines()[last - 1]) + 1 if last <= len(text.splitlines()) else 1
    command = [*_ruff(), "format", "--no-cache", f"--range={first}:1-{last}:{width}"]
    command += [*_settings(Path(path), text), "--stdin-filename", path, "-"]
    try:
        done = subprocess.run(
            command, input=text.encode(), capture_output=True, timeout=_TIMEOUT_S, check=False
        )
        formatted = done.stdout.decode()
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return text
    return formatted if done.returncode == 0 and _same_program(text, formatted) else text


def format_fragment(source: str, *, path: str) -> str:
    """Format a whole fragment as the file at `path` would be."""
    return format_lines(source, 1, max(1, len(source.splitlines())), path=path)


def _ruff() -> list[str]:
    """The binary of the package, which may be installed where `python -m ruff` does not look."""
    try:
        from ruff import find_ruff_bin  # type: ignore[import-untyped]

        return [find_ruff_bin()]
    except (ImportError, FileNotFoundError):
        return [sys.executable, "-m", "ruff"]


def _settings(path: Path, text: str) -> list[str]:
    """Nothing when the project configures ruff, else what can be told from its code."""
    length = _DEFAULT_LENGTH
    for folder in path.parents:
        if (folder / "ruff.toml").is_file() or (folder / ".ruff.toml").is_file():
            return []
        tools = _tools(folder / "pyproject.toml")
        if "ruff" in tools:
            return []
        if "black" in tools:
            length = _whole(tools["black"].get("line-length"), _DEFAULT_LENGTH)
            break
    options = [f"line-length={length}", 'format.quote-style="preserve"']
    if any(line.startswith("\t") for line in text.splitlines()):
        options.append('format.indent-style="tab"')
    return [part for option in options for part in ("--config", option)]


def _tools(path: Path) -> Mapping[str, Any]:
    try:
        tools = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {})
    except (OSError, ValueError):
        return {}
    return tools if isinstance(tools, dict) else {}


def _whole(value: object, default: int) -> int:
    return value if isinstance(value, int) else default


def _same_program(before: str, after: str) -> bool:
    try:
        return ast.dump(syntax_tree(before)) == ast.dump(syntax_tree(after))
    except (SyntaxError, ValueError):
        return False
