"""Where a function can be tuned: what its owner declared, and plausible numbers in its text.

A number is plausible where it decides how much is done at once or from which size on something else
is done: compared with, passed on, or given a name. Not an index, not an operand, not a default of
the signature (callers see that), nothing that is 0 or ±1. Most of these change results and die at
once; those that do not are the cut-offs and sizes that are looked for.

Only the `def` with its decorators is read: what stands in front of a fragment, or in the module,
belongs to other functions too.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Sequence

from codegenesis.core.predict import forecast
from codegenesis.core.tuning.declared import declared
from codegenesis.core.tuning.site import REACH, Site
from codegenesis.core.tuning.text import Text
from codegenesis.model import Gene, Proposal, Trait

#: Numbers that are not declared are looked at at most this many of, the likeliest first.
MOST_LITERALS = 6
_NAMED_SO = re.compile(
    r"size|chunk|batch|limit|cut|thresh|buf|block|max|width|window|step|capacity|below|above|every",
    re.IGNORECASE,
)


class Tune:
    """The operator `tune`, as forecasts know it.

    It is not among `core.operators()`: which value is good shows only when it is run, so it does
    not write variants from text alone, but searches (`codegenesis.lifecycle.tuning`) and hands in
    what it found.
    """

    name = "tune"
    improves = ("cpu_ns_mean",)
    gain = 1.3
    hypothesis = "Sizes and thresholds in it fit the calls that it gets."


def propose_tuning(
    gene: Gene, traits: Sequence[Trait], *, module_source: str = ""
) -> Proposal | None:
    """What tuning promises; None where there is nothing to tune."""
    if gene.refused or not sites(gene.source, module_source=module_source):
        return None
    return forecast(gene, Tune(), traits)


def sites(source: str, *, module_source: str = "") -> list[Site]:
    """All places of a fragment's function: declared ones, then numbers, the likeliest first.

    Args:
        module_source: tells under which names `codegenesis` was imported.
    """
    text = Text(source, module_source=module_source)
    numbers = [site for node in text.nodes if (site := _number(text, node))]
    numbers.sort(key=lambda site: (-site.weight, site.start))
    return [*declared(text), *numbers[:MOST_LITERALS]]


def _number(text: Text, node: ast.AST) -> Site | None:
    if not isinstance(node, ast.Constant) or isinstance(node.value, bool):
        return None
    value, weight = node.value, _weight(text, node)
    if not isinstance(value, int | float) or not weight or not 2 <= value < math.inf:
        return None
    start, end = text.span(node)
    low = value / REACH
    return Site(
        name=f"line {node.lineno}: {value!r}",
        kind="literal",
        start=start,
        end=end,
        default=value,
        low=max(1, int(low)) if isinstance(value, int) else low,
        high=value * REACH,
        log=True,
        weight=weight,
    )


def _weight(text: Text, node: ast.Constant) -> float:
    """How plausible a number is; 0 for what is none of these."""
    parent = text.parents.get(node)
    match parent:
        case ast.keyword(arg=name):
            if text.kind(text.parents.get(parent)):
                return 0.0
            return 0.9 if name and _NAMED_SO.search(name) else 0.4
        case ast.Assign(targets=[ast.Name(id=name)]):
            return 0.9 if _NAMED_SO.search(name) else 0.2
        case ast.Compare(left=left):
            sized = isinstance(left, ast.Call) and ast.unparse(left.func) == "len"
            return 0.8 if sized else 0.5
        case ast.Call() if node in parent.args and not text.kind(parent):
            return 0.4
    return 0.0
