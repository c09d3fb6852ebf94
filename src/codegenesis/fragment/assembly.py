"""From a fragment to the code object that one store makes live.

Two forms come out:

- *direct*: an undecorated `def` alone. Its code object has the same signature, kind and free
  variables (names, not only their count) and takes the place of the old one: nothing is in the
  path of a call.
- *redirect*: anything else. A code object with the original's signature and kind that only calls
  the assembled callable, about 20 ns a call. The prelude lives in the cells of a factory that runs
  with the function's own `__globals__`: private to the variant, a live view of the module.

`__defaults__`, `__kwdefaults__` and `__closure__` are never touched, because several stores are
no transaction: another thread could call in between. The original's default objects stay in force.

A closure's code is the same for all instances of its `def`, so a redirect gets the cells of the one
that is called and closes the assembled function over them, some 0.4 us a call; it cannot be
decorated, because what a decorator remembers would be shared by closures over different values.

Rejected: `exec` in a copy of the module's globals (a rebound constant would not be seen), and
mangling `self.__x` by hand (the compiler does it right when given a class around the method).
"""

from __future__ import annotations

import ast
import linecache
import types
from collections.abc import Iterator, Sequence
from operator import itemgetter

from codegenesis.errors import FragmentError
from codegenesis.fragment.syntax import (
    KINDS,
    STARS,
    UNPARSABLE,
    FunctionNode,
    arguments,
    assigned_lambda,
    class_,
    compiled,
    function_,
    item,
    keep_free,
    lines_of,
    load,
    mangle,
    nested_code,
    parameter_count,
    redirect,
)
from codegenesis.parsing import syntax_tree

# Names that no source can spell, so that they collide with nothing.
_FACTORY, _DEFAULTS, _KWDEFAULTS = "<codegenesis>", "<defaults>", "<kwdefaults>"
_CELL, _OUTER = "<cell>", "<around>"
_PREFIX = f"{_FACTORY}.<locals>."


def check(source: str, *, name: str, free: Sequence[str] = ()) -> None:
    """See that `source` has the shape of a fragment for the gene with the bare name `name`.

    Args:
        free: the gene's free variables (`Gene.free`), which the fragment may declare `nonlocal`.

    Raises:
        FragmentError: it does not compile or has another shape.
    """
    _split(source, name, free)


def assemble(
    source: str, function: types.FunctionType, *, owner: type | None = None, filename: str
) -> types.CodeType:
    """The code object to store into `function.__code__`: direct if possible, else a redirect.

    Args:
        owner: the class that `function` is a method of; gives name mangling and `super()`.
        filename: what tracebacks shall show; the source is registered with linecache under it.

    Raises:
        FragmentError: the fragment has another shape, signature, kind or defaults, or its
            module-level statements raise.
    """
    original = function.__code__
    free = _enclosed(original, owner)
    prelude, node = _split(source, original.co_name, free)
    _require_same_defaults(node, function)
    linecache.cache[filename] = (len(source), None, lines_of(source), filename)
    if not prelude and not node.decorator_list:
        code = _direct(node, original, owner, filename)
        if code is not None:
            return code
        prelude, node = _split(source, original.co_name, free)
    return _redirected(prelude, node, function, owner, filename)


def install(code: types.CodeType, function: types.FunctionType) -> None:
    """Make `function` run `code`: one store, which other threads see whole or not at all.

    Raises:
        FragmentError: signature, kind or free variables are not the function's.
    """
    _require_fit(code, function.__code__)
    _require_same_free(code, function.__code__)
    function.__code__ = code


def _direct(
    node: FunctionNode, original: types.CodeType, owner: type | None, filename: str
) -> types.CodeType | None:
    """The `def`'s own code, or None when it needs free variables that the function lacks."""
    _strip(node)
    node.args.defaults, node.args.kw_defaults = [], [None] * len(node.args.kwonlyargs)
    documented = ast.get_docstring(node, clean=False) is not None
    kept = [name for name in original.co_freevars if name not in _nonlocals(node)]
    node.body[documented:documented] = keep_free(tuple(kept))
    statement: ast.stmt = class_(owner.__name__, [node]) if owner else node
    path = (owner.__name__, node.name) if owner else (node.name,)
    if _is_nested(original):
        statement = function_(_OUTER, _enclosed(original, owner), [statement])
        path = (_OUTER, *path)
    code = nested_code(compiled(statement, filename, like=original), *path)
    _require_fit(code, original)
    if code.co_freevars != original.co_freevars:
        return None
    return _named_like(code, original)


def _nonlocals(node: FunctionNode) -> set[str]:
    """Names that it declares itself: they are free anyway, and no use may come before."""
    found = (each for statement in node.body for each in _own_scope(statement))
    return {name for each in found if isinstance(each, ast.Nonlocal) for name in each.names}


