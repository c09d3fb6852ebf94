"""From TARGET to all its functions: one of them, a file, a module, a package, a directory.

Read from the files alone, like `targets.locate`, each file once. What cannot be evolved is listed
with its reason instead of being passed over in silence. Tests, hidden directories, virtual
environments and what a build leaves behind hold no functions that somebody wants evolved; whoever
does names the file.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from codegenesis.errors import TargetError
from codegenesis.lifecycle.targets import (
    LOCALS,
    Definition,
    Found,
    locate,
    place_of,
    read_text,
    roots,
)
from codegenesis.model import Gene, Record
from codegenesis.store import Store

_PASSED_OVER = frozenset({"node_modules", "build", "dist", "site-packages", "tests", "test"})
_PLAIN = "Move the work into a plain function or method and evolve that."


class Unfit(Record, frozen=True, kw_only=True):
    """A function (or a file of them) that cannot be evolved, why, and what to do about it."""

    target: str
    reason: str
    remedy: str = ""


class Survey(Record, frozen=True, kw_only=True):
    """What TARGET names.

    Attributes:
        genes: functions that can be evolved, in the order of the files.
        single: it names one function, so that what goes wrong with it is an error.
    """

    genes: tuple[Gene, ...]
    unfit: tuple[Unfit, ...] = ()
    single: bool = False


def survey(target: str, *, store: Store, service: str, cwd: Path) -> Survey:
    """Find the functions that TARGET names.

    Args:
        store: knows genes under the name of the service that they were recorded in.
        service: for those that it does not know.

    Raises:
        TargetError: nothing is called so, or nothing of it can be read.
        NotEvolvableError: it is one function, of a kind that is not evolved.
    """
    if ":" in target:
        return Survey(genes=(_one(target, store, service, cwd),), single=True)
    try:
        files = list(_files(target, cwd))
    except TargetError:
        if len(store.find_genes(target)) != 1:
            raise
        return Survey(genes=(_one(target, store, service, cwd),), single=True)
    return _of_files(target, files, _Known(store, service))


def _of_files(target: str, files: Iterable[Path], known: _Known) -> Survey:
    genes: list[Gene] = []
    unfit: list[Unfit] = []
    for path in files:
        try:
            found = list(_in_file(path, known))
        except TargetError as error:
            unfit.append(Unfit(target=str(path), reason=str(error), remedy=error.remedy))
            continue
        genes += [each for each in found if isinstance(each, Gene)]
        unfit += [each for each in found if isinstance(each, Unfit)]
    if not genes and not unfit:
        raise TargetError(f"{target} has no functions", remedy="Name a module, file or directory.")
    return Survey(genes=tuple(genes), unfit=tuple(unfit))


def _one(target: str, store: Store, service: str, cwd: Path) -> Gene:
    """The gene as the file has it now; its identity (service) as the store knows it."""
    known = store.find_genes(target)
    if len(known) != 1:
        return locate(target, service=service, cwd=cwd)
    gene = known[0]
    if gene.refused:
        raise TargetError(f"{gene.target} is not evolved: {gene.refused}", remedy=_PLAIN)
    if gene.module == "__main__":
        return gene
    return locate(f"{gene.path}:{gene.qualname}", service=gene.service, cwd=Path(gene.root))


class _Known:
    """Genes of the store, by where they are defined."""

    def __init__(self, store: Store, service: str) -> None:
        self._service = service
        self._genes: dict[tuple[str, str], list[Gene]] = {}
        for gene in store.genes():
            self._genes.setdefault((gene.path, gene.qualname), []).append(gene)

    def at(self, path: Path, qualname: str) -> Gene | None:
        """The one gene there; of several services, that of the own."""
        found = self._genes.get((str(path), qualname), [])
        own = [gene for gene in found if gene.service == self._service]
        return (own or found)[0] if len(own or found) == 1 else None

    def service(self, path: Path, qualname: str) -> str:
        """What the gene there belongs to."""
        known = self.at(path, qualname)
        return known.service if known else self._service


def _files(target: str, cwd: Path) -> Iterator[Path]:
    place = (cwd / target).resolve()
    if place.is_dir():
        yield from _below(place)
    elif target.endswith(".py"):
        yield place_of(target, cwd)[0]
    elif folder := next((f for f in _packages(target, cwd) if f.is_dir()), None):
        yield from _below(folder)
    else:
        yield place_of(target, cwd)[0]


def _packages(target: str, cwd: Path) -> Iterator[Path]:
    if all(part.isidentifier() for part in target.split(".")):
        yield from (root.joinpath(*target.split(".")) for root in roots(cwd))


def _below(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if _is_of_interest(Path(place, name)))
        for name in sorted(files):
            if name.endswith(".py") and not _is_test(name) and not name.startswith("."):
                yield Path(place, name)


def _is_of_interest(folder: Path) -> bool:
    odd = folder.name.startswith((".", "__pycache__")) or folder.name in _PASSED_OVER
    return not odd and not (folder / "pyvenv.cfg").exists()


def _is_test(name: str) -> bool:
    return (
        name.startswith("test_") or name.endswith("_test.py") or name in ("conftest.py", "setup.py")
    )


def _in_file(path: Path, known: _Known) -> Iterator[Gene | Unfit]:
    path, module, root = place_of(str(path), path.parent)
    file = Found(read_text(path), path=path, module=module, root=root)
    for qualname in file.names:
        recorded = known.at(path, qualname)
        if LOCALS in qualname and recorded is None:
            continue  # a part of the function around it, unless it was seen to matter by itself
        unwritten = _unwritten(file.node(qualname))
        reason = file.why_not(qualname) or unwritten or (recorded.refused if recorded else "")
        if reason:
            yield Unfit(target=f"{module}:{qualname}", reason=reason, remedy=_remedy(reason))
            continue
        gene = file.gene(qualname, service=known.service(path, qualname))
        yield msgspec.structs.replace(gene, module=recorded.module if recorded else module)


_NO_BODY = "it has no body yet"


def _unwritten(node: Definition) -> str:
    """Stubs: `...`, `pass`, `raise NotImplementedError`, after a docstring or not."""
    left = [each for each in node.body if not _is_word(each)]
    if not left or (len(left) == 1 and _raises_not_implemented(left[0])):
        return _NO_BODY
    return ""


def _is_word(statement: ast.stmt) -> bool:
    constant = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return constant or isinstance(statement, ast.Pass)


def _raises_not_implemented(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Raise) or statement.exc is None:
        return False
    raised = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"


def _remedy(reason: str) -> str:
    if reason == _NO_BODY:
        return "codegenesis synthesise writes one from examples or tests."
    return _PLAIN
