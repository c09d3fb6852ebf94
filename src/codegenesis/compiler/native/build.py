"""From a function and its recorded calls to variants that are compiled.

What is not installed is told in words and the rest works; a build that does not come about says
why. Whether what comes about is right and faster is for the gates and the race, as with any
variant.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from codegenesis.compiler.native import cython_backend, mypyc_backend, numba_backend
from codegenesis.compiler.native.foundry import Tools, cast
from codegenesis.compiler.native.guard import guarded
from codegenesis.compiler.native.normal import normal_form
from codegenesis.compiler.native.observe import Observed, observe
from codegenesis.compiler.native.program import ENTRY, Program, UnsuitableError, program_of
from codegenesis.compiler.native.types import T
from codegenesis.errors import SandboxError, SandboxImportError
from codegenesis.model import Gene, Record, Variant
from codegenesis.sandbox import Environment, Executor, Limits, Sandbox

#: In the order in which they are worth a try.
BACKENDS = ("cython", "numba", "mypyc")

_INSTALL = "pip install 'codegenesis[native]'"
_PACKAGES = {
    "cython": ("Cython",), "mypyc": ("mypyc", "setuptools"), "numba": ("numba",),
}  # fmt: skip
_RISK = {
    "cython": "compiled code cannot be interrupted or stepped through, and holds the interpreter "
    "while it runs",
    "mypyc": "compiled code cannot be stepped through, and its frames show no lines",
    "numba": "it is compiled when a process loads it, which takes a second and needs numba there",
}
_OBSERVING = Limits(cpu_s=20.0, wall_s=40.0, setup_s=5.0)


class Built(Record, frozen=True, kw_only=True):
    """What came of the backends.

    Attributes:
        missing: what is not installed, with how to install it.
        failed: backends that could not compile this function, with why.
    """

    variants: tuple[Variant, ...] = ()
    missing: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


def build_variants(
    gene: Gene,
    calls: Sequence[bytes],
    *,
    artifacts: Path,
    workshop: Tools,
    source: str | None = None,
    backends: Sequence[str] = BACKENDS,
    executor: Executor | None = None,
) -> Built:
    """Compile a function with each of the backends.

    Args:
        calls: recorded calls; types are observed on some of them.
        artifacts: directory that compiled modules are put into, by digest.
        source: fragment to compile; the function as it stands when None.
        executor: sandbox to observe types in; one of its own when None.

    Raises:
        SandboxUnavailableError: this machine cannot isolate code.
    """
    missing = {name: words for name in backends if (words := missing_for(name))}
    present = [name for name in backends if name not in missing]
    told = tuple(missing.values())
    if not present:
        return Built(missing=told)
    text = gene.source if source is None else source
    try:
        program = normal_form(program_of(gene, text))
        observed = _observed(gene, program, calls, executor)
    except (UnsuitableError, SandboxImportError, RecursionError) as error:
        return Built(missing=told, failed=tuple(f"{name}: {error}" for name in present))
    job = _Job(gene, text, program, observed, Path(artifacts), workshop)
    variants, failed = list[Variant](), list[str]()
    for name in present:
        try:
            variants.append(job.variant(name))
        except (UnsuitableError, SandboxError, RecursionError) as error:
            failed.append(f"{name}: {error}")
    return Built(variants=tuple(variants), missing=told, failed=tuple(failed))


def missing_for(backend: str) -> str:
    """What a backend lacks here, with how to get it; empty when it lacks nothing."""
    absent = [each for each in _PACKAGES[backend] if importlib.util.find_spec(each) is None]
    if absent:
        return f"the backend {backend} needs {', '.join(absent)}: {_INSTALL}"
    if backend != "numba" and shutil.which("cc") is None:
        return f"the backend {backend} needs a C compiler: apt install gcc (or your system's)"
    return ""


def _observed(
    gene: Gene, program: Program, calls: Sequence[bytes], executor: Executor | None
) -> Observed:
    if executor is not None:
        return observe(gene, program, calls, executor)
    with Sandbox(Environment.for_gene(gene), limits=_OBSERVING) as own:
        return observe(gene, program, calls, own)


class _Job:
    """One function on its way through the backends."""

    def __init__(  # noqa: PLR0917 (private, made in one place)
        self,
        gene: Gene,
        source: str,
        program: Program,
        observed: Observed,
        artifacts: Path,
        workshop: Tools,
    ) -> None:
        self._gene, self._source = gene, source
        self._program, self._observed = program, observed
        self._artifacts, self._workshop = artifacts, workshop

    def variant(self, backend: str) -> Variant:
        """Compile with one backend; raises UnsuitableError."""
        make: Callable[[], str] = {
            "cython": self._cython, "mypyc": self._mypyc, "numba": self._numba,
        }[backend]  # fmt: skip
        fragment = make()
        return Variant(
            gene=self._gene.id,
            base=self._gene.base,
            source=fragment,
            backend=backend,
            operator=f"native_{backend}",
            hypothesis=f"{_spelled(backend)} compiles it with the types seen in recorded calls "
            f"({self._types()}), and runs the Python body for anything else",
            risk=_RISK[backend],
        )

    def _parameters(self) -> list[tuple[str, T]]:
        typing = self._observed.typing
        return [(name, typing.at(f"{ENTRY}:{name}")) for name in self._program.parameters]

    def _types(self) -> str:
        pairs = [f"{name}: {_shown(t)}" for name, t in self._parameters()]
        return ", ".join(pairs) or "no parameters"

    def _cython(self) -> str:
        return self._cast("cython", cython_backend.cython_source(self._program, self._observed))

    def _mypyc(self) -> str:
        return self._cast("mypyc", mypyc_backend.mypyc_source(self._program, self._observed))

    def _cast(self, backend: str, text: str) -> str:
        made = cast(
            text,
            backend=backend,
            python=sys.executable,
            artifacts=self._artifacts,
            workshop=self._workshop,
        )
        how = ".bind({body})" if backend == "cython" else f".{ENTRY}"
        setup = f"_native = _load({made.digest!r}, {made.module!r}){how}"
        return guarded(self._gene, self._source, setup=setup, types=self._parameters())

    def _numba(self) -> str:
        made = numba_backend.numba_fragment(self._program, self._observed)
        return guarded(
            self._gene, self._source, setup=made.setup, types=self._parameters(), call=made.call
        )


def _spelled(backend: str) -> str:
    return {"cython": "Cython", "mypyc": "mypyc", "numba": "numba"}[backend]


def _shown(t: T) -> str:
    if t.kind == "vec":
        return {"l": "list of int", "d": "list of float", "n": "list of numbers"}[t.of[0]]
    return {"num": "int or float", "row": "tuple", "struct": "instance"}.get(t.kind, t.kind)
