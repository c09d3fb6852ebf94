"""What a program may see besides installed packages: the modules beside it that it imports.

Not the directory that it came from: the evaluator, and the answers that it expects, are often in
the same one. So the files of local modules that the *original* program imports, and those that they
import, are copied to a directory of their own; whichever the program imports is loaded once, in the
zygote.
"""

from __future__ import annotations

import ast
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from codegenesis.parsing import syntax_tree
from codegenesis.scenarios.discover.problem import Problem

#: Loads what the program is going to import; whatever fails will fail again in the program.
PRELOAD = "codegenesis_preload"
_MOST_FILES = 200


def lay_out(problem: Problem, root: Path) -> None:
    """Fill the directory that programs are imported from."""
    for place in local_modules(problem).values():
        target = root / place.name
        if place.is_dir():
            ignored = shutil.ignore_patterns(".*", "__pycache__")
            shutil.copytree(place, target, ignore=ignored, dirs_exist_ok=True)
        else:
            shutil.copy(place, target)
    lines = ["import contextlib"]
    for name in imported(problem.program):
        lines.append(f"with contextlib.suppress(Exception):\n    import {name}")
    (root / f"{PRELOAD}.py").write_text("\n".join(lines) + "\n", encoding="utf-8")


def local_modules(problem: Problem) -> dict[str, Path]:
    """Modules beside the program that it needs, by name: files and packages."""
    home = Path(problem.path).parent
    evaluator = Path(problem.evaluator).resolve() if problem.evaluator else None
    found: dict[str, Path] = {}
    waiting = [problem.program]
    while waiting and len(found) < _MOST_FILES:
        for name in imported(waiting.pop()):
            top = name.partition(".")[0]
            place = _beside(home, top)
            if top in found or place is None or place.resolve() == evaluator:
                continue
            found[top] = place
            waiting += _texts(place)
    return found


def shared_names(problem: Problem) -> tuple[str, ...]:
    """Modules that evaluator and program may both import: members of their enums travel."""
    return tuple(sorted(local_modules(problem)))


def imported(source: str) -> tuple[str, ...]:
    """Names of the modules that a source imports at any place, in order."""
    try:
        tree = syntax_tree(source)
    except (SyntaxError, ValueError, RecursionError):
        return ()
    return tuple(dict.fromkeys(_names(tree)))


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def _beside(home: Path, name: str) -> Path | None:
    if name in sys.stdlib_module_names:
        return None
    for place in (home / f"{name}.py", home / name):
        if place.is_file() or (place / "__init__.py").is_file():
            return place
    return None


def _texts(place: Path) -> Iterator[str]:
    for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
        with suppress(OSError, UnicodeDecodeError):
            yield path.read_text(encoding="utf-8")
