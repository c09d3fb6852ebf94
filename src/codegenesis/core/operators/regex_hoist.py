"""Patterns that are compiled again and again.

* `re.search("constant", text)` -> a compiled constant in front of the function;
* a pattern that does not change during a loop -> compiled once before it;
* any other pattern -> compiled through a larger cache: `re` keeps 512 patterns and forgets the
  oldest, so going round more than that compiles every time.
"""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Unit, View, code, flat, reads, repeatable

#: Patterns that the larger cache keeps.
CACHE = 8192

#: Function of `re` -> how many positional arguments stay when the pattern is taken away; what
#: follows them is `flags`.
FUNCTIONS = {
    "match": 1,
    "fullmatch": 1,
    "search": 1,
    "findall": 1,
    "finditer": 1,
    "split": 2,
    "sub": 3,
    "subn": 3,
}


@dataclass(frozen=True)
class Pattern:
    """A call into `re`, taken apart.

    Attributes:
        function: name of the function of `re`.
        arguments: pattern and flags, as `re.compile` takes them.
        rest: what the method of the compiled pattern gets.
    """

    call: cst.Call
    function: str
    arguments: str
    rest: tuple[cst.Arg, ...]


def rewrite(view: View) -> Unit | None:
    """Change one use of a pattern."""
    for node in view.nodes:
        if isinstance(node, cst.Call):
            name = _function(view, node)
            pattern = _parts(node, name) if name else None
            changed = _changed(view, pattern) if pattern else None
            if changed:
                return changed
    return None


def _function(view: View, call: cst.Call) -> str:
    """Which function of `re` is called; empty when none is."""
    origin = {**view.module.imports(), **_own_imports(view)}
    match call.func:
        case cst.Attribute(value=cst.Name(value=base), attr=cst.Name(value=name)):
            known = origin.get(base, base) == "re"
            return name if known and (name in FUNCTIONS or name == "compile") else ""
        case cst.Name(value=word):
            module, _, name = origin.get(word, "").rpartition(".")
            return name if module == "re" and (name in FUNCTIONS or name == "compile") else ""
    return ""


def _own_imports(view: View) -> dict[str, str]:
    """Imports inside the function."""
    found = {}
    for node in view.nodes:
        if isinstance(node, cst.Import):
            for alias in node.names:
                word = alias.evaluated_alias or alias.evaluated_name
                found[word] = alias.evaluated_name
    return found


def _parts(call: cst.Call, name: str) -> Pattern | None:
    """The parts of a call; None for stars, keywords and what must not be repeated."""
    if any(arg.star for arg in call.args) or not call.args or call.args[0].keyword:
        return None
    arguments, rest, keep = [flat(call.args[0].value)], [], FUNCTIONS.get(name, 0)
    for position, arg in enumerate(call.args[1:]):
        word = arg.keyword.value if arg.keyword else ""
        if word == "flags" or (not word and position >= keep):
            arguments.append(flat(arg.value))
        else:
            rest.append(arg.with_changes(comma=cst.MaybeSentinel.DEFAULT))
    text = ", ".join(arguments)
    if not repeatable(cst.parse_expression(f"({text})")):
        return None
    return Pattern(call, name, text, tuple(rest))


def _changed(view: View, pattern: Pattern) -> Unit | None:
    source = cst.parse_expression(f"({pattern.arguments})")
    edits = Edits(view)
    module = _module(view, edits)
    names = reads(source) - {module}
    if all(map(view.constant, names)):
        word = _named(view, edits, f"{module}.compile({pattern.arguments})", "_PATTERN")
    elif names & view.locals and _parameters_of_nested(view, pattern.call):
        return None
    elif (loop := view.outermost(source, at=pattern.call)) is not None:
        if pattern.function == "compile":
            return None
        word = view.fresh("pattern")
        edits.before(loop.statement, f"{word} = {module}.compile({pattern.arguments})\n")
    else:
        cache, needs = view.imported("functools", "lru_cache")
        kept = f"{cache}(maxsize={CACHE})({module}.compile)"
        word = f"{_named(view, edits, kept, '_compiled', needs)}({pattern.arguments})"
    return _called(edits, pattern, word).apply()


def _parameters_of_nested(view: View, call: cst.Call) -> bool:
    return any(
        isinstance(above, cst.FunctionDef | cst.Lambda) and above is not view.function
        for above in view.ancestors(call)
    )


def _called(edits: Edits, pattern: Pattern, word: str) -> Edits:
    if pattern.function == "compile":
        return edits.swap(pattern.call, word)
    function = cst.parse_expression(f"{word}.{pattern.function}")
    return edits.swap_node(
        pattern.call, pattern.call.with_changes(func=function, args=pattern.rest)
    )


def _module(view: View, edits: Edits) -> str:
    """The name of `re` at module level, imported when there is none."""
    for name, origin in view.module.imports().items():
        if origin == "re":
            return name
    edits.prelude("import re\n")
    return "re"


def _named(view: View, edits: Edits, value: str, wish: str, needs: str = "") -> str:
    """A name in front of the function for a value, the one it already has if it has one."""
    for statement in view.unit.prelude:
        text = code(statement).strip()
        if text.endswith(f" = {value}"):
            return text.partition(" = ")[0]
    word = view.fresh(wish)
    if needs:
        edits.prelude(f"{needs}\n")
    edits.prelude(f"{word} = {value}\n")
    return word


OPERATOR = RewriteRule(
    name="regex_hoist",
    improves=("cpu_ns_mean",),
    hypothesis="A pattern is compiled once and kept, instead of being looked up or compiled again.",
    risk="A pattern that does not compile raises earlier than before.",
    steps=(rewrite,),
    gain=3.0,
    suspending=True,
)
