"""From a variant as an operator wrote it to the one text that is tested, signed and run.

A backend turns a variant into what processes can load. `python` has nothing to compile: it puts
the text in normal form, so that the same program has the same digest, and
keeps the docstring. Native backends (Cython,
mypyc) come later, behind the same protocol.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from codegenesis import fragment
from codegenesis.compiler.layout import with_docstring
from codegenesis.model import Gene, Variant


class Backend(Protocol):
    """One way to make code out of a variant."""

    @property
    def name(self) -> str:
        """What stands in `Variant.backend`."""

    def build(self, gene: Gene, variant: Variant) -> Variant:
        """The variant as it will be tested and run.

        Raises:
            FragmentError: it is no fragment for this gene.
        """


class PythonBackend:
    """Source in, source out."""

    name = "python"

    def build(self, gene: Gene, variant: Variant) -> Variant:
        """See `Backend.build`."""
        fragment.check(variant.source, name=gene.name)
        source = variant.source.replace("\r\n", "\n").strip("\n") + "\n"
        return msgspec.structs.replace(variant, source=with_docstring(gene.source, source))
