"""Reading and editing functions with LibCST: everything that more than one operator needs."""

from codegenesis.core.syntax.edit import Edits
from codegenesis.core.syntax.effects import Effects, effects
from codegenesis.core.syntax.kinds import LINEAR, kind
from codegenesis.core.syntax.names import binds, own, parameters, reads, targets, walk
from codegenesis.core.syntax.purity import fresh, pure_call
from codegenesis.core.syntax.text import code, container, flat, key, place, related, root
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
    "container",
    "effects",
    "flat",
    "fresh",
    "key",
    "kind",
    "own",
    "parameters",
    "place",
    "pure_call",
    "reads",
    "related",
    "root",
    "signature",
    "targets",
    "uses",
    "walk",
]
