"""A dict whose keys are 0 … n - 1 is a list (measured: 1.7x).

Only a local dict that is made with all its keys, `{i: value for i in range(n)}`, and is then only
read and stored under a key. A key outside, which raised `KeyError`, raises `IndexError` or counts
from the end: the evidence sees that.
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.operators.patterns import Found, assigned, first
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Unit, Use, View, flat, uses

#: Methods whose use can be written for a list.
WRITTEN = {"values": "{0}", "items": "enumerate({0})", "keys": "range(len({0}))"}

#: Ways to make a dict with the keys 0, 1, 2, …
MADE = (
    "{KEY_: value_ for KEY_ in range(size_)}",
    "dict.fromkeys(range(size_), value_)",
    "{KEY_: value_ for KEY_, value_ in enumerate(items_)}",
)


def rewrite(view: View) -> Unit | None:
    """Turn one local dict into a list."""
    for name in assigned(view, *MADE):
        found = uses(view, name)
        made = [_made(use) for use in found if use.kind == "assigned"]
        if len(made) == 1 and made[0] is not None and all(_fits(view, use) for use in found):
            return _written(view, name, found, made[0])
    return None


def _made(use: Use) -> Found | None:
    return first(use.within, *(f"ENTRIES_ = {form}" for form in MADE))


def _fits(view: View, use: Use) -> bool:
    match use.kind:
        case _ if use.nested:
            return False
        case "assigned":
            return _made(use) is not None
        case "method":
            looped = isinstance(view.parent(use.call), cst.For | cst.CompFor)
            return not use.call.args and use.name in WRITTEN and looped
        case "stored":
            return not isinstance(view.parent(use.within), cst.Del)
    return use.kind in ("indexed", "iterated") or (use.kind == "argument" and use.name == "len")


def _written(view: View, name: str, found: list[Use], made: Found) -> Unit:
    edits = Edits(view)
    statement = next(use.within for use in found if use.kind == "assigned")
    edits.rewrite(statement, f"{name} = {_list(made)}\n")
    for use in found:
        if use.kind == "method":
            edits.swap(use.call, WRITTEN[use.name].format(name))
        elif use.kind == "iterated":
            edits.swap(use.node, f"range(len({name}))")
    return edits.apply()


def _list(made: Found) -> str:
    if "items_" in made:
        return f"list({flat(made['items_'])})"
    if "KEY_" not in made:
        return f"[{flat(made['value_'])}] * ({flat(made['size_'])})"
    return f"[{flat(made['value_'])} for {flat(made['KEY_'])} in range({flat(made['size_'])})]"


OPERATOR = RewriteRule(
    name="dense_keys",
    improves=("cpu_ns_mean", "memory"),
    hypothesis="Keys 0, 1, 2, … are positions; a list finds them without hashing.",
    risk="A key that is missing, or negative, raises another error or none.",
    steps=(rewrite,),
    gain=1.4,
)
