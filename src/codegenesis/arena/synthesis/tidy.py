"""From what a machine composes to what a person would write, without a change of meaning.

`sum(list(d.values()))` and `not (a == b)` come of building bottom-up. Redundant parentheses go by
way of `ast.unparse`.
"""

from __future__ import annotations

import ast

from codegenesis.parsing import syntax_tree

_TAKE_ANY = {
    *("sorted", "sum", "max", "min", "set", "list", "tuple", "any", "all", "enumerate", "zip"),
    *("dict", "Counter", "len", "frozenset"),
}
_OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_ORDER: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
}
_MIRROR: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt,
    ast.LtE: ast.GtE,
    ast.Gt: ast.Lt,
    ast.GtE: ast.LtE,
    ast.Eq: ast.Eq,
    ast.NotEq: ast.NotEq,
}
_FORMAT = "__format__"  # the call that stands for an f-string until here


def tidy(text: str) -> str:
    """The same statements, as a person would write them."""
    tree = syntax_tree(text)
    for _ in range(3):
        tree = _Tidy().visit(tree)
    ast.fix_missing_locations(tree)
    return _single_parentheses(ast.unparse(tree))


def _single_parentheses(text: str) -> str:
    """`sum((x for x in xs))` is how `ast.unparse` writes `sum(x for x in xs)`."""
    same, place = ast.dump(syntax_tree(text)), text.find("((")
    while place >= 0:
        end = _closing(text, place + 1)
        if end is not None and text[end + 1 : end + 2] == ")":
            shorter = text[: place + 1] + text[place + 2 : end] + text[end + 1 :]
            if " for " in shorter and _dump(shorter) == same:
                text = shorter
        place = text.find("((", place + 1)
    return text


def _closing(text: str, place: int) -> int | None:
    depth = 0
    for number, char in enumerate(text[place:], start=place):
        depth += (char == "(") - (char == ")")
        if not depth:
            return number
    return None


def _dump(text: str) -> str:
    try:
        return ast.dump(syntax_tree(text))
    except SyntaxError:
        return ""


class _Tidy(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name):
            if node.func.id == _FORMAT:
                return _f_string(node.args)
            if node.func.id in _TAKE_ANY and node.args:
                node.args[0] = _bare(node.args[0], sized=node.func.id == "len")
        elif isinstance(node.func, ast.Attribute) and node.func.attr == "join" and node.args:
            node.args[0] = _bare(node.args[0], sized=False)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if len(node.ops) == 1 and type(node.ops[0]) in (ast.In, ast.NotIn):
            node.comparators[0] = _bare(node.comparators[0], sized=False, lists_only=True)
        if len(node.ops) == 1 and isinstance(node.left, ast.Constant):
            mirrored = _MIRROR.get(type(node.ops[0]))
            if mirrored:
                return ast.Compare(node.comparators[0], [mirrored()], [node.left])
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        """`total = total + x` is `total += x`."""
        self.generic_visit(node)
        value, target = node.value, node.targets[0]
        if not isinstance(value, ast.BinOp) or not isinstance(target, ast.Name):
            return node
        if isinstance(value.left, ast.Name) and value.left.id == target.id:
            return ast.AugAssign(target, value.op, value.right)
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        inner = node.operand
        if not isinstance(node.op, ast.Not):
            return node
        if isinstance(inner, ast.Compare) and len(inner.ops) == 1:
            kind = type(inner.ops[0])
            turned = _OPPOSITE.get(kind)
            if turned is None and _numeric(inner):
                turned = _ORDER.get(kind)
            if turned is not None:
                return ast.Compare(inner.left, [turned()], inner.comparators)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """`x + -1` is `x - 1`, `x - -1` is `x + 1`."""
        self.generic_visit(node)
        right = node.right
        if isinstance(right, ast.UnaryOp) and isinstance(right.op, ast.USub):
            turned = {ast.Add: ast.Sub, ast.Sub: ast.Add}.get(type(node.op))
            if turned:
                return ast.BinOp(node.left, turned(), right.operand)
        left = node.left
        negative = isinstance(left, ast.UnaryOp) and isinstance(left.op, ast.USub)
        if isinstance(node.op, ast.Add) and negative and isinstance(left, ast.UnaryOp):
            return ast.BinOp(node.right, ast.Sub(), left.operand)
        moves = isinstance(node.op, ast.Add | ast.Mult) and _number(right)
        if moves and isinstance(left, ast.Constant) and type(left.value) is int:
            return ast.BinOp(right, node.op, left)
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """`xs[0:n]` is `xs[:n]`."""
        self.generic_visit(node)
        if isinstance(node.slice, ast.Slice):
            lower = node.slice.lower
            if isinstance(lower, ast.Constant) and lower.value == 0:
                node.slice.lower = None
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        self.generic_visit(node)
        node.iter = _bare(node.iter, sized=False)
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        self.generic_visit(node)
        node.iter = _bare(node.iter, sized=False)
        return node


def _bare(node: ast.expr, *, sized: bool, lists_only: bool = False) -> ast.expr:
    """`list(X)` where any iterable will do: X itself; a list comprehension: a generator."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
        inner = node.args[0]
        if node.func.id != "list" or node.keywords or (sized and not _is_sized(inner)):
            return node
        node = inner
    if isinstance(node, ast.ListComp) and not sized and not lists_only:
        return ast.GeneratorExp(node.elt, node.generators)
    return node


def _is_sized(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) or (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("values", "items", "split", "keys")
    )


def _number(node: ast.expr) -> bool:
    """Surely a number: its operands may change places."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Sub | ast.FloorDiv | ast.Pow | ast.Div)
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and (node.func.id in ("len", "abs", "sum", "int", "ord"))
    )


def _numeric(node: ast.Compare) -> bool:
    """An order of whole numbers, whose opposite is the opposite order (NaN has none)."""
    return any(
        isinstance(side, ast.Constant) and type(side.value) is int
        for side in (node.left, *node.comparators)
    )


def _f_string(pieces: list[ast.expr]) -> ast.expr:
    """Constants are text; a pair is an expression with its format."""
    values: list[ast.expr] = []
    for piece in pieces:
        if isinstance(piece, ast.Tuple):
            expression, spec = piece.elts
            assert isinstance(spec, ast.Constant)
            form = ast.JoinedStr([spec]) if spec.value else None
            values.append(ast.FormattedValue(expression, -1, form))
        else:
            values.append(piece)
    made = ast.JoinedStr(values)
    try:
        ast.unparse(made)
    except ValueError:  # no quotes are left: nested text, a backslash
        return _added(pieces)
    return made


def _added(pieces: list[ast.expr]) -> ast.expr:
    made: ast.expr | None = None
    for piece in pieces:
        if isinstance(piece, ast.Tuple):
            call = ast.Name("format", ast.Load())
            text: ast.expr = ast.Call(call, list(piece.elts), [])
        else:
            text = piece
        made = text if made is None else ast.BinOp(made, ast.Add(), text)
    assert made is not None
    return made
