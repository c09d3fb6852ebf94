"""Where a coroutine or generator hands control away, and what a rewrite must leave as it is there.

At `await`, `yield`, `async for` and `async with` anybody else may run: a caller who changes what it
gave, another task that changes what both share. A gate that makes one call after another cannot see
that, so it is settled here, by rule: the statements that suspend stay word for word, in their order
and as deep in loops as they were; and what a loop with one of them in it reads counts as changed
(`Effects.spare`).
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.syntax.effects import suspends
from codegenesis.core.syntax.names import own
from codegenesis.core.syntax.text import code
from codegenesis.core.syntax.view import View


def suspensions(view: View) -> list[tuple[int, str]]:
    """Every place where the function suspends: how deep in loops, and the statement's own words."""
    return [
        (len(view.loops(node)), _words(view.statement(node)))
        for node in own(view.function.body)
        if suspends(node)
    ]


def _words(statement: cst.CSTNode) -> str:
    """A statement without the blocks that it holds."""
    match statement:
        case cst.For():
            return f"for {code(statement.target)} in {code(statement.iter)}"
        case cst.While() | cst.If():
            return f"if {code(statement.test)}"
        case cst.With():
            return "with " + ", ".join(code(item) for item in statement.items)
        case cst.Match():
            return f"match {code(statement.subject)}"
    return code(statement).strip()
