"""One rule that makes room for another.

Many weaknesses hide behind a spelling: a loop that adds up what `sum` of a generator says, or a
`while` that counts. A rule then reads its own shape only, and asks another to bring the function
into it.
"""

from __future__ import annotations

from codegenesis.core.rule import Step
from codegenesis.core.syntax import Unit, View

#: How often the other rule is asked.
MOST = 8


def after(*steps: Step) -> Step:
    """A step that does what the last one does, with what the others change where that helps."""
    *others, last = steps

    def combined(view: View) -> Unit | None:
        changed = last(view)
        if changed is not None:
            return changed
        prepared = view
        for other in others:
            prepared = _exhausted(other, prepared)
        return None if prepared is view else last(prepared)

    return combined


def _exhausted(step: Step, view: View) -> View:
    for _ in range(MOST):
        changed = step(view)
        if changed is None:
            break
        view = view.again(changed)
    return view
