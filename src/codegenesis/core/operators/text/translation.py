"""Characters looked at one by one; `str.translate` goes through a text in C (measured: 3-60x).

* `"".join(c for c in text if c not in UNWANTED)` and `"".join(table.get(c, c) for c in text)`;
* four or more `.replace("x", "y")` of single characters in a row (three times as fast on texts of
  kilobytes, half as fast on a few words: the race knows the texts).
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.operators.patterns import first, match
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Unit, View, code, flat, kind, operand, walk

#: Fewer replacements in a row are faster as they are.
LONG = 4

KEPT = tuple(
    f'"".join({left}C_ for C_ in text_ if {test}{right})'
    for left, right in (("", ""), ("[", "]"))
    for test in ("C_ not in unwanted_",)
)
MAPPED = tuple(
    f'"".join({left}{value} for C_ in text_{right})'
    for left, right in (("", ""), ("[", "]"))
    for value in ("table_.get(C_, C_)", "table_[C_] if C_ in table_ else C_")
)


def rewrite(view: View) -> Unit | None:
    """Change one passage over characters."""
    for node in view.nodes:
        if isinstance(node, cst.Call):
            changed = _kept(view, node) or _mapped(view, node) or _replaced(view, node)
            if changed is not None:
                return changed
    return None


def _kept(view: View, node: cst.Call) -> Unit | None:
    found = first(node, *KEPT)
    if found is None or not _steady(found["unwanted_"]):
        return None
    text, unwanted = operand(found["text_"]), flat(found["unwanted_"])
    if isinstance(found["unwanted_"], cst.List | cst.Tuple | cst.Set) or not _joined(
        view, found["unwanted_"]
    ):
        unwanted = f'"".join({unwanted})'
    return _with_table(view, node, text, f'str.maketrans("", "", {unwanted})', found["unwanted_"])


def _mapped(view: View, node: cst.Call) -> Unit | None:
    found = first(node, *MAPPED)
    if found is None or not _steady(found["table_"]):
        return None
    table = flat(found["table_"])
    return _with_table(
        view, node, operand(found["text_"]), f"str.maketrans({table})", found["table_"]
    )


def _steady(node: cst.BaseExpression) -> bool:
    """Whether the characters are known from their name or their literal."""
    return isinstance(
        node,
        cst.Name | cst.Attribute | cst.SimpleString | cst.List | cst.Tuple | cst.Set | cst.Dict,
    )


def _joined(view: View, node: cst.BaseExpression) -> bool:
    """Whether the characters are one text, not a collection."""
    return kind(view, node) == "str" or code(node).startswith("string.")


def _with_table(
    view: View, node: cst.Call, text: str, table: str, made_of: cst.BaseExpression
) -> Unit:
    names = [n.value for n in walk(made_of) if isinstance(n, cst.Name)]
    edits = Edits(view)
    modules = set(view.module.imports())
    constant = all(view.constant(name) or name in modules for name in names[:1])
    if not names or (constant and not isinstance(made_of, cst.Attribute)):
        word = view.fresh("_TRANSLATION")
        edits.prelude(f"{word} = {table}\n")
        return edits.swap(node, f"{text}.translate({word})").apply()
    return edits.swap(node, f"{text}.translate({table})").apply()


def _replaced(view: View, node: cst.Call) -> Unit | None:
    """`text.replace("a", "1").replace("b", "2")…`."""
    pairs: list[tuple[str, str]] = []
    base: cst.BaseExpression = node
    while (found := match("text_.replace(old_, new_)", base)) is not None:
        old, new = found["old_"], found["new_"]
        if not isinstance(old, cst.SimpleString) or not isinstance(new, cst.SimpleString):
            break
        one, other = old.evaluated_value, new.evaluated_value
        if not isinstance(one, str) or not isinstance(other, str) or len(one) != 1:
            break
        pairs.insert(0, (one, other))
        base = found["text_"]
    if len(pairs) < LONG or isinstance(view.parent(node), cst.Attribute) or not _apart(pairs):
        return None
    table: dict[str, str] = {}
    for old_text, new_text in pairs:
        table.setdefault(old_text, new_text)
    word = view.fresh("_TRANSLATION")
    edits = Edits(view).prelude(f"{word} = str.maketrans({table!r})\n")
    return edits.swap(node, f"{operand(base)}.translate({word})").apply()


def _apart(pairs: list[tuple[str, str]]) -> bool:
    """Whether nothing that is put in is replaced again later."""
    later = [{old for old, _ in pairs[n + 1 :]} for n in range(len(pairs))]
    return not any(set(new) & after for (_, new), after in zip(pairs, later, strict=True))


OPERATOR = RewriteRule(
    name="translation",
    improves=("cpu_ns_mean",),
    hypothesis="One pass in C replaces or drops characters; a comprehension makes a text of each.",
    risk="Entries longer than one character, which a look-up never finds, raise.",
    steps=(rewrite,),
    gain=5.0,
    suspending=True,
)
