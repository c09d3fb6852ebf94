"""Pieces of syntax: the redirect, and the small trees that fragments are wrapped in.

Everything is built as trees, not as text, so that evolved code keeps its own line numbers and no
name of the user's can collide with ours (a tree may hold names that no source can spell).
"""

from __future__ import annotations
import __future__

import ast
import inspect
import io
import types
from collections.abc import Callable
from functools import partial
from textwrap import indent

from codegenesis.errors import FragmentError
from codegenesis.parsing import syntax_tree

UNPARSABLE = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)
KINDS = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
STARS = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS
_ASYNC = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
_FUTURE = __future__.annotations.compiler_flag
_FACTORY = "<codegenesis redirect>"
_TARGET = "<codegenesis target>"


def redirect(
    like: types.CodeType,
    target: Callable[..., object],
    *,
    closing: bool = False,
    filename: str = "",
    line: int = 0,
) -> types.CodeType:
    """A code object with name, signature, kind and free variables of `like` that calls `target`.

    A plain function returns `target(...)`, a coroutine awaits it; generators, async ones too, give
    its items and pass on what is sent and thrown in.

    Args:
        closing: call `target(holder)(...)` instead, where `holder.__closure__` are the cells of the
            very closure that was called, in the order of `like.co_freevars`.
        filename, line: what tracebacks show for its frame; by default those of `like`.
    """
    return aim(template(like, closing=closing, filename=filename, line=line), target)


def template(
    like: types.CodeType, *, closing: bool = False, filename: str = "", line: int = 0
) -> types.CodeType:
    """A redirect without its target: compiled once (some 200 us), then aimed (2 us) as often."""
    kind = ast.AsyncFunctionDef if like.co_flags & _ASYNC else ast.FunctionDef
    node = kind(
        name=like.co_name,
        args=arguments(like),
        body=[*keep_free(like.co_freevars), *_forwarding(like, closing=closing)],
        decorator_list=[],
        lineno=line or like.co_firstlineno,
        end_lineno=line or like.co_firstlineno,
        col_offset=-1,  # no columns: tracebacks show the line without a marker
        end_col_offset=-1,
    )
    factory = function_(_FACTORY, like.co_freevars, [node])
    module = compiled(factory, filename or like.co_filename, like=like)
    return nested_code(module, _FACTORY, like.co_name).replace(co_qualname=like.co_qualname)


def aim(code: types.CodeType, target: Callable[..., object]) -> types.CodeType:
    """A new code object: the template `code`, calling `target`."""
    consts = (_hashable(target) if const == _TARGET else const for const in code.co_consts)
    return code.replace(co_consts=tuple(consts))


def mangle(name: str, owner: str) -> str:
    """`name` as it is spelled in the namespace of the class `owner` (`__x` -> `_Owner__x`)."""
    owner = owner.lstrip("_")
    if not owner or not name.startswith("__") or name.endswith("__"):
        return name
    return f"_{owner}{name}"


def compiled(statement: ast.stmt, filename: str, *, like: types.CodeType) -> types.CodeType:
    """The module that holds only `statement`, with the future flags of `like`.

    Raises:
        FragmentError: the compiler refuses it.
    """
    tree = ast.fix_missing_locations(ast.Module([statement], type_ignores=[]))
    flags = like.co_flags & _FUTURE
    try:
        module: types.CodeType = compile(tree, filename, "exec", flags=flags, dont_inherit=True)
    except UNPARSABLE as error:
        raise FragmentError(f"the source of {like.co_qualname} fails: {error}") from error
    return module


def nested_code(code: types.CodeType, *path: str) -> types.CodeType:
    """The code object at `path` inside `code`; of two with one name the last, as it wins.

    Raises:
        FragmentError: there is none: the compiler drops what can never be reached.
    """
    for name in path:
        inner = [const for const in code.co_consts if isinstance(const, types.CodeType)]
        generic = [const for const in inner if const.co_name.startswith("<generic parameters")]
        inner += [c for outer in generic for c in outer.co_consts if isinstance(c, types.CodeType)]
        named = [const for const in inner if const.co_name == name]
        if not named:
            raise FragmentError(f"the definition of {name} can never be reached")
        code = named[-1]
    return code


def arguments(code: types.CodeType) -> ast.arguments:
    """The parameters of `code`, without defaults and annotations."""
    names = [ast.arg(name) for name in code.co_varnames[: parameter_count(code)]]
    positional, rest = names[: code.co_argcount], names[code.co_argcount :]
    keyword, stars = rest[: code.co_kwonlyargcount], rest[code.co_kwonlyargcount :]
    return ast.arguments(
        posonlyargs=positional[: code.co_posonlyargcount],
        args=positional[code.co_posonlyargcount :],
        vararg=stars.pop(0) if code.co_flags & inspect.CO_VARARGS else None,
        kwonlyargs=keyword,
        kw_defaults=[None] * len(keyword),
        kwarg=stars.pop(0) if code.co_flags & inspect.CO_VARKEYWORDS else None,
        defaults=[],
    )


