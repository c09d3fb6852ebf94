"""From a source to a `Program`."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping

from codegenesis.core.genetic import syntax
from codegenesis.core.genetic.guess import guesses
from codegenesis.core.genetic.ingredients import Ingredients
from codegenesis.core.genetic.program import Block, Expr, Function, FunctionNode, Program, Stmt
from codegenesis.core.genetic.vocabulary import vocabulary

Part = tuple[ast.expr, str, int]
_SUITES = ("body", "orelse", "handlers", "cases", "finalbody")
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)


def read(
    source: str, *, given: Ingredients, types: Mapping[str, Collection[str]] | None = None
) -> Program:
    """Lay the syntax over `source`.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: it is no program.
    """
    tree = syntax.module(source)
    program = Program(
        text=source,
        tree=tree,
        exprs=[],
        stmts=[],
        blocks=[],
        functions=[],
        unit="    ",
        starts=syntax.line_starts(source),
        strings=frozenset(),
        given=given,
        vocabulary=vocabulary(tree, given),
    )
    reader = _Reader(program, types or {})
    reader.suite(tree.body, None, "body", False, None)
    program.unit = _unit(program)
    program.strings = frozenset(reader.strings)
    return program


class _Reader:
    def __init__(self, program: Program, types: Mapping[str, Collection[str]]) -> None:
        self.program = program
        self.types = types
        self.strings: set[int] = set()
        self.narrow = program.text.isascii()

    def place(self, line: int, column: int) -> int:
        """Offset in characters of what the parser counts in bytes."""
        start = self.program.starts[line - 1]
        if self.narrow:
            return start + column
        stop = self.program.starts[line] if line < len(self.program.starts) else None
        return start + len(self.program.text[start:stop].encode()[:column].decode())

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return (
            self.place(node.lineno, node.col_offset),
            self.place(node.end_lineno, node.end_col_offset),
        )

    def suite(
        self,
        nodes: list[ast.stmt],
        owner: Stmt | None,
        field: str,
        loop: bool,
        function: Function | None,
    ) -> Block:
        block = Block(owner, field, [], "", False, loop, function)
        self.program.blocks.append(block)
        if owner:
            owner.blocks.append(block)
        for index, node in enumerate(nodes):
            self.statement(node, block, index)
        first = block.stmts[0]
        lead = self.program.text[self.program.starts[first.line - 1] : first.start]
        block.chained = field == "orelse" and self.program.text.startswith("elif", first.start)
        block.inline = bool(lead.strip())
        block.indent = "" if block.inline else lead
        return block

    def statement(self, node: ast.stmt, block: Block, index: int) -> None:
        start, end = self.span(node)
        line = node.lineno
        decorators = getattr(node, "decorator_list", ())
        if decorators:
            line = decorators[0].lineno
            start = self.program.text.rindex("@", 0, self.span(decorators[0])[0])
        stmt = Stmt(node, start, end, line, block, index, self.alone(start, end), [], [])
        doc = index == 0 and isinstance(node, ast.Expr) and _text(node.value)
        stmt.fixed = doc or isinstance(node, ast.Global | ast.Nonlocal)
        block.stmts.append(stmt)
        self.program.stmts.append(stmt)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            self.function(node, stmt)
        else:
            self.parts(stmt)

    def alone(self, start: int, end: int) -> bool:
        text = self.program.text
        first = text.rfind("\n", 0, start) + 1
        last = text.find("\n", end)
        after = text[end : last if last >= 0 else len(text)].strip()
        return not text[first:start].strip() and (not after or after.startswith("#"))

    def function(self, node: FunctionNode, stmt: Stmt) -> None:
        outer = stmt.block.function
        inside = list(_own(node))
        parameters = _parameters(node.args)
        names = (*parameters, *_bound(inside), *(outer.names if outer else ()))
        generator = any(isinstance(each, ast.Yield | ast.YieldFrom) for each in inside)
        known = guesses(inside, types=self.types, outer=outer.guesses if outer else None)
        found = Function(node, parameters, tuple(dict.fromkeys(names)), outer, generator, known)
        self.program.functions.append(found)
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if default is not None:
                self.expression((default, "default", syntax.TEST), stmt)
        self.suite(node.body, stmt, "body", False, found)

    def parts(self, stmt: Stmt) -> None:
        """The expressions and the suites of a statement that is no `def`."""
        function = None if isinstance(stmt.node, ast.ClassDef) else stmt.block.function
        names = function.names if function else ()
        for order, part in enumerate(_of_statement(stmt.node)):
            self.expression(part, stmt, names=names, order=order)
        loop = stmt.block.loop
        for field in _SUITES:
            inner = getattr(stmt.node, field, None)
            if not isinstance(inner, list) or not inner:
                continue
            if field in ("handlers", "cases"):
                for each in inner:
                    guard = getattr(each, "guard", None)
                    if guard is not None:
                        self.expression((guard, "cond", syntax.ANY), stmt, names=names)
                    self.suite(each.body, stmt, field, loop, function)
            else:
                inner_loop = loop or (isinstance(stmt.node, _LOOPS) and field == "body")
                self.suite(inner, stmt, field, inner_loop, function)

    def expression(
        self,
        part: Part,
        stmt: Stmt,
        *,
        parent: Expr | None = None,
        names: tuple[str, ...] = (),
        order: int = 0,
    ) -> None:
        node, role, need = part
        role = "other" if isinstance(node, ast.Starred) else role
        start, end = self.span(node)
        if parent and isinstance(node, ast.GeneratorExp) and end == parent.end:
            start, end = start + 1, end - 1
        text = self.program.text[start:end]
        self.protect(node)
        has = syntax.level(node, text)
        found = Expr(node, start, end, text, has, role, need, stmt, parent, names, order, [])
        self.program.exprs.append(found)
        (parent.children if parent else stmt.exprs).append(found)
        names = (*_bound_inside(node), *names)
        for slot, inner in enumerate(_of_expression(node, role)):
            self.expression(inner, stmt, parent=found, names=names, order=slot)

    def protect(self, node: ast.expr) -> None:
        """Lines that start inside a text keep their indentation whatever moves."""
        if node.lineno != node.end_lineno and _text(node):
            assert node.end_lineno is not None
            self.strings.update(range(node.lineno + 1, node.end_lineno + 1))


def _of_statement(node: ast.stmt) -> Iterator[Part]:
    match node:
        case ast.Return(value=value) if value is not None:
            yield value, "return", syntax.ANY
        case ast.Assign(targets=targets, value=value):
            yield from ((each, "target", syntax.ANY) for each in targets)
            yield value, "value", syntax.ANY
        case ast.AugAssign(target=target, value=value):
            yield target, "target", syntax.ATOM
            yield value, "value", syntax.ANY
        case ast.AnnAssign(target=target, value=value) if value is not None:
            yield target, "target", syntax.ATOM
            yield value, "value", syntax.ANY
        case ast.If(test=test) | ast.While(test=test):
            yield test, "cond", syntax.ANY
        case ast.For(target=target, iter=source) | ast.AsyncFor(target=target, iter=source):
            yield target, "target", syntax.ANY
            yield source, "iter", syntax.ANY
        case ast.Expr(value=value) if not _text(value):
            yield value, "effect", syntax.ANY
        case ast.Assert(test=test):
            yield test, "cond", syntax.TEST
        case ast.Raise(exc=value) if value is not None:
            yield value, "other", syntax.TEST
        case ast.With(items=items) | ast.AsyncWith(items=items):
            yield from ((each.context_expr, "other", syntax.TEST) for each in items)
        case ast.Match(subject=subject):
            yield subject, "value", syntax.ANY


def _of_expression(node: ast.expr, role: str) -> Iterator[Part]:
    match node:
        case ast.BoolOp(op=op, values=values):
            need = syntax.NOT if isinstance(op, ast.And) else syntax.AND
            yield from ((each, "cond", need) for each in values)
        case ast.BinOp(left=left, op=op, right=right):
            has = syntax.binary_level(op)
            power = isinstance(op, ast.Pow)
            yield left, "operand", syntax.AWAIT if power else has
            yield right, "operand", syntax.SIGN if power else has + 1
        case ast.UnaryOp(op=op, operand=operand):
            negated = isinstance(op, ast.Not)
            yield operand, "cond" if negated else "operand", syntax.NOT if negated else syntax.SIGN
        case ast.Compare(left=left, comparators=others):
            yield from ((each, "compared", syntax.BIT_OR) for each in (left, *others))
        case ast.Call(func=func, args=args, keywords=keywords):
            yield func, "callee", syntax.ATOM
            yield from ((each, "arg", syntax.TEST) for each in args)
            yield from ((each.value, "arg", syntax.TEST) for each in keywords)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            yield test, "cond", syntax.OR
            yield body, "choice", syntax.OR
            yield orelse, "choice", syntax.TEST
        case ast.Attribute() | ast.Subscript() | ast.Slice():
            yield from _of_access(node)
        case _:
            yield from _of_collection(node, role)


def _of_access(node: ast.Attribute | ast.Subscript | ast.Slice) -> Iterator[Part]:
    if isinstance(node, ast.Slice):
        bounds = (node.lower, node.upper, node.step)
        yield from ((each, "bound", syntax.TEST) for each in bounds if each is not None)
        return
    yield node.value, "base", syntax.ATOM
    if isinstance(node, ast.Subscript):
        yield node.slice, "index", syntax.ANY


def _of_collection(node: ast.expr, role: str) -> Iterator[Part]:
    match node:
        case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements):
            inner = role if role in ("target", "index") else "element"
            yield from ((each, inner, syntax.TEST) for each in elements)
        case ast.Dict(keys=keys, values=values):
            pairs = (each for pair in zip(keys, values, strict=True) for each in pair)
            yield from ((e, "element", syntax.TEST) for e in pairs if e is not None)
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
            yield node.elt, "element", syntax.TEST
            yield from _of_loops(node.generators)
        case ast.DictComp(key=key, value=value, generators=loops):
            yield from ((each, "element", syntax.TEST) for each in (key, value))
            yield from _of_loops(loops)
        case ast.Lambda(body=body):
            yield body, "return", syntax.TEST
        case ast.Starred(value=value):
            stored = isinstance(node.ctx, ast.Store)
            yield value, "target" if stored else "other", syntax.BIT_OR
        case ast.NamedExpr(value=value):
            yield value, "value", syntax.TEST
        case ast.Await(value=value):
            yield value, "value", syntax.ATOM
        case ast.Yield(value=value) | ast.YieldFrom(value=value) if value is not None:
            yield value, "return", syntax.ANY if isinstance(node, ast.Yield) else syntax.TEST


def _bound_inside(node: ast.expr) -> tuple[str, ...]:
    """Variables of a comprehension or a lambda."""
    if isinstance(node, _COMPREHENSIONS):
        return _targets(each.target for each in node.generators)
    return _parameters(node.args) if isinstance(node, ast.Lambda) else ()


def _of_loops(loops: list[ast.comprehension]) -> Iterator[Part]:
    for each in loops:
        yield each.iter, "iter", syntax.OR
        yield from ((test, "cond", syntax.OR) for test in each.ifs)


def _own(function: ast.AST) -> Iterator[ast.AST]:
    """What stands in a function, without its inner functions and classes."""
    for node in ast.iter_child_nodes(function):
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from _own(node)


def _parameters(args: ast.arguments) -> tuple[str, ...]:
    found = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
    return tuple(each.arg for each in found if each is not None)


def _bound(nodes: list[ast.AST]) -> Iterator[str]:
    loops = (node.target for node in nodes if isinstance(node, ast.comprehension))
    hidden = {each for target in loops for each in ast.walk(target)}
    for node in nodes:
        match node:
            case ast.Name(id=name, ctx=ast.Store()) if node not in hidden:
                yield name
            case ast.FunctionDef(name=name) | ast.ExceptHandler(name=str(name)):
                yield name


def _targets(nodes: Iterator[ast.expr] | list[ast.expr]) -> tuple[str, ...]:
    return tuple(e.id for node in nodes for e in ast.walk(node) if isinstance(e, ast.Name))


def _text(node: ast.expr) -> bool:
    if isinstance(node, ast.JoinedStr):
        return True
    return isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)


def _unit(program: Program) -> str:
    """What one level of indentation is written as."""
    for block in program.blocks:
        if block.owner and block.indent and not block.inline:
            outer = block.owner.block.indent
            if block.indent.startswith(outer) and len(block.indent) > len(outer):
                return block.indent[len(outer) :]
    return "    "
