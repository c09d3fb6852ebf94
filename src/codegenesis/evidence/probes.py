"""A program that tells which way it went: seen from inside the jail, by rewriting its source.

Each comparison reports its operands, each condition its outcome, each statement that it was
reached. The gates aim fresh inputs with that (what a comparison was compared *with* is often the
very value that an input needs; the idea is RedQueen's, "input-to-state correspondence", Aschermann
et al. 2019), and strength tells from it which mistakes the evidence could have seen at all.

What a probed variant says of itself decides nothing: it only suggests inputs.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from codegenesis.errors import WireError
from codegenesis.evidence.manners import dressed, reported
from codegenesis.fragment.syntax import FunctionNode
from codegenesis.model import Outcome, Record
from codegenesis.parsing import syntax_tree

_PRELUDE = """
def _codegenesis_probe(function):
    busy = []
<helper>
    <async>def probe(*args, **kwargs):
        if busy:
            <inside>
        busy.append(1)
        _codegenesis_lines.clear()
        _codegenesis_tests.clear()
        _codegenesis_pairs.clear()
        try:
            <take>
        except Exception:
            pass
        finally:
            busy.clear()
        <give> {
            "lines": sorted(_codegenesis_lines),
            "tests": sorted(_codegenesis_tests),
            "pairs": list(_codegenesis_pairs.values()),
        }

    return probe


_codegenesis_lines = set()
_codegenesis_tests = set()
_codegenesis_pairs = {}


def _codegenesis_line(number):
    _codegenesis_lines.add(number)


def _codegenesis_test(site, value):
    _codegenesis_tests.add((site, bool(value)))
    return value


def _codegenesis_pair(site, name, left, right):
    plain = (int, float, str, bytes, bool, type(None))
    if type(right) in (list, tuple, set, frozenset, dict) and name == "in":
        for part in list(right)[:20]:
            _codegenesis_pair(site, "==", left, part)
    elif type(left) in plain and type(right) in plain and len(_codegenesis_pairs) < 400:
        try:
            if len(left) > 300 or len(right) > 300:
                return
        except TypeError:
            pass
        relation = 0
        try:
            relation = (left > right) - (left < right)
            if name[0] == ".":
                starts, ends = left.startswith(right), left.endswith(right)
                relation = 10 + starts + 2 * ends + 4 * (right in left)
        except TypeError:
            relation = 2
        _codegenesis_pairs.setdefault((site, relation, type(left)), [site, name, left, right])


def _codegenesis_compare(site, name, left, right):
    _codegenesis_pair(site, name, left, right)
    if name == "==":
        return left == right
    if name == "!=":
        return left != right
    if name == "<":
        return left < right
    if name == "<=":
        return left <= right
    if name == ">":
        return left > right
    if name == ">=":
        return left >= right
    if name == "in":
        return left in right
    return left not in right


def _codegenesis_method(site, name, owner, *args):
    if args and type(owner) in (str, bytes):
        for part in args[0] if type(args[0]) is tuple else args[:1]:
            if type(part) is type(owner):
                _codegenesis_pair(site, "." + name, owner, part)
    return getattr(owner, name)(*args)