def _named_like(code: types.CodeType, original: types.CodeType) -> types.CodeType:
    if not code.co_qualname.startswith(_OUTER):
        return code.replace(co_qualname=original.co_qualname)
    return _renamed(code, code.co_qualname, original.co_qualname)


def _is_nested(code: types.CodeType) -> bool:
    return "<locals>" in code.co_qualname or bool(set(code.co_freevars) - {"__class__"})


def _enclosed(code: types.CodeType, owner: type | None) -> tuple[str, ...]:
    """Free variables that come from functions around it; `__class__` comes from its class."""
    return tuple(name for name in code.co_freevars if not (owner and name == "__class__"))


def _redirected(
    prelude: list[ast.stmt],
    node: FunctionNode,
    original: types.FunctionType,
    owner: type | None,
    filename: str,
) -> types.CodeType:
    code = original.__code__
    closing = bool(set(code.co_freevars) - {"__class__"})
    if closing and node.decorator_list:
        raise FragmentError(f"{code.co_qualname} is a closure, its fragment cannot be decorated")
    _strip(node)
    _take_defaults(node)
    free = _enclosed(code, owner) if closing else ()
    module = compiled(_factory(prelude, node, owner, free), filename, like=code)
    path = (*((_OUTER,) if free else ()), *((owner.__name__,) if owner else ()), node.name)
    _require_fit(nested_code(module, _FACTORY, *path), code)
    factory = _renamed(nested_code(module, _FACTORY), _PREFIX, "")
    made = _run(factory, original)
    if owner and isinstance(made, type):
        vars(made)[_CELL].__closure__[0].cell_contents = owner  # where super() looks
        made = vars(made)[mangle(node.name, owner.__name__)]
    if not callable(made):
        raise FragmentError(f"the decorators of the fragment give a {type(made).__name__}")
    if closing and isinstance(made, types.FunctionType):
        if node.name in made.__code__.co_freevars and node.name not in code.co_freevars:
            raise FragmentError(f"{code.co_qualname} cannot call itself, the original does not")
        made.__code__ = _named_like(made.__code__, code)
        made = _Closer(made, code.co_freevars)
    return redirect(code, made, closing=closing, filename=filename, line=node.lineno)


class _Closer:
    """Gives a function like `made` over the cells that another function holds for `original`.

    Cells of the fragment's own names stay those of `made`: all closures share its prelude.
    """

    __slots__ = ("_code", "_made", "_own", "_picked", "_theirs")

    def __init__(self, made: types.FunctionType, theirs: tuple[str, ...]) -> None:
        places = {name: index for index, name in enumerate(theirs)}
        code, count = made.__code__, len(theirs)
        mixed = [places.get(name, count + at) for at, name in enumerate(code.co_freevars)]
        self._picked = itemgetter(*mixed, 0, 0)  # two more, so that it gives a tuple
        self._own = made.__closure__ or ()
        self._code, self._made, self._theirs = code, made, theirs

    def __call__(self, holder: types.FunctionType) -> types.FunctionType:
        closure = self._picked(holder.__closure__ + self._own)  # type: ignore[operator]
        made = self._made
        return types.FunctionType(self._code, made.__globals__, made.__name__, None, closure[:-2])

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        """Closures are sent by value, with the constants of their code."""
        return _Closer, (self._made, self._theirs)


def _factory(
    prelude: list[ast.stmt], node: FunctionNode, owner: type | None, free: tuple[str, ...]
) -> ast.FunctionDef:
    """`def factory(defaults, kwdefaults): prelude; def; return` it, in a class for a method.

    For a closure the `def` is in one more function, called once, whose parameters are its free
    variables: that makes cells of these names, which are exchanged for those of each instance.
    """
    definition: ast.stmt = node
    if owner:
        definition = class_(owner.__name__, [assigned_lambda(_CELL, load("__class__")), node])
    found = ast.Return(load(owner.__name__ if owner else node.name))
    if not free:
        return function_(_FACTORY, (_DEFAULTS, _KWDEFAULTS), [*prelude, definition, found])
    outer = function_(_OUTER, free, [definition, found])
    nothing: list[ast.expr] = [ast.Constant(None) for _ in free]
    closed = ast.Return(ast.Call(load(_OUTER), nothing, []))
    return function_(_FACTORY, (_DEFAULTS, _KWDEFAULTS), [*prelude, outer, closed])


def _run(factory: types.CodeType, original: types.FunctionType) -> object:
    make = types.FunctionType(factory, original.__globals__)
    try:
        return make(original.__defaults__ or (), original.__kwdefaults__ or {})
    except (Exception, SystemExit) as error:  # boundary: the variant's statements run here
        raise FragmentError(f"the fragment raises {type(error).__name__}: {error}") from error


def _renamed(code: types.CodeType, prefix: str, by: str) -> types.CodeType:
    """Exchange the beginning of the qualified names that people will see."""

    def name(text: str) -> str:
        return by + text.removeprefix(prefix) if text.startswith(prefix) else text

    consts = tuple(
        _renamed(const, prefix, by)
        if isinstance(const, types.CodeType)
        else name(const)
        if isinstance(const, str)
        else const
        for const in code.co_consts
    )
    return code.replace(co_consts=consts, co_qualname=name(code.co_qualname))


