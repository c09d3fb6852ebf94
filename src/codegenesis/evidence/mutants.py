"""Wrong versions of a function, one small mistake each: what evidence is measured with.

The mistakes are those of the mutation-testing literature (comparison, arithmetic, boolean,
constant, statement deletion, return value, exception) and a few that rewriting for speed makes
(arguments swapped, `lstrip` for `rstrip`, a filter lost, a slice one off). Mutants that compile to
the same code as the original or as each other are dropped, and so are those in logging calls.

Looked at: mutmut, cosmic-ray, mutpy. All want a test command and files on disk and run it once per
mutant; here a mutant is a fragment, and 3 ms are spent on it.
"""

from __future__ import annotations

import ast
import copy
import types
from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import Any

from codegenesis.fragment.enclosing import compilable
from codegenesis.model import Record
from codegenesis.parsing import syntax_tree

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_ARITHMETIC: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.FloorDiv,),
    ast.Div: (ast.FloorDiv, ast.Mult),
    ast.FloorDiv: (ast.Div, ast.Mult),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
    ast.BitXor: (ast.BitOr,),
    ast.LShift: (ast.RShift,),
    ast.RShift: (ast.LShift,),
}
_TWINS = (
    ("lstrip", "rstrip"),
    ("strip", "lstrip"),
    ("find", "rfind"),
    ("index", "rindex"),
    ("split", "rsplit"),
    ("partition", "rpartition"),
    ("startswith", "endswith"),
    ("upper", "lower"),
    ("min", "max"),
    ("any", "all"),
    ("isdigit", "isalpha"),
    ("keys", "values"),
    ("add", "discard"),
    ("floor", "ceil"),
)
_TWIN = {**dict(_TWINS), **{right: left for left, right in _TWINS}}
_LOGGING = frozenset({"debug", "info", "warning", "warn", "error", "exception", "critical", "log"})
_LONGEST = 40


class Mutant(Record, frozen=True, kw_only=True):
    """One wrong version.

    Attributes:
        source: the whole `def`, to be used as a fragment.
        line: where the mistake is, in the original's `def`, from 1.
        words: `line 12: `<` → `<=``.
        operator: kind of mistake.
    """

    source: str
    line: int
    words: str
    operator: str


def mutants(source: str, *, most: int = 40, seed: int = 0) -> tuple[Mutant, ...]:
    """Wrong versions of a function, spread over its lines and over kinds of mistakes.

    Args:
        source: the gene's `def`.
        most: how many at most; which ones, chance decides.
    """
    tree = syntax_tree(source)
    sites = list(_sites(tree))
    order = _spread(sites, Random(seed))
    seen = {_normal(tree)}
    found: list[Mutant] = []
    for site in order:
        if len(found) >= most:
            break
        if mutant := _made(tree, site, seen):
            found.append(mutant)
    return tuple(sorted(found, key=lambda mutant: mutant.line))


class _Site:
    """One place and one mistake to make there."""

    def __init__(
        self, node: ast.AST, operator: str, apply: Callable[[Any], ast.AST | None], words: str
    ) -> None:
        self.node, self.operator, self.apply, self.words = node, operator, apply, words
        self.line: int = getattr(node, "lineno", 0)


def _made(tree: ast.Module, site: _Site, seen: set[object]) -> Mutant | None:
    changed = _replaced(tree, site)
    try:
        source = ast.unparse(ast.fix_missing_locations(changed)) + "\n"
        key = _normal(syntax_tree(source))
    except (SyntaxError, ValueError, RecursionError):
        return None
    if key in seen:
        return None
    seen.add(key)
    words = f"line {site.line}: {site.words}"
    return Mutant(source=source, line=site.line, words=words, operator=site.operator)


