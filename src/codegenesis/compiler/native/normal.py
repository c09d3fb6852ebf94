"""A program in normal form: the same in simpler words, each variable in a function of its own.

Types are observed per variable, so what has variables of its own becomes a function:
comprehensions and generator expressions that are used up on the spot. A function that is only
handed on to be called becomes a copy of its receiver with the callee written in, and a bound
method kept in a variable is written out where it is called. The result is ordinary Python; it is
this text that is observed.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter

import msgspec

from codegenesis.compiler.native.program import Class, Program

_EAGER = {"sum", "min", "max", "list", "tuple", "set", "frozenset", "sorted", "enumerate", "dict"}
_EAGER_METHODS = {"join", "extend", "update"}
_MOST_COPIES = 40


def normal_form(program: Program) -> Program:
    """The program in normal form; the trees of the argument are not changed."""
    program = _copied(program)
    made: dict[str, ast.FunctionDef] = {}
    for _, function in program.all_functions():
        _write_out_aliases(function)
        _Lifter(function, made).lift()
    functions = {**program.functions, **made}
    _specialise(functions)
    return msgspec.structs.replace(program, functions=functions)


def text_of(program: Program) -> list[ast.stmt]:
    """The program's classes and functions as statements."""
    statements: list[ast.stmt] = []
    for name in sorted(program.classes, key=lambda name: len(program.lineage(name))):
        statements.append(_class_node(program.classes[name]))
    return [*statements, *program.functions.values()]


def _class_node(owner: Class) -> ast.ClassDef:
    constants: list[ast.stmt] = [
        ast.Assign([ast.Name(name, ast.Store())], value, lineno=0)
        for name, value in owner.constants.items()
        if name not in owner.methods
    ]
    methods: list[ast.stmt] = []
    for name, method in owner.methods.items():
        node = copy.copy(method)
        node.name = name
        methods.append(node)
    bases: list[ast.expr] = [ast.Name(owner.base, ast.Load())] if owner.base else []
    body = [*constants, *methods] or [ast.Pass()]
    return ast.ClassDef(name=owner.name, bases=bases, keywords=[], body=body, decorator_list=[])


def _copied(program: Program) -> Program:
    classes = {
        name: msgspec.structs.replace(owner, methods=copy.deepcopy(owner.methods))
        for name, owner in program.classes.items()
    }
    functions = copy.deepcopy(program.functions)
    for function in functions.values():
        _strip(function)
    for owner in classes.values():
        for method in owner.methods.values():
            _strip(method)
    return msgspec.structs.replace(program, functions=functions, classes=classes)


def _strip(function: ast.FunctionDef) -> None:
    """Without docstring and annotations, which say nothing certain."""
    function.returns = None
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            node.annotation = None
    first = function.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        function.body = function.body[1:] or [ast.Pass()]


# --- comprehensions ------------------------------------------------------------------------------


class _Lifter(ast.NodeTransformer):
    """Moves comprehensions of one function into functions of their own."""

    def __init__(self, function: ast.FunctionDef, made: dict[str, ast.FunctionDef]) -> None:
        self._function, self._made = function, made
        self._local = local_names(function)

    def lift(self) -> None:
        self._function.body = [self.visit(statement) for statement in self._function.body]

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node  # what is nested has a scope that is not ours

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return node

    def visit_ListComp(self, node: ast.ListComp) -> ast.expr:
        return self._lifted(node, _call_method("append", node.elt), ast.List([], ast.Load()))

    def visit_SetComp(self, node: ast.SetComp) -> ast.AST:
        return self._lifted(node, _call_method("add", node.elt), _call("set"))

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:
        place = ast.Subscript(_result(), node.key, ast.Store())
        return self._lifted(node, ast.Assign([place], node.value, lineno=0), ast.Dict([], []))

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp) and not node.keywords:
            inner, name = node.args[0], ast.unparse(node.func)
            if name in ("any", "all") and name not in self._local:
                return self._decided(inner, name)
            method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            if name in _EAGER or method in _EAGER_METHODS:
                whole = ast.ListComp(inner.elt, inner.generators)
                lifted = self.visit_ListComp(whole)
                if name == "list":
                    return lifted
                node.args[0] = lifted
                node.func = self.visit(node.func)
                return node
        return self.generic_visit(node)

    def _decided(self, node: ast.GeneratorExp, name: str) -> ast.AST:
        test = node.elt if name == "any" else ast.UnaryOp(ast.Not(), node.elt)
        found: ast.stmt = ast.If(test, [ast.Return(ast.Constant(name == "any"))], [])
        for generator in reversed(node.generators):
            found = _loop(generator, found)
        body = [found, ast.Return(ast.Constant(name != "any"))]
        return self._made_function(node, body)

    def _lifted(self, node: ast.expr, step: ast.stmt, start: ast.expr) -> ast.expr:
        inner: ast.stmt = step
        for generator in reversed(node.generators):  # type: ignore[attr-defined]
            inner = _loop(generator, inner)
        begin = ast.Assign([ast.Name("r_", ast.Store())], start, lineno=0)
        return self._made_function(node, [begin, inner, ast.Return(_result())])

    def _made_function(self, node: ast.expr, body: list[ast.stmt]) -> ast.expr:
        own = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and _is_store(n)}
        loads = [n.id for n in ast.walk(node) if isinstance(n, ast.Name)]
        captured = [n for n in dict.fromkeys(loads) if n in self._local and n not in own]
        if any(isinstance(n, ast.NamedExpr | ast.Await) for n in ast.walk(node)) or own & {"r_"}:
            return node
        name = f"part{len(self._made)}_{self._function.name.strip('_')}"
        made = ast.FunctionDef(
            name=name,
            args=_plain_arguments(captured),
            body=copy.deepcopy(body),
            decorator_list=[],
            lineno=0,
        )
        self._made[name] = made
        _Lifter(made, self._made).lift()
        return ast.Call(ast.Name(name, ast.Load()), [ast.Name(n, ast.Load()) for n in captured], [])


