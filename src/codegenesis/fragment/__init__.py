"""A variant's source, and how it becomes the code of a live function by one store.

A *fragment* is what a variant is written as: module-level statements that it needs (imports,
constants, helpers), then the `def` with the gene's bare name, last, decorators allowed. It is of
the original's kind: plain, generator, coroutine or async generator. A method is written dedented,
as if at module level, with `self` as its first parameter.

Both the user's process and the jail assemble fragments through this package, so what was tested is
what runs; it needs the standard library only. `definition` goes from a file to a `def`'s text,
`behind` from a name to the function behind its decorators, `nesting` to functions inside functions,
`assembly` from a fragment to a code object, `syntax` holds the pieces of all.
"""

from codegenesis.fragment.assembly import assemble, check, install
from codegenesis.fragment.behind import innermost, layers
from codegenesis.fragment.definition import Definition, definition, find, locate, same_program
from codegenesis.fragment.nesting import LOCALS, exchange, give_defaults, inner, prototype
from codegenesis.fragment.syntax import aim, mangle, redirect, template

__all__ = [
    "LOCALS",
    "Definition",
    "aim",
    "assemble",
    "check",
    "definition",
    "exchange",
    "find",
    "give_defaults",
    "inner",
    "innermost",
    "install",
    "layers",
    "locate",
    "mangle",
    "prototype",
    "redirect",
    "same_program",
    "template",
]
