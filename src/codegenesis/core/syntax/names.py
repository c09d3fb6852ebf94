"""Which variables a piece of code reads and which it binds.

LibCST's own `ScopeProvider` answers this for whole modules and needs metadata wrappers around every
tree; rewrites ask for single expressions and loop bodies, many times, on trees that change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from codegenesis.core.syntax.children import children

COMPREHENSIONS = (cst.ListComp, cst.SetComp, cst.DictComp, cst.GeneratorExp)
Comprehension = cst.ListComp | cst.SetComp | cst.DictComp | cst.GeneratorExp


def reads(*nodes: cst.CSTNode) -> frozenset[str]:
    """Free variables that evaluating the nodes reads (comprehension variables are not free)."""
    return frozenset(name for node in nodes for name in _reads(node))


def binds(*nodes: cst.CSTNode) -> frozenset[str]:
    """Variables of the surrounding function that executing the nodes binds or deletes."""
    return frozenset(name for node in nodes for name in _binds(node))


def targets(node: cst.CSTNode) -> frozenset[str]:
    """Variables that a target of an assignment or a loop binds."""
    match node:
        case cst.Name():
            return frozenset({node.value})
        case cst.Tuple() | cst.List():
            return frozenset().union(*(targets(element.value) for element in node.elements))
        case cst.StarredElement():
            return targets(node.value)
    return frozenset()


def parameters(function: cst.FunctionDef | cst.Lambda) -> dict[str, cst.Param]:
    """Parameters by name, in the order of the signature."""
    params = function.params
    found = [*params.posonly_params, *params.params]
    if isinstance(params.star_arg, cst.Param):
        found.append(params.star_arg)
    found += params.kwonly_params
    if params.star_kwarg is not None:
        found.append(params.star_kwarg)
    return {param.name.value: param for param in found}


def clauses(node: Comprehension) -> list[cst.CompFor]:
    """The `for` clauses of a comprehension, outermost first."""
    found = [node.for_in]
    while found[-1].inner_for_in is not None:
        found.append(found[-1].inner_for_in)
    return found


def walk(*nodes: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """All nodes below, depth first, in the order of the source."""
    stack = list(reversed(nodes))
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(children(node)))


def own(*nodes: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Like `walk`, without what lies inside nested functions, lambdas and classes."""
    for node in nodes:
        yield node
        if not isinstance(node, cst.FunctionDef | cst.Lambda | cst.ClassDef):
            yield from own(*children(node))


def identifiers(*nodes: cst.CSTNode) -> frozenset[str]:
    """Every word used as a name anywhere, attributes included."""
    return frozenset(node.value for node in walk(*nodes) if isinstance(node, cst.Name))


def _all(nodes: Iterable[cst.CSTNode]) -> frozenset[str]:
    return frozenset(name for node in nodes for name in _reads(node))


def _reads(node: cst.CSTNode) -> frozenset[str]:  # noqa: PLR0911 (one case per kind of scope)
    match node:
        case cst.Name():
            return frozenset({node.value})
        case cst.Attribute():
            return _reads(node.value)
        case cst.Arg():
            return _reads(node.value)
        case cst.NamedExpr():
            return _reads(node.value)
        case cst.ListComp() | cst.SetComp() | cst.DictComp() | cst.GeneratorExp():
            bound = frozenset().union(*(targets(clause.target) for clause in clauses(node)))
            return _all(children(node)) - bound
        case cst.Lambda() | cst.FunctionDef():
            return _reads_of_function(node)
        case cst.AssignTarget():
            return _reads_of_target(node.target)
        case cst.AnnAssign():
            inside = _reads(node.value) if node.value else frozenset[str]()
            return inside | _reads_of_target(node.target)
        case cst.For() | cst.CompFor():
            rest = [child for child in children(node) if child is not node.target]
            return _all(rest) | _reads_of_target(node.target)
        case cst.AsName() | cst.Global() | cst.Nonlocal() | cst.Import() | cst.ImportFrom():
            return frozenset()
    return _all(children(node))


def _reads_of_function(node: cst.Lambda | cst.FunctionDef) -> frozenset[str]:
    params = parameters(node)
    defaults = _all(param.default for param in params.values() if param.default)
    inside = binds(node.body) if isinstance(node, cst.FunctionDef) else frozenset[str]()
    return (_reads(node.body) - params.keys() - inside) | defaults


def _reads_of_target(node: cst.CSTNode) -> frozenset[str]:
    """`a, b[i] = ...` reads `b` and `i`, not `a`."""
    match node:
        case cst.Name():
            return frozenset()
        case cst.Tuple() | cst.List():
            return frozenset().union(*(_reads_of_target(e.value) for e in node.elements))
        case cst.StarredElement():
            return _reads_of_target(node.value)
    return _reads(node)


#: Matching a node against a class of LibCST is slow, so most nodes are told apart by their type.
_BINDING = frozenset(
    {
        cst.AnnAssign,
        cst.AsName,
        cst.AssignTarget,
        cst.AugAssign,
        cst.ClassDef,
        cst.Del,
        cst.For,
        cst.FunctionDef,
        cst.ImportAlias,
        cst.Lambda,
        cst.MatchAs,
        cst.MatchStar,
        cst.NamedExpr,
    }
)


def _binds(node: cst.CSTNode) -> frozenset[str]:  # noqa: PLR0911
    if type(node) not in _BINDING:
        return _within(node)
    match node:
        case cst.AssignTarget() | cst.AnnAssign() | cst.AugAssign() | cst.NamedExpr():
            return targets(node.target) | _within(node)
        case cst.For():
            return targets(node.target) | _within(node)
        case cst.Del():
            return targets(node.target)
        case cst.AsName():
            return targets(node.name)
        case cst.FunctionDef() | cst.ClassDef():
            return frozenset({node.name.value})
        case cst.ImportAlias():
            if node.asname is not None:
                return targets(node.asname.name)
            name = node.name
            while isinstance(name, cst.Attribute):
                name = name.value  # type: ignore[assignment]  # import a.b.c binds a
            return targets(name)
        case cst.Lambda():
            return frozenset()
        case cst.MatchAs() | cst.MatchStar():
            return (targets(node.name) if node.name else frozenset[str]()) | _within(node)
    return _within(node)


def _within(node: cst.CSTNode) -> frozenset[str]:
    found, stack = frozenset[str](), children(node)
    while stack:
        child = stack.pop()
        if type(child) in _BINDING:
            found |= _binds(child)
        else:
            stack.extend(children(child))
    return found