"""
_NAMES: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}
_METHODS = frozenset(
    {"startswith", "endswith", "find", "index", "count", "partition", "split", "replace"}
)


class Pair(Record, frozen=True, kw_only=True):
    """One comparison as it happened.

    Attributes:
        site: which comparison of the program, a number.
        name: operator, or the method of a text (`.startswith`).
        left, right: plain scalars; for `in`, one member of the container at a time.
    """

    site: int
    name: str
    left: Any
    right: Any

    @property
    def relation(self) -> tuple[int, int]:
        """Site, and whether left was less (-1), equal (0), more (1) or neither (2).

        For methods of texts from 10: one more where left starts with right, two more where it
        ends with it, four more where it contains it.
        """
        if self.name.startswith(".") and type(self.left) is type(self.right):
            left, right = self.left, self.right
            ends = 2 * left.endswith(right) + 4 * (right in left)
            return self.site, 10 + left.startswith(right) + ends
        try:
            return self.site, (self.left > self.right) - (self.left < self.right)
        except TypeError:
            return self.site, 2


class Trail(Record, frozen=True, kw_only=True):
    """Where one call went.

    Attributes:
        lines: statements reached, by line of the probed source.
        tests: conditions by number, with their outcomes.
    """

    lines: frozenset[int] = frozenset()
    tests: frozenset[tuple[int, bool]] = frozenset()
    pairs: tuple[Pair, ...] = ()


def probed(source: str, *, free: Sequence[str] = ()) -> str:
    """The fragment with probes in all of its functions; it returns a report for its result.

    Numbers of sites are given in the order of the source, so they are the same each time.

    Args:
        free: the gene's free variables.
    """
    tree = ast.fix_missing_locations(_Probes().visit(syntax_tree(source)))
    return dressed(ast.unparse(tree) + "\n", _PRELUDE, "_codegenesis_probe", free=free)


def conditions(source: str) -> dict[int, int]:
    """Line of each condition of a fragment, by its number."""
    probes = _Probes()
    probes.visit(syntax_tree(source))
    return probes.tests


def trail(report: Outcome) -> Trail:
    """What a probed program said of one call; an empty trail when it said nothing usable."""
    try:
        said = reported(report) if report.kind == "returned" else {}
        return Trail(
            lines=frozenset(said["lines"]),
            tests=frozenset((site, outcome) for site, outcome in said["tests"]),
            pairs=tuple(
                Pair(site=site, name=name, left=left, right=right)
                for site, name, left, right in said["pairs"]
            ),
        )
    except (WireError, KeyError, TypeError, ValueError):
        return Trail()


class _Probes(ast.NodeTransformer):
    """Puts the calls in; `tests` collects the line of each condition."""

    def __init__(self) -> None:
        self.tests: dict[int, int] = {}
        self._sites = 0

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if (
                isinstance(block, list)
                and block
                and not isinstance(node, ast.Module | ast.ClassDef)
            ):
                setattr(node, name, self._lined(block))
        if isinstance(node, ast.If | ast.While | ast.IfExp | ast.Assert):
            node.test = self._test(node.test)
        elif isinstance(node, ast.comprehension):
            node.ifs = [self._test(each) for each in node.ifs]
        elif isinstance(node, ast.BoolOp):
            *heads, last = node.values  # whether the last one is true decides nothing here
            node.values = [*map(self._test, heads), last]
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        name = _NAMES.get(type(node.ops[0]))
        if len(node.ops) == 1 and name:
            operands = [node.left, node.comparators[0]]
            return self._call("compare", ast.Constant(name), *operands)
        if len(node.ops) > 1 and all(type(op) in _NAMES for op in node.ops):
            return self._chain(node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        function = node.func
        starred = any(isinstance(each, ast.Starred) for each in node.args)
        if not isinstance(function, ast.Attribute) or function.attr not in _METHODS:
            return node
        if starred or node.keywords or not node.args:
            return node
        return self._call("method", ast.Constant(function.attr), function.value, *node.args)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Defaults, decorators and annotations stay as they are."""
        return self._inside(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        """Likewise."""
        return self._inside(node)

    def _inside(self, node: FunctionNode) -> ast.AST:
        for statement in node.body:
            self.visit(statement)
        node.body = self._lined(node.body)
        return node

    def _chain(self, node: ast.Compare) -> ast.AST:
        """`a < b < c` reports both comparisons; `b` is only read twice where that is harmless."""
        inner = node.comparators[:-1]
        if not all(isinstance(each, ast.Name | ast.Constant) for each in inner):
            return node
        operands = [node.left, *node.comparators]
        calls = [
            self._call("compare", ast.Constant(_NAMES[type(op)]), left, right)
            for op, left, right in zip(node.ops, operands, operands[1:], strict=False)
        ]
        return ast.copy_location(ast.BoolOp(ast.And(), list(calls)), node)

    def _test(self, test: ast.expr) -> ast.expr:
        call = self._call("test", test)
        site = call.args[0]
        assert isinstance(site, ast.Constant)
        self.tests[site.value] = getattr(test, "lineno", 0)  # type: ignore[index]
        return ast.copy_location(call, test)

    def _call(self, name: str, *args: ast.expr) -> ast.Call:
        self._sites += 1
        made = ast.Call(
            ast.Name(f"_codegenesis_{name}", ast.Load()), [ast.Constant(self._sites), *args], []
        )
        return ast.copy_location(made, args[-1])

    def _lined(self, block: list[ast.stmt]) -> list[ast.stmt]:
        """Each statement after a call that says it was reached."""
        lined: list[ast.stmt] = []
        for statement in block:
            if not isinstance(statement, ast.Global | ast.Nonlocal):
                call = ast.Call(
                    ast.Name("_codegenesis_line", ast.Load()),
                    [ast.Constant(getattr(statement, "lineno", 0))],
                    [],
                )
                lined.append(ast.copy_location(ast.Expr(call), statement))
            lined.append(statement)
        return lined
