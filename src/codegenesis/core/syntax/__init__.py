"""Reading and editing functions with LibCST: everything that more than one operator needs."""

from codegenesis.core.syntax.edit import Edits
from codegenesis.core.syntax.effects import Effects, effects, places
from codegenesis.core.syntax.kinds import LINEAR, kind
from codegenesis.core.syntax.names import binds, own, parameters, reads, targets, walk
from codegenesis.core.syntax.purity import fresh, pure_call
from codegenesis.core.syntax.substitute import (
    conjuncts,
    disjuncts,
    equality,
    reiterable,
    repeatable,
    same,
    substitute,
)
from codegenesis.core.syntax.suspending import suspensions
from codegenesis.core.syntax.text import (
    code,
    container,
    expression,
    flat,
    key,
    operand,
    place,
    related,
    root,
    statements,
)
from codegenesis.core.syntax.unit import Unit, signature
from codegenesis.core.syntax.uses import Use, appends, uses
from codegenesis.core.syntax.view import Loop, View

__all__ = [
    "LINEAR",
    "Edits",
    "Effects",
    "Loop",
    "Unit",
    "Use",
    "View",
    "appends",
    "binds",
    "code",
    "conjuncts",
    "container",
    "disjuncts",
    "effects",
    "equality",
    "expression",
    "flat",
    "fresh",
    "key",
    "kind",
    "operand",
    "own",
    "parameters",
    "place",
    "places",
    "pure_call",
    "reads",
    "reiterable",
    "related",
    "repeatable",
    "root",
    "same",
    "signature",
    "statements",
    "substitute",
    "suspensions",
    "targets",
    "uses",
    "walk",
]
