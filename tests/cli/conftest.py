"""A small project with a weak and a healthy function, and a way to run commands in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from codegenesis.cli.main import main

MODULE = '''\
"""Names of guests."""


def repeated(names):
    """Names that occur more than once."""
    seen = []
    again = []
    for name in names:
        if name in seen:
            if name not in again:
                again.append(name)
        else:
            seen.append(name)
    return again


def first_word(line):
    """Up to the first blank."""
    return line.split(" ")[0]
'''


class Run:
    """What a command came to."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def document(self):
        """Standard output as the one JSON document that it must be."""
        return json.loads(self.out)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with `guests.py`, `calls.jsonl` (for `repeated`) and `lines.jsonl`."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "party"\nversion = "1"\n')
    (tmp_path / "guests.py").write_text(MODULE)
    calls = [{"args": [[f"guest {i * k % 397}" for i in range(300)]]} for k in range(1, 31)]
    (tmp_path / "calls.jsonl").write_text("\n".join(map(json.dumps, calls)))
    lines = [{"args": [f"line {k} of many"]} for k in range(40)]
    (tmp_path / "lines.jsonl").write_text("\n".join(map(json.dumps, lines)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(project: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    """Run a command of the project; what it printed and its exit code."""

    def command(*arguments: str) -> Run:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        said = capsys.readouterr()
        return Run(int(ended.value.code or 0), said.out, said.err)

    return command
