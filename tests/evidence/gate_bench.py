"""One small project per test, written to disk, with its genes and what was recorded of them."""

from __future__ import annotations

import importlib.util
import sys
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from codegenesis import fragment
from codegenesis.evidence import Case
from codegenesis.model import Gene, Variant
from codegenesis.sandbox import Environment, Limits, Sandbox
from codegenesis.wire import encode_call


class Project:
    """A directory with a module, and a sandbox around it."""

    def __init__(self, directory: Path, module: str, sandbox: Sandbox) -> None:
        self.directory, self.module, self.sandbox = directory, module, sandbox
        self.path = directory / f"{module}.py"

    def gene(self, qualname: str) -> Gene:
        found = fragment.find(self.path.read_text(), qualname)
        return Gene(
            service="test",
            module=self.module,
            qualname=qualname,
            kind="method" if "." in qualname else "function",
            path=str(self.path),
            root=str(self.directory),
            line=found.line,
            source=found.source,
        )

    def case(self, qualname: str, *calls: tuple, **options) -> Case:
        """The case of a gene that was called with these arguments, and answers as in the jail."""
        encoded = [encode_call(args, {}) for args in calls]
        with self.sandbox.candidate(qualname, None) as original:
            expected = [original.call(call) for call in encoded]
        return Case(
            gene=self.gene(qualname),
            executor=self.sandbox,
            calls=tuple(encoded),
            expected=tuple(expected),
            **{"fresh": 100, "seed": 7, **options},
        )

    def variant(self, qualname: str, source: str) -> Variant:
        gene = self.gene(qualname)
        source = textwrap.dedent(source).lstrip("\n")
        return Variant(gene=gene.id, base=gene.base, source=source, operator="test")

    def load(self):
        """The module, in this process."""
        spec = importlib.util.spec_from_file_location(self.module, self.path)
        loaded = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = loaded
        spec.loader.exec_module(loaded)
        return loaded


@contextmanager
def project(directory: Path, module: str, files: Mapping[str, str]) -> Iterator[Project]:
    """Write the files and open a sandbox around `module`."""
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))
    environment = Environment(
        root=str(directory), module=module, path=str(directory / f"{module}.py")
    )
    with Sandbox(environment, limits=Limits(cpu_s=0.5, wall_s=5.0)) as sandbox:
        yield Project(directory, module, sandbox)
