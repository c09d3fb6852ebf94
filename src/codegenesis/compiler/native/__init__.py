"""Native backends: a function compiled with the types that its recorded calls have.

`program` gathers what the function reaches, `normal` brings it into simpler words, `observe`
runs that in the jail and learns the types of every variable, the backends write typed source,
`foundry` has it compiled in the workshop, and `guard` writes the fragment around it: an ordinary
variant, for the ordinary gates.
"""

from codegenesis.compiler.native.build import BACKENDS, Built, build_variants, missing_for

__all__ = ["BACKENDS", "Built", "build_variants", "missing_for"]