def _replaced(tree: ast.Module, site: _Site) -> ast.Module:
    """A copy of the tree with one node changed; a deleted statement becomes `pass`."""
    memo: dict[int, Any] = {}
    changed = copy.deepcopy(tree, memo)
    target = memo[id(site.node)]
    new = site.apply(target)
    if new is target:
        return changed
    for parent in ast.walk(changed):
        for name, value in ast.iter_fields(parent):
            if value is target:
                setattr(parent, name, new)
            elif isinstance(value, list) and any(item is target for item in value):
                setattr(parent, name, [new if item is target else item for item in value])
    return changed


def _normal(tree: ast.Module) -> object:
    """The compiled program without positions and docstrings."""
    code = compile(compilable(tree), "<mutant>", "exec", dont_inherit=True, optimize=2)
    return _key(code)


def _key(code: types.CodeType) -> object:
    constants = tuple(
        _key(each) if isinstance(each, types.CodeType) else (type(each).__name__, repr(each))
        for each in code.co_consts
    )
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return (code.co_code, code.co_exceptiontable, constants, names)


def _spread(sites: list[_Site], chance: Random) -> Iterator[_Site]:
    """Each line in turn, a different kind of mistake each time round."""
    rows: dict[int, list[_Site]] = {}
    for site in sites:
        rows.setdefault(site.line, []).append(site)
    for row in rows.values():
        chance.shuffle(row)
    lines = list(rows.values())
    while lines:
        chance.shuffle(lines)
        for row in lines:
            yield row.pop()
        lines = [row for row in lines if row]


def _sites(tree: ast.Module) -> Iterator[_Site]:
    function = tree.body[-1]
    if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
        return
    for statement in _without_docstring(function.body):
        for node in _walk(statement):
            for make in _MAKERS:
                yield from make(node)


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0]
    prose = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return body[1:] if prose else body


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """Everything below that matters: no annotations, no logging, no inside of f-strings."""
    if _is_logging(node):
        return
    yield node
    if isinstance(node, ast.JoinedStr):
        return
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "msg"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _walk(child)


