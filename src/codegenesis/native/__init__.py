"""What fragments of compiled variants need at run time: light, standard library only.

A compiled variant is an ordinary fragment: its prelude calls `load` with the SHA-256 of an
extension module, which therefore stands in the signed source, and its `def` is a guarded entry
that falls back to the Python body. Where the extension modules are is told with `use`, by the
agent in live processes and by the zygote in the jail. Variants of numba carry no artifact; they
call `jit`.
"""

from codegenesis.native.artifacts import abi, load, use
from codegenesis.native.jitting import floats, integers, jit, within
from codegenesis.native.outside import Outside

__all__ = ["Outside", "abi", "floats", "integers", "jit", "load", "use", "within"]
