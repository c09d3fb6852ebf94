"""What is evolved, and the versions of it."""

from __future__ import annotations

from typing import Literal

from codegenesis.model.record import Record, digest

GeneKind = Literal["function", "method"]

#: Author of what rules and searches write; any other is a model, by its name.
OURS = "codegenesis"


class Gene(Record, frozen=True, kw_only=True):
    """One evolvable unit of code, as it stands in the file.

    Attributes:
        service: name of the application it belongs to.
        module: importable name of the module; `__main__` for a script.
        qualname: name inside the module, `Class.method` for a method, `outer.<locals>.inner` for a
            function inside a function.
        path: absolute path of the file that defines it.
        root: directory to put on `sys.path` so that `module` imports.
        line: first line of the definition (the `def`, not its decorators), from 1.
        source: the `def` statement, dedented, without decorators.
        free: names of the variables of enclosing functions that it uses, in the order of its code.
        decorated: decorators that stay around it, as they are written; empty for none.
        refused: why it is not evolved, in words; empty when it is.
        noted_at_ns: when a process or a command last described it.
    """

    service: str
    module: str
    qualname: str
    kind: GeneKind
    path: str
    root: str
    line: int
    source: str
    free: tuple[str, ...] = ()
    decorated: str = ""
    refused: str = ""
    noted_at_ns: int = 0

    @property
    def target(self) -> str:
        """`module:qualname`, the form in which people name it."""
        return f"{self.module}:{self.qualname}"

    @property
    def id(self) -> str:
        """Identity: service + qualified name; it survives changes of the source."""
        return f"{self.service}/{self.target}"

    @property
    def name(self) -> str:
        """The bare name of the `def`."""
        return self.qualname.rpartition(".")[2]

    @property
    def base(self) -> str:
        """Digest of the source; a release is only valid for the base it was proven against."""
        return digest(self.source)


class Variant(Record, frozen=True, kw_only=True):
    """One version of a gene.

    Attributes:
        gene: `Gene.id`.
        base: `Gene.base` that it was derived from.
        source: a fragment (`codegenesis.fragment`): module-level statements that the function
            needs (imports, constants, helpers), then the `def` itself, decorators allowed.
        parents: ids of the variants it was made from; empty for a child of the original.
        operator: name of the operator that wrote it.
        author: `OURS`, or the model that wrote it.
        hypothesis: why it should be better, in one sentence.
        risk: what could go wrong with it, in one sentence.
        seed: seed of whatever chance was involved.
    """

    gene: str
    base: str
    source: str
    backend: str = "python"
    parents: tuple[str, ...] = ()
    operator: str
    author: str = OURS
    hypothesis: str = ""
    risk: str = ""
    seed: int = 0

    @property
    def id(self) -> str:
        """Digest of content: the same program for the same base is the same variant."""
        return digest(self.gene, self.base, self.backend, self.source)[:16]
