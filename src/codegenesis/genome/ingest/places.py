"""Which gene a place in code is, as telemetry and tracebacks name places.

Conventions changed over the years, and all of them are out there: `code.function.name` is
`shop.pricing.quote`; before, `code.namespace` and `code.function` shared it, and many libraries put
the bare name into either. Files are absolute paths of the machine that sent them, perhaps of a
container, so they are compared from the end: `/app/shop/pricing.py` is the file whose path below
its root on `sys.path` is `shop/pricing.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import PurePath, PurePosixPath
from typing import NamedTuple

from codegenesis.model import Gene

#: Components of a path that are compared, at most.
_DEPTH = 8
_INSTALLED = ("/site-packages/", "/dist-packages/", "/lib/python3", "<frozen")


class Spot(NamedTuple):
    """A place in code as somebody named it; what was not said is empty.

    Attributes:
        function: dotted or bare name.
        line: from 1; 0 when not said.
    """

    function: str = ""
    path: str = ""
    line: int = 0


class Places:
    """Finds genes by name, or by file and line.

    Args:
        genes: all that can be found, of any service.
    """

    def __init__(self, genes: Iterable[Gene] = ()) -> None:
        self._by_name: dict[str, list[Gene]] = defaultdict(list)
        self._by_file: dict[str, list[Gene]] = defaultdict(list)
        for gene in genes:
            self._by_name[_dotted(gene)].append(gene)
            self._by_file[_relative(gene)].append(gene)

    def find(self, spot: Spot, *, service: str = "") -> Gene | None:
        """The gene at a spot, of this service if there is one; None when nothing is known there."""
        named = self._by_name.get(spot.function.replace(":", "."), ())
        if named:
            return _of_service(named, service)
        if not spot.path:
            return None
        inside = [gene for gene in self._in_file(spot.path) if _fits(gene, spot)]
        if not inside:
            return None
        innermost = max(gene.line for gene in inside)
        return _of_service([gene for gene in inside if gene.line == innermost], service)

    def _in_file(self, path: str) -> Sequence[Gene]:
        parts = PurePosixPath(path.replace("\\", "/")).parts[-_DEPTH:]
        for first in range(len(parts)):
            found = self._by_file.get("/".join(parts[first:]))
            if found:
                return found
        return ()


def installed(path: str) -> bool:
    """Is this a file of the standard library or of an installed package, going by its path?"""
    return any(sign in path for sign in _INSTALLED)


def _dotted(gene: Gene) -> str:
    module = PurePath(gene.path).stem if gene.module == "__main__" else gene.module
    return f"{module}.{gene.qualname}"


def _relative(gene: Gene) -> str:
    path, root = PurePath(gene.path), PurePath(gene.root)
    inside = path.relative_to(root) if path.is_relative_to(root) else PurePath(path.name)
    return inside.as_posix()


def _fits(gene: Gene, spot: Spot) -> bool:
    bare = spot.function.rpartition(".")[2]
    if not spot.line:
        return gene.name == bare
    last = gene.line + gene.source.count("\n")
    return gene.line <= spot.line <= last and (
        not bare or bare.startswith("<") or _same(gene, bare)
    )


def _same(gene: Gene, bare: str) -> bool:
    """A line inside of `outer` may be one of a nested function that is no gene itself."""
    return gene.name == bare or f"def {bare}(" in gene.source


def _of_service(genes: Sequence[Gene], service: str) -> Gene:
    return next((gene for gene in genes if gene.service == service), genes[0])
