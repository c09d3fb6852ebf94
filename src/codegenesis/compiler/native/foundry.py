"""From the source of a build to an artifact: compiled in the workshop, named by its digest.

The tool that runs there is a few lines of Python: Cython (or mypyc) writes C, `cc` compiles it.
Calls that only record a traceback are dropped from Cython's C before: nobody sees those frames,
because the Python body runs again and raises the real exception, and small functions only become
inlinable without them. No `-ffast-math` of any kind: sums keep their order, and `pow` stays the
function that Python calls.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from codegenesis.compiler.native.program import UnsuitableError
from codegenesis.model import Record
from codegenesis.native import abi
from codegenesis.sandbox import Work, WorkLimits

_LIMITS = WorkLimits(cpu_s=240, wall_s=480, memory_bytes=4 << 30)
_MOST_BYTES = 32 << 20
_WORDS = 300

_CYTHON = """\
import re, subprocess, sys, sysconfig
name = sys.argv[1]
done = subprocess.run([sys.executable, "-m", "cython", "-3", name + ".pyx"], capture_output=True)
if done.returncode:
    sys.exit(done.stderr.decode()[-4000:])
with open(name + ".c") as file:
    text = file.read()
text = re.sub(r'^\\s*__Pyx_AddTraceback\\("[^;]*\\);\\n', "", text, flags=re.M)
with open(name + ".c", "w") as file:
    file.write(text)
include = sysconfig.get_paths()["include"]
command = ["cc", "-O2", "-shared", "-fPIC", "-fwrapv", "-ffp-contract=off", "-w"]
# What Python calls at run time must be called at run time, not folded more exactly by the compiler.
for function in "pow sin cos tan asin acos atan atan2 exp log log2 log10 fmod".split():
    command.append("-fno-builtin-" + function)
command += ["-DCYTHON_INLINE=inline __attribute__((always_inline))", "-g0", "-s", "-I" + include]
done = subprocess.run([*command, name + ".c", "-o", name + ".so"], capture_output=True)
if done.returncode:
    sys.exit(done.stderr.decode()[-4000:])
"""
_MYPYC = """\
import glob, os, subprocess, sys
name = sys.argv[1]
os.environ["MYPYC_OPT_LEVEL"] = "3"
done = subprocess.run([sys.executable, "-m", "mypyc", name + ".py"], capture_output=True)
if done.returncode:
    sys.exit((done.stdout + done.stderr).decode()[-4000:])
os.rename(glob.glob(name + ".*.so")[0], name + ".so")
"""


class Tools(Protocol):
    """What of `codegenesis.sandbox.Workshop` is needed."""

    def run(
        self,
        argv: list[str],
        *,
        files: Mapping[str, bytes] | None = None,
        keep: list[str] = ...,
        limits: WorkLimits | None = None,
    ) -> Work:
        """See `Workshop.run`."""


class Artifact(Record, frozen=True, kw_only=True):
    """One compiled module.

    Attributes:
        digest: SHA-256 of the file, which is its name.
        module: the name that it was built under.
    """

    digest: str
    module: str


def cast(text: str, *, backend: str, python: str, artifacts: Path, workshop: Tools) -> Artifact:
    """Compile one module and put it among the artifacts.

    Args:
        text: Cython source or annotated Python.
        python: interpreter that has the compiler.

    Raises:
        UnsuitableError: it does not compile; says what the compiler said.
    """
    module = f"cg_{hashlib.sha256(text.encode()).hexdigest()[:12]}_{abi()}"
    suffix, tool = ("pyx", _CYTHON) if backend == "cython" else ("py", _MYPYC)
    work = workshop.run(
        [python, "tool.py", module],
        files={"tool.py": tool.encode(), f"{module}.{suffix}": text.encode()},
        keep=[f"{module}.so"],
        limits=_LIMITS,
    )
    data = work.files.get(f"{module}.so", b"")
    if not data or len(data) > _MOST_BYTES:
        raise UnsuitableError(f"it does not compile: {_said(work)}")
    return Artifact(digest=_put(artifacts, data), module=module)


def _said(work: Work) -> str:
    """The first complaint of the compiler, or why it was ended."""
    if work.died:
        return work.died
    lines = [line.strip() for line in work.stderr.decode(errors="replace").splitlines()]
    telling = [line for line in lines if "rror" in line] or lines[-1:] or ["it says nothing"]
    return "".join(c for c in "; ".join(telling[:3])[:_WORDS] if c.isprintable())


def _put(artifacts: Path, data: bytes) -> str:
    """Whole or not at all, readable for everybody, writable for nobody."""
    digest = hashlib.sha256(data).hexdigest()
    artifacts.mkdir(parents=True, exist_ok=True)
    path = artifacts / f"{digest}.so"
    beside = artifacts / f".{digest[:16]}.{os.getpid()}"
    beside.write_bytes(data)
    beside.chmod(0o444)
    beside.replace(path)
    return digest