def _is_logging(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        return False
    function = node.value.func
    return isinstance(function, ast.Attribute) and function.attr in _LOGGING


def _brief(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _changed(node: ast.AST, operator: str, apply: Callable[[Any], ast.AST | None]) -> _Site:
    """A site whose words show the expression before and after."""
    after = apply(copy.deepcopy(node))
    shown = _brief(ast.fix_missing_locations(after)) if after is not None else ""
    return _Site(node, operator, apply, f"`{_brief(node)}` → `{shown}`")


def _compare(node: ast.AST) -> Iterator[_Site]:
    if not isinstance(node, ast.Compare):
        return
    for at, op in enumerate(node.ops):
        for other in _COMPARISONS[type(op)]:

            def apply(
                target: ast.Compare, at: int = at, other: type[ast.cmpop] = other
            ) -> ast.Compare:
                target.ops[at] = other()
                return target

            yield _changed(node, "comparison", apply)


def _arithmetic(node: ast.AST) -> Iterator[_Site]:
    if not isinstance(node, ast.BinOp | ast.AugAssign):
        return
    for other in _ARITHMETIC.get(type(node.op), ()):

        def apply(target: Any, other: type[ast.operator] = other) -> ast.AST:
            target.op = other()
            return target  # type: ignore[no-any-return]

        yield _changed(node, "arithmetic", apply)


def _boolean(node: ast.AST) -> Iterator[_Site]:
    if isinstance(node, ast.BoolOp):

        def swap(target: ast.BoolOp) -> ast.BoolOp:
            target.op = ast.Or() if isinstance(target.op, ast.And) else ast.And()
            return target

        yield _changed(node, "boolean", swap)
        for at in range(len(node.values)):

            def drop(target: ast.BoolOp, at: int = at) -> ast.AST:
                rest = [*target.values[:at], *target.values[at + 1 :]]
                return ast.BoolOp(target.op, rest) if len(rest) > 1 else rest[0]

            yield _changed(node, "boolean", drop)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield _changed(node, "boolean", lambda target: target.operand)


def _conditions(node: ast.AST) -> Iterator[_Site]:
    if isinstance(node, ast.If | ast.While | ast.IfExp) and not isinstance(node.test, ast.Constant):
        test = node.test

        def negate(target: ast.expr) -> ast.expr:
            return ast.UnaryOp(ast.Not(), target)

        yield _changed(test, "condition", negate)
    if isinstance(node, ast.comprehension):
        for test in node.ifs:
            yield _changed(test, "condition", lambda _target: ast.Constant(True))


def _constant(node: ast.AST) -> Iterator[_Site]:
    if not isinstance(node, ast.Constant):
        return
    for value in _near(node.value):

        def near(_target: ast.Constant, value: Any = value) -> ast.Constant:
            return ast.Constant(value)

        yield _changed(node, "constant", near)


def _near(value: object) -> Iterable[object]:
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, int):
        return (value + 1, value - 1)
    if isinstance(value, float):
        return (value + 1.0, value * 1.001)
    if isinstance(value, str):
        return ("", value + "x") if value else ("x",)
    if isinstance(value, bytes):
        return (b"", value + b"x") if value else (b"x",)
    return (0,) if value is None else ()


def _deleted(node: ast.AST) -> Iterator[_Site]:
    plain = ast.Expr | ast.Assign | ast.AugAssign | ast.Raise | ast.Delete | ast.Assert
    if isinstance(node, plain):
        yield _Site(node, "deletion", lambda _target: ast.Pass(), f"`{_brief(node)}` deleted")
    elif isinstance(node, ast.Break):
        yield _Site(node, "loop", lambda _target: ast.Continue(), "`break` → `continue`")
    elif isinstance(node, ast.Continue):
        yield _Site(node, "loop", lambda _target: ast.Break(), "`continue` → `break`")


def _returned(node: ast.AST) -> Iterator[_Site]:
    if isinstance(node, ast.Return) and node.value is not None:
        is_none = isinstance(node.value, ast.Constant) and node.value.value is None
        if not is_none:
            yield _changed(node, "return", lambda _target: ast.Return(ast.Constant(None)))


def _called(node: ast.AST) -> Iterator[_Site]:
    if not isinstance(node, ast.Call):
        return
    if len(node.args) == 2 and not any(isinstance(each, ast.Starred) for each in node.args):

        def swap(target: ast.Call) -> ast.Call:
            target.args.reverse()
            return target

        yield _changed(node, "arguments", swap)
    name = getattr(node.func, "attr", "") or getattr(node.func, "id", "")
    if name in _TWIN:

        def twin(target: ast.Call) -> ast.Call:
            if isinstance(target.func, ast.Attribute):
                target.func.attr = _TWIN[name]
            elif isinstance(target.func, ast.Name):
                target.func.id = _TWIN[name]
            return target

        yield _changed(node, "call", twin)
    if node.keywords and all(each.arg for each in node.keywords):

        def forget(target: ast.Call) -> ast.Call:
            target.keywords.pop()
            return target

        yield _changed(node, "arguments", forget)


def _sliced(node: ast.AST) -> Iterator[_Site]:
    if not isinstance(node, ast.Slice):
        return
    for bound in (node.lower, node.upper):
        if bound is not None and not isinstance(bound, ast.Constant):

            def later(target: ast.expr) -> ast.expr:
                return ast.BinOp(target, ast.Add(), ast.Constant(1))

            yield _changed(bound, "slice", later)


def _exceptions(node: ast.AST) -> Iterator[_Site]:
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):

        def other(target: ast.Raise) -> ast.Raise:
            if isinstance(target.exc, ast.Call):
                target.exc.func = ast.Name("Exception", ast.Load())
            return target

        yield _changed(node, "exception", other)
    if isinstance(node, ast.ExceptHandler) and node.type is not None:
        yield _changed(
            node.type, "exception", lambda _target: ast.Name("StopAsyncIteration", ast.Load())
        )


_MAKERS: tuple[Callable[[ast.AST], Iterator[_Site]], ...] = (
    _compare,
    _arithmetic,
    _boolean,
    _conditions,
    _constant,
    _deleted,
    _returned,
    _called,
    _sliced,
    _exceptions,
)