def _loop(generator: ast.comprehension, inner: ast.stmt) -> ast.For:
    for test in reversed(generator.ifs):
        inner = ast.If(test, [inner], [])
    return ast.For(generator.target, generator.iter, [inner], [], lineno=0)


def _result() -> ast.Name:
    return ast.Name("r_", ast.Load())


def _call(name: str) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), [], [])


def _call_method(name: str, value: ast.expr) -> ast.Expr:
    return ast.Expr(ast.Call(ast.Attribute(_result(), name, ast.Load()), [value], []))


def _plain_arguments(names: list[str]) -> ast.arguments:
    return ast.arguments(
        posonlyargs=[], args=[ast.arg(n) for n in names], kwonlyargs=[], kw_defaults=[], defaults=[]
    )


def _is_store(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def local_names(function: ast.FunctionDef) -> set[str]:
    """Parameters and what is assigned in the function's own scope, less its globals."""
    found = {each.arg for each in function.args.posonlyargs + function.args.args}
    found |= {each.arg for each in function.args.kwonlyargs}
    outer: set[str] = set()
    for node in own_scope(function):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.Global):
            outer.update(node.names)
    return found - outer


def own_scope(function: ast.FunctionDef) -> list[ast.AST]:
    """The nodes of its body, without those of nested scopes."""
    found: list[ast.AST] = []
    stack: list[ast.AST] = list(reversed(function.body))
    scopes = ast.FunctionDef | ast.Lambda | ast.ClassDef | ast.ListComp | ast.GeneratorExp
    while stack:
        node = stack.pop()
        found.append(node)
        if not isinstance(node, scopes | ast.SetComp | ast.DictComp):
            stack.extend(reversed(list(ast.iter_child_nodes(node))))
    return found


# --- callees that are known ----------------------------------------------------------------------


def _write_out_aliases(function: ast.FunctionDef) -> None:
    """`put = items.append; put(x)` is `items.append(x)`, where both names are bound once."""
    scope = own_scope(function)
    stores = Counter(n.id for n in scope if isinstance(n, ast.Name) and _is_store(n))
    stores.update(each.arg for each in function.args.args)
    called = {id(n.func) for n in scope if isinstance(n, ast.Call)}
    aliases: dict[str, ast.Attribute] = {}
    for node in scope:
        if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute)):
            continue
        target, base = node.targets[0], node.value.value
        if not (isinstance(target, ast.Name) and isinstance(base, ast.Name)):
            continue
        loads = [n for n in scope if isinstance(n, ast.Name) and n.id == target.id]
        only_called = all(_is_store(n) or id(n) in called for n in loads)
        if (
            len(node.targets) == 1
            and stores[target.id] == 1
            and stores[base.id] <= 1
            and only_called
        ):
            aliases[target.id] = node.value
            node.targets = [ast.Name("_", ast.Store())]
            node.value = ast.Constant(None)
    for node in scope:
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in aliases
        ):
            node.func = copy.deepcopy(aliases[node.func.id])


def _specialise(functions: dict[str, ast.FunctionDef]) -> None:
    """`apply(f, x)` calls a copy of `apply` that calls `f`, where it does nothing else with it."""
    waiting, originals = list(functions.values()), dict(functions)
    while waiting:
        function = waiting.pop()
        local = local_names(function)
        for node in own_scope(function):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            callee = originals.get(node.func.id)
            if callee is None or node.func.id in local or node.keywords:
                continue
            made = _copy_for(callee, node, functions, local)
            if made is not None:
                waiting.append(made)


def _copy_for(
    callee: ast.FunctionDef,
    call: ast.Call,
    functions: dict[str, ast.FunctionDef],
    local: set[str],
) -> ast.FunctionDef | None:
    for index, argument in enumerate(call.args[: len(callee.args.args)]):
        if not isinstance(argument, ast.Name) or argument.id in local:
            continue
        if argument.id not in functions or not _only_calls(callee, callee.args.args[index].arg):
            continue
        name = f"{callee.name}_with_{argument.id}"
        call.func = ast.Name(name, ast.Load())
        del call.args[index]
        if name in functions or len(functions) > _MOST_COPIES:
            return None
        made = copy.deepcopy(callee)
        made.name = name
        parameter = made.args.args.pop(index).arg
        for node in own_scope(made):
            if isinstance(node, ast.Name) and node.id == parameter:
                node.id = argument.id
        functions[name] = made
        return made
    return None


def _only_calls(function: ast.FunctionDef, name: str) -> bool:
    """Is the parameter neither rebound nor used but to be called or handed to a comprehension?"""
    if function.args.defaults or function.args.kwonlyargs:
        return False
    uses = [n for n in ast.walk(function) if isinstance(n, ast.Name) and n.id == name]
    called = {id(n.func) for n in ast.walk(function) if isinstance(n, ast.Call)}
    handed = {id(a) for n in ast.walk(function) if isinstance(n, ast.Call) for a in n.args}
    return bool(uses) and all(id(n) in called or id(n) in handed for n in uses)