def parameter_count(code: types.CodeType) -> int:
    """How many of `code.co_varnames` are parameters, `*args` and `**kwargs` included."""
    return code.co_argcount + code.co_kwonlyargcount + (code.co_flags & STARS).bit_count()


def keep_free(names: tuple[str, ...]) -> list[ast.stmt]:
    """`if False: name`: no instruction is left of it, but the name stays a free variable."""
    return [ast.If(ast.Constant(False), [ast.Expr(load(name))], []) for name in names]


def function_(name: str, parameters: tuple[str, ...], body: list[ast.stmt]) -> ast.FunctionDef:
    """`def name(parameters): body`."""
    return ast.FunctionDef(name=name, args=_parameters(*parameters), body=body, decorator_list=[])


def class_(name: str, body: list[ast.stmt]) -> ast.ClassDef:
    """`class name: body`."""
    return ast.ClassDef(name=name, bases=[], keywords=[], body=body, decorator_list=[])


def assigned_lambda(name: str, body: ast.expr) -> ast.Assign:
    """`name = lambda: body`."""
    return ast.Assign([ast.Name(name, ast.Store())], ast.Lambda(_parameters(), body))


def load(name: str) -> ast.Name:
    """`name`, read."""
    return ast.Name(name, ast.Load())


def item(name: str, key: int | str) -> ast.Subscript:
    """`name[key]`, read."""
    return ast.Subscript(load(name), ast.Constant(key), ast.Load())


def lines_of(text: str) -> list[str]:
    """The lines as Python counts them (`str.splitlines` splits at form feeds and others too)."""
    return io.StringIO(text, newline=None).readlines()


def _parameters(*names: str) -> ast.arguments:
    return ast.arguments(
        posonlyargs=[],
        args=[ast.arg(name) for name in names],
        kwonlyargs=[],
        kw_defaults=[],
        defaults=[],
    )


def _forwarding(code: types.CodeType, *, closing: bool) -> list[ast.stmt]:
    call = _forwarding_call(code, closing=closing)
    if code.co_flags & inspect.CO_ASYNC_GENERATOR:
        return _delegation(call)
    if code.co_flags & inspect.CO_COROUTINE:
        return [ast.Return(ast.Await(call))]
    if code.co_flags & inspect.CO_GENERATOR:
        return [ast.Return(ast.YieldFrom(call))]
    return [ast.Return(call)]


#: `yield from` for async generators, which the language does not have (PEP 525).
_DELEGATION = """
_inner = None
_item = await _inner.__anext__()
while True:
    try:
        _sent = yield _item
    except GeneratorExit:
        await _inner.aclose()
        raise
    except BaseException as _error:
        _item = await _inner.athrow(_error)
    else:
        _item = await _inner.asend(_sent)
"""


def _delegation(call: ast.Call) -> list[ast.stmt]:
    """Names are such that no parameter can have them; that the inner one ends, ends the outer."""
    (tree,) = syntax_tree(
        "try:\n" + indent(_DELEGATION, "    ") + "except StopAsyncIteration: return"
    ).body
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id.startswith("_"):
            node.id = f"<{node.id}>"
        elif isinstance(node, ast.ExceptHandler) and node.name:
            node.name = f"<{node.name}>"
    assert isinstance(tree, ast.Try)
    assert isinstance(tree.body[0], ast.Assign)
    tree.body[0].value = call
    return [tree]


def _forwarding_call(code: types.CodeType, *, closing: bool) -> ast.Call:
    own = arguments(code)
    positional: list[ast.expr] = [load(a.arg) for a in own.posonlyargs + own.args]
    keywords = [ast.keyword(a.arg, load(a.arg)) for a in own.kwonlyargs]
    if own.vararg:
        positional.append(ast.Starred(load(own.vararg.arg), ast.Load()))
    if own.kwarg:
        keywords.append(ast.keyword(None, load(own.kwarg.arg)))
    # `target if True else None` compiles to the bare constant, without the compiler's warning
    # that a str is not callable (silencing warnings is not thread-safe).
    target: ast.expr = ast.IfExp(ast.Constant(True), ast.Constant(_TARGET), ast.Constant(None))
    if closing:
        cells = ast.Tuple([load(name) for name in code.co_freevars], ast.Load())
        target = ast.Call(target, [ast.Lambda(_parameters(), cells)], [])  # it is never called
    return ast.Call(target, positional, keywords)


def _hashable(target: Callable[..., object]) -> Callable[..., object]:
    """Constants of a code object are hashed with it (tracers and coverage do)."""
    if type(target).__hash__ is not None:
        return target
    return partial(target)
