"""Scripts on every version of Python that is here, with what the agent needs installed beside."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

VERSIONS = ("3.11", "3.12", "3.13")
_SOURCES = Path(__file__).parents[2] / "src"
_NEEDED = ("msgspec", "sqlalchemy", "cryptography")


class Python:
    """One interpreter.

    Attributes:
        version: like `3.12`.
    """

    def __init__(self, version: str, site: Path) -> None:
        self.version = version
        self.program = _program(version)
        self.path = str(_SOURCES)
        if version != _ours():
            _install(self.program, version, site)
            self.path += f":{site}"

    def run(self, script: Path, *arguments: str, seconds: float = 120) -> str:
        """What the script prints; the test fails with what it says when it fails."""
        settings = {"CODEGENESIS_DISABLED": "", "PYTHONPATH": self.path}
        done = subprocess.run(
            [self.program, "-W", "error", str(script), *arguments],
            env={**os.environ, **settings},
            cwd=script.parent,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def _ours() -> str:
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def _program(version: str) -> str:
    """The interpreter itself: the one that runs the tests, one in PATH, or one of pyenv."""
    if version == _ours():
        return sys.executable
    found = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    program = str(found[-1]) if found else shutil.which(f"python{version}")
    if program is None:
        pytest.skip(f"there is no Python {version}")
    return program


def _install(program: str, version: str, site: Path) -> None:
    """From the cache of an earlier install; only CI may reach for the package index."""
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip(f"there is no uv to install packages for Python {version} with")
    pins = [f"{name}=={metadata.version(name)}" for name in _NEEDED]
    command = [uv, "pip", "install", "--python", program, "--target", str(site)]
    offline = () if os.environ.get("CI") else ("--offline",)
    done = subprocess.run([*command, *offline, *pins], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"not in the cache of uv for Python {version}: {done.stderr.strip()[-200:]}")
