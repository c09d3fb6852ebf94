"""What the owner promises of a function: `@invariant`, and the judge that holds values to it.

`invariant` is imported into people's programs and only takes notes. `judge` runs in the jail, in a
process of the original, on values that a variant made elsewhere (`evidence.invariants`).
"""

from codegenesis.contracts.declare import invariant

__all__ = ["invariant"]
