"""Lists of flags, as in a sieve: set a whole stride at once (measured: 2-12x).

    for j in range(i * i, n, i):      ->      flags[i * i:n:i] = bytes(len(range(i * i, n, i)))
        flags[j] = False

Two versions: the list becomes a bytearray, an eighth of the size, where every use asks only for the
truth of a flag; or the list stays and its stride is assigned from another list.
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.operators.patterns import Found, assigned, first, match
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Unit, Use, View, code, flat, operand, uses

STRIDES = tuple(
    f"for POSITION_ in range({args}):\n    FLAGS_[POSITION_] = value_"
    for args in ("low_, high_, step_", "low_, high_", "high_")
)

#: Ways to fill a list with one flag.
FILLED = ("[value_] * size_", "size_ * [value_]", "[value_ for POSITION_ in range(size_)]")

#: Values of flags -> the byte.
BYTES = {"True": 1, "False": 0, "1": 1, "0": 0}


def as_bytes(view: View) -> Unit | None:
    """Keep the flags of one list in a bytearray, and set strides at once."""
    for name in assigned(view, *FILLED):
        found = uses(view, name)
        if found and all(_truth_only(view, use) for use in found):
            made = [_filled(use) for use in found if use.kind == "assigned"]
            if len(made) == 1 and made[0] is not None and made[0]["value_"] is not None:
                return _bytes(view, name, found, made[0])
    return None


def strides(view: View) -> Unit | None:
    """Assign one stride of a list at once."""
    for node in view.nodes:
        found = first(node, *STRIDES)
        if found is None or not _is_list(view, flat(found["FLAGS_"])) or not _plain(view, found):
            continue
        span = _range(found)
        value = f"[{flat(found['value_'])}] * len(range({', '.join(span)}))"
        return _assigned(view, node, found, value)
    return None


def _bytes(view: View, name: str, found: list[Use], filled: Found) -> Unit:
    edits = Edits(view)
    statement = next(use.within for use in found if use.kind == "assigned")
    byte = BYTES[flat(filled["value_"])]
    size = operand(filled["size_"])
    made = f"bytearray({size})" if byte == 0 else f'bytearray(b"\\x01") * {size}'
    edits.rewrite(statement, f"{name} = {made}\n")
    done: set[cst.CSTNode] = set()
    for use in found:
        loop = next((up for up in view.ancestors(use.node) if isinstance(up, cst.For)), None)
        stride = first(loop, *STRIDES) if use.kind == "stored" else None
        if loop is not None and stride is not None and _plain(view, stride) and loop not in done:
            done.add(loop)
            byte = BYTES[flat(stride["value_"])]
            length = f"len(range({', '.join(_range(stride))}))"
            value = f"bytes({length})" if byte == 0 else f'b"\\x01" * {length}'
            edits.rewrite(loop, _slice(stride, value))
        elif use.kind == "stored" and not (loop is not None and loop in done):
            one = match("FLAGS_[position_] = value_", view.statement(use.node))
            if one is not None:
                edits.swap(one["value_"], str(BYTES[flat(one["value_"])]))
    return edits.apply()


def _assigned(view: View, loop: cst.CSTNode, found: Found, value: str) -> Unit:
    return Edits(view).rewrite(loop, _slice(found, value)).apply()


def _slice(found: Found, value: str) -> str:
    low, high, step = _range(found)
    short = f":{step}" if step != "1" else ""
    return f"{flat(found['FLAGS_'])}[{low}:{high}{short}] = {value}\n"


def _range(found: Found) -> tuple[str, str, str]:
    low = flat(found["low_"]) if "low_" in found else "0"
    return low, flat(found["high_"]), flat(found["step_"]) if "step_" in found else "1"


def _plain(view: View, found: Found) -> bool:
    """Whether value and bounds are the same all along, and the position means nothing later."""
    position = flat(found["POSITION_"])
    later = [use for use in uses(view, position) if use.kind not in ("bound", "assigned", "stored")]
    inside = [use for use in later if use.kind != "other" or not isinstance(use.within, cst.Index)]
    constant = flat(found["value_"]) in BYTES or isinstance(found["value_"], cst.Integer)
    return constant and not inside


def _is_list(view: View, name: str) -> bool:
    """Whether the variable only ever holds `[value] * size`."""
    made = [_filled(use) for use in uses(view, name) if use.kind == "assigned"]
    return bool(made) and None not in made and name not in view.parameters


def _filled(use: Use) -> Found | None:
    """`[True] * size`, also `[True for _ in range(size)]`."""
    found = first(use.within, *(f"FLAGS_ = {form}" for form in FILLED))
    if found is None or flat(found["value_"]) not in BYTES:
        return None
    return found


def _truth_only(view: View, use: Use) -> bool:
    """Whether the use sets a flag, or asks for its truth."""
    if use.nested:
        return False
    match use.kind:
        case "assigned":
            return _filled(use) is not None
        case "stored":
            one = match("FLAGS_[position_] = value_", view.statement(use.node))
            return one is not None and flat(one["value_"]) in BYTES
        case "indexed":
            return _asked(view, use.within)
        case "argument":
            return use.name == "len"
    return False


def _asked(view: View, node: cst.CSTNode) -> bool:
    if isinstance(node, cst.Subscript) and any(isinstance(e.slice, cst.Slice) for e in node.slice):
        return False
    parent = view.parent(node)
    match parent:
        case cst.If() | cst.While() | cst.IfExp():
            return node is parent.test
        case cst.UnaryOperation(operator=cst.Not()) | cst.CompIf():
            return True
        case cst.BooleanOperation():
            return _asked(view, parent)
        case cst.Comparison():
            return code(parent).strip().endswith(("== True", "== False", "== 1", "== 0"))
    return False


OPERATOR = RewriteRule(
    name="flags",
    improves=("complexity", "cpu_ns_mean", "memory"),
    hypothesis="A stride of flags is set by one assignment in C; the loop sets them one by one.",
    risk="Bounds outside the list, or a negative step, do something else to a slice.",
    steps=(as_bytes, strides),
    gain=3.0,
)
