"""A log message that nobody reads need not be formatted (measured: 12x where the level is off).

`logger.debug(f"…{value}…")` formats before it asks; `logger.debug("…%s…", value)` asks first. Only
for `debug` and `info`, and only for plain fields or those whose format means the same after `%`.
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Unit, View, code, flat, repeatable

#: Names under which loggers go.
LOGGERS = frozenset({"logger", "log", "logging", "_logger", "_log", "LOGGER", "LOG"})

#: Levels that are off in most programs.
QUIET = frozenset({"debug", "info"})

CONVERSIONS = {None: "%s", "s": "%s", "r": "%r", "a": "%a"}


def rewrite(view: View) -> Unit | None:
    """Change one message."""
    for node in view.nodes:
        match node:
            case cst.Call(
                func=cst.Attribute(value=owner, attr=cst.Name(value=level)),
                args=[cst.Arg(value=cst.FormattedString() as text, keyword=None), *rest],
            ) if level in QUIET and code(owner).rpartition(".")[2] in LOGGERS:
                pass
            case _:
                continue
        parts = _parts(text) if all(arg.keyword for arg in rest) else None
        if parts is not None:
            form, values = parts
            more = "".join(
                f", {code(arg.with_changes(comma=cst.MaybeSentinel.DEFAULT))}" for arg in rest
            )
            arguments = "".join(f", {value}" for value in values)
            made = f"{code(owner)}.{level}({form!r}{arguments}{more})"
            return Edits(view).swap(node, made).apply()
    return None


def _parts(text: cst.FormattedString) -> tuple[str, list[str]] | None:
    """The message with its places marked, and what goes there."""
    form, values = "", list[str]()
    for part in text.parts:
        match part:
            case cst.FormattedStringText(value=words):
                if "\\" in words:
                    return None
                form += words.replace("{{", "{").replace("}}", "}").replace("%", "%%")
            case cst.FormattedStringExpression(
                expression=value, conversion=conversion, format_spec=None, equal=None
            ) if repeatable(value):
                form += CONVERSIONS[conversion]
                values.append(flat(value))
            case _:
                return None
    return (form, values) if values else None


OPERATOR = RewriteRule(
    name="log_messages",
    improves=("cpu_ns_mean",),
    hypothesis="A message is only formatted when somebody wants it.",
    risk="A handler sees the message and its values apart; an object is shown as it is then.",
    steps=(rewrite,),
    gain=1.5,
)
