"""`datetime.strptime` with a constant format of fixed width (measured: 140x to `fromisoformat`).

`strptime` builds a regular expression, takes a lock and goes through the locale. A format of fixed
width and digits only is read by position instead. The text is checked first, and whatever is not
exactly of that form goes to `strptime` as before: its leniency and its errors stay.
"""

from __future__ import annotations

import re

import libcst as cst

from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Unit, View, code, flat

#: Directive -> (argument of `datetime`, digits).
FIELDS = {
    "Y": ("year", 4),
    "m": ("month", 2),
    "d": ("day", 2),
    "H": ("hour", 2),
    "M": ("minute", 2),
    "S": ("second", 2),
    "f": ("microsecond", 6),
}

#: Length, separators by position, place of the digits of each field.
_Reader = tuple[int, list[tuple[int, str]], dict[str, tuple[int, int]]]

#: Formats that `datetime.fromisoformat` reads in all supported versions.
ISO = re.compile(r"%Y-%m-%d([T ]%H:%M(:%S(\.%f)?)?)?")


def rewrite(view: View) -> Unit | None:
    """Change one call."""
    for node in view.nodes:
        match node:
            case cst.Call(
                func=cst.Attribute(value=owner, attr=cst.Name(value="strptime")),
                args=[text, cst.Arg(value=cst.SimpleString() as form, keyword=None)],
            ) if not text.keyword and not text.star:
                pass
            case _:
                continue
        pattern = form.evaluated_value
        reader = _reader(pattern) if isinstance(pattern, str) and _is_class(owner) else None
        if isinstance(pattern, str) and reader is not None:
            return _write(view, node, pattern, reader)
    return None


def _is_class(owner: cst.BaseExpression) -> bool:
    """`datetime` or `datetime.datetime`, not the `time` module."""
    return code(owner).rpartition(".")[2] not in ("time", "_time")


def _reader(pattern: str) -> _Reader | None:
    """The parts of a format; None when its width is not fixed."""
    position, separators = 0, list[tuple[int, str]]()
    fields: dict[str, tuple[int, int]] = {}
    for directive, literal in re.findall(r"%(.)|([^%])", pattern):
        if literal:
            separators.append((position, literal))
            position += 1
        elif directive in FIELDS and FIELDS[directive][0] not in fields:
            field, width = FIELDS[directive]
            fields[field] = (position, position + width)
            position += width
        else:
            return None
    if not {"year", "month", "day"} <= fields.keys() or not pattern.isascii():
        return None
    return position, separators, fields


def _write(view: View, call: cst.Call, pattern: str, reader: _Reader) -> Unit:
    assert isinstance(call.func, cst.Attribute)
    owner, text = code(call.func.value), flat(call.args[0].value)
    for statement in view.unit.prelude:
        if isinstance(statement, cst.FunctionDef) and repr(pattern) in code(statement):
            name = statement.name.value
            return Edits(view).swap(call, f"{name}({owner}, {text})").apply()
    name = view.fresh("_read_date")
    edits = Edits(view).prelude(_helper(name, pattern, reader))
    return edits.swap(call, f"{name}({owner}, {text})").apply()


def _helper(name: str, pattern: str, reader: _Reader) -> str:
    length, separators, fields = reader
    digits = " + ".join(f"text[{low}:{high}]" for low, high in sorted(fields.values()))
    tests = ["type(text) is str", f"len(text) == {length}", "text.isascii()"]
    tests += [f"text[{position}] == {literal!r}" for position, literal in separators]
    tests.append(f"({digits}).isdigit()")
    if ISO.fullmatch(pattern):
        made = "cls.fromisoformat(text)"
    else:
        order = [field for field, _ in FIELDS.values() if field in fields]
        parts = ", ".join(f"{f}=int(text[{fields[f][0]}:{fields[f][1]}])" for f in order)
        made = f"cls({parts})"
    return (
        f"def {name}(cls, text):\n"
        f"    if {' and '.join(tests)}:\n"
        f"        try:\n"
        f"            return {made}\n"
        f"        except ValueError:\n"
        f"            pass\n"
        f"    return cls.strptime(text, {pattern!r})\n"
    )


OPERATOR = RewriteRule(
    name="dates",
    improves=("cpu_ns_mean",),
    hypothesis="Dates of fixed width are read by position; strptime builds and runs a regex.",
    risk="None known: what is not exactly of that form is still read by strptime.",
    steps=(rewrite,),
    gain=4.0,
    suspending=True,
)