def _strip(node: FunctionNode) -> None:
    """Drop annotations: the function object keeps its own, and these need not resolve."""
    node.returns = None
    if hasattr(node, "type_params"):
        node.type_params = []
    for argument in ast.walk(node.args):
        if isinstance(argument, ast.arg):
            argument.annotation = None


def _take_defaults(node: FunctionNode) -> None:
    """Let the default expressions be the original's objects."""
    own = node.args
    own.defaults = [item(_DEFAULTS, index) for index in range(len(own.defaults))]
    own.kw_defaults = [
        item(_KWDEFAULTS, argument.arg) if default is not None else None
        for argument, default in zip(own.kwonlyargs, own.kw_defaults, strict=True)
    ]


# --- what does not fit ---------------------------------------------------------------------------


def _split(source: str, name: str, free: Sequence[str] = ()) -> tuple[list[ast.stmt], FunctionNode]:
    try:
        tree = syntax_tree(source)
        compile(_closed(source, free) or source, "<fragment>", "exec", dont_inherit=True)
    except UNPARSABLE as error:
        raise FragmentError(f"the fragment does not compile: {error}") from error
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, FunctionNode) or last.name != name:
        came = f"`{ast.unparse(last).splitlines()[0][:60]}`" if last else "nothing"
        raise FragmentError(f"a fragment must end with `def {name}(...)`, this ends with {came}")
    for statement in tree.body[:-1]:
        _require_allowed(statement)
    return tree.body[:-1], last


def _closed(source: str, free: Sequence[str]) -> ast.Module | None:
    """For a look by the compiler: the `def` in a function that has its free variables."""
    tree = syntax_tree(source)
    if not free or not tree.body:
        return None
    tree.body[-1] = function_(_OUTER, tuple(free), [tree.body[-1]])
    return ast.fix_missing_locations(tree)


def _require_allowed(statement: ast.stmt) -> None:
    """Statements that mean something else inside a factory than at module level are refused."""
    for node in _own_scope(statement):
        if isinstance(node, ast.Global):
            raise FragmentError("`global` is not allowed at the module level of a fragment")
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            raise FragmentError("a fragment has the __future__ of its module, not its own")
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            raise FragmentError("a fragment must import by name, not *")


def _own_scope(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    if not isinstance(node, FunctionNode | ast.Lambda | ast.ClassDef):
        for child in ast.iter_child_nodes(node):
            yield from _own_scope(child)


def _require_same_defaults(node: FunctionNode, original: types.FunctionType) -> None:
    """Who has a default must agree, and so must the defaults that are written as literals."""
    positional, keyword = original.__defaults__ or (), original.__kwdefaults__ or {}
    names = [argument.arg for argument in node.args.kwonlyargs]
    written = {n: d for n, d in zip(names, node.args.kw_defaults, strict=True) if d is not None}
    if len(node.args.defaults) != len(positional) or len(written) != len(keyword):
        raise FragmentError("the fragment gives defaults to other parameters than the original")
    pairs = list(zip(node.args.defaults, positional, strict=True))
    pairs += [(written[name], keyword[name]) for name in written if name in keyword]
    for expression, value in pairs:
        if not _may_be(expression, value):
            raise FragmentError(
                f"the fragment has the default {ast.unparse(expression)}, the original has "
                "another; a swap changes code, it cannot change defaults"
            )


def _may_be(expression: ast.expr, value: object) -> bool:
    try:
        literal = ast.literal_eval(expression)
    except (*UNPARSABLE, TypeError):
        return True  # a name or a call; the original's object stays in force
    # A mutable default may have been changed since, so only its type tells.
    same_type = type(literal) is type(value)
    return same_type and (isinstance(value, list | dict | set) or repr(literal) == repr(value))


def _require_fit(code: types.CodeType, original: types.CodeType) -> None:
    if code.co_flags & KINDS != original.co_flags & KINDS:
        raise FragmentError(f"{original.co_qualname} would change its kind (generator, coroutine)")
    if _signature(code) != _signature(original):
        old, new = (ast.unparse(arguments(each)) for each in (original, code))
        raise FragmentError(f"{original.co_qualname} takes ({old}), the fragment takes ({new})")


def _require_same_free(code: types.CodeType, original: types.CodeType) -> None:
    if code.co_freevars != original.co_freevars:
        raise FragmentError(
            f"{original.co_qualname} has the free variables {original.co_freevars}, "
            f"the new code has {code.co_freevars}"
        )


def _signature(code: types.CodeType) -> tuple[object, ...]:
    names = code.co_varnames[: parameter_count(code)]
    counts = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount)
    return (*counts, code.co_flags & STARS, names)
