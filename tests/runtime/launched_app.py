"""Programs of their own, launched the way `codegenesis run` does."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codegenesis.config import load
from codegenesis.model import Gene
from codegenesis.runtime import launch_environment

if TYPE_CHECKING:
    from conftest import House

Until = Callable[..., None]

NEW = "def which(x):\n    return 'new'"


class App:
    """A program in a directory of its own, launched the way `codegenesis run` does."""

    python = sys.executable

    def __init__(self, house: House, directory: Path, until: Until) -> None:
        self.house = house
        self.directory = directory
        self.until = until
        self.started: list[subprocess.Popen[str]] = []

    def write(self, name: str, source: str) -> Path:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source))
        return path

    def environment(self, **extra: str) -> dict[str, str]:
        overrides = {"service": "shop", "directory": self.house.config.directory, "poll_s": 0.05}
        config = load(overrides=overrides, environ={}, start=self.directory)
        environ = {k: v for k, v in os.environ.items() if not k.startswith("CODEGENESIS_")}
        return launch_environment(config, {**environ, **extra}, start=self.directory)

    def start(self, *command: str, **extra: str) -> subprocess.Popen[str]:
        return self.run(command, self.environment(**extra))

    def run(self, command: Sequence[str], environ: dict[str, str]) -> subprocess.Popen[str]:
        return self.spawn([self.python, *command], environ)

    def spawn(self, command: Sequence[str], environ: dict[str, str]) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            command, cwd=self.directory, env=environ, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        self.started.append(process)
        return process

    def end(self) -> None:
        for process in self.started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # a session of its own, children included
            process.communicate(timeout=10)

    def gene(self, target: str) -> Gene:
        """Waits until a process has described it."""
        self.until(lambda: self.house.store.find_genes(target), what=target, seconds=40)
        return self.house.store.find_genes(target)[0]

    def swap(self, target: str) -> Any:
        gene: Any = self.gene(target)
        return self.house.release(gene, NEW)

    def finish(self, process: subprocess.Popen[str]) -> list[list[str]]:
        out, err = process.communicate(timeout=60)
        assert err == ""
        assert process.returncode == 0
        return [line.split() for line in out.splitlines()]
