"""`while i < n` that counts `i` up is a `for` over a `range`, counted in C (measured: 1.3-1.8x)."""

from __future__ import annotations

from codegenesis.core.operators.loops import counter
from codegenesis.core.rule import RewriteRule

OPERATOR = RewriteRule(
    name="counted_loop",
    improves=("cpu_ns_mean",),
    hypothesis="A `for` over a `range` compares and adds in C.",
    risk="A limit that others change meanwhile is no longer noticed.",
    steps=(counter,),
    gain=1.3,
)
