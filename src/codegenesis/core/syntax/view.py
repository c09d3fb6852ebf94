"""One function as a rewrite sees it: who contains whom, which loops surround a node, what is free.

A view is made for one tree and thrown away after one edit; the next step parses again. That costs
about a millisecond and spares every rewrite from tracking nodes through transformations.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TypeVar

import libcst as cst

from codegenesis.core.syntax.children import children
from codegenesis.core.syntax.effects import Effects, effects, suspends
from codegenesis.core.syntax.module import ModuleFacts, module_facts
from codegenesis.core.syntax.names import (
    COMPREHENSIONS,
    binds,
    clauses,
    identifiers,
    own,
    parameters,
    reads,
    walk,
)
from codegenesis.core.syntax.text import code
from codegenesis.core.syntax.unit import Unit
from codegenesis.parsing import syntax_tree

N = TypeVar("N", bound=cst.CSTNode)

Block = cst.SimpleStatementLine | cst.SimpleStatementSuite | cst.BaseCompoundStatement


@dataclass(frozen=True)
class Loop:
    """Something that evaluates a region again and again: a loop, a comprehension clause, a lambda.

    Attributes:
        statement: what stands in a block; code that should run once goes before it.
        does: what one repetition changes, its own variables included.
    """

    node: cst.For | cst.While | cst.CompFor | cst.Lambda
    statement: Block
    does: Effects

    @property
    def is_statement(self) -> bool:
        """Whether it is a `for` or `while` statement."""
        return isinstance(self.node, cst.For | cst.While)


class View:
    """Questions about one function.

    Args:
        unit: the function and its prelude.
        module_source: text of the module that it lives in; may be empty.
        recorded: type names of recorded arguments by parameter; they outrank annotations.
        pure: the function was measured free of effects and deterministic, so what it calls may
            be taken to be so too.
        free: variables of enclosing functions; nothing in front of the function may name them.
    """

    def __init__(
        self,
        unit: Unit,
        *,
        module_source: str = "",
        recorded: Mapping[str, frozenset[str]] = MappingProxyType({}),
        pure: bool = False,
        free: tuple[str, ...] = (),
    ) -> None:
        self.unit = unit
        self.pure = pure
        self.recorded = recorded
        self.free = free
        self.function = unit.function
        self._module_source = module_source
        self.module: ModuleFacts = module_facts(module_source)
        self._known: dict[cst.CSTNode, Loop] = {}
        self._parents: dict[cst.CSTNode, cst.CSTNode] = {}
        stack: list[cst.CSTNode] = [self.function]
        while stack:
            node = stack.pop()
            for child in children(node):
                self._parents[child] = node
                stack.append(child)

    @cached_property
    def nodes(self) -> list[cst.CSTNode]:
        """All nodes of the body, in the order of the source; not of signature and decorators."""
        return list(walk(self.function.body))

    @cached_property
    def _of_kind(self) -> dict[type, list[cst.CSTNode]]:
        found: dict[type, list[cst.CSTNode]] = {}
        for node in self.nodes:
            found.setdefault(type(node), []).append(node)
        return found

    def of(self, kind: type[N]) -> list[N]:
        """The nodes of the body of exactly this class, in the order of the source."""
        return self._of_kind.get(kind, [])  # type: ignore[return-value]

    @cached_property
    def parameters(self) -> dict[str, cst.Param]:
        """Parameters by name."""
        return parameters(self.function)

    @cached_property
    def locals(self) -> frozenset[str]:
        """Parameters and variables of the function."""
        outer = {
            item.name.value
            for node in self.nodes
            if isinstance(node, cst.Global | cst.Nonlocal)
            for item in node.names
        }
        return (binds(self.function.body) | self.parameters.keys()) - outer

    @cached_property
    def plain(self) -> bool:
        """Neither coroutine nor generator."""
        inside = own(self.function.body)
        return self.function.asynchronous is None and not any(map(suspends, inside))

    def again(self, unit: Unit) -> View:
        """A view of a changed unit in the same surroundings."""
        return View(
            unit,
            module_source=self._module_source,
            recorded=self.recorded,
            pure=self.pure,
            free=self.free,
        )

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node that contains `node`; None for the function itself."""
        return self._parents.get(node)

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """From the parent up to the function."""
        while (parent := self._parents.get(node)) is not None:
            yield parent
            node = parent

    def inside(self, node: cst.CSTNode, region: cst.CSTNode) -> bool:
        """Whether `node` is `region` or lies in it."""
        return node is region or any(above is region for above in self.ancestors(node))

    def statement(self, node: cst.CSTNode) -> Block:
        """The statement of a block that contains `node`; an `elif` belongs to its `if`."""
        for here in (node, *self.ancestors(node)):
            if not isinstance(here, Block):
                continue
            parent = self._parents.get(here)
            is_elif = isinstance(here, cst.If) and isinstance(parent, cst.If)
            if not is_elif and not isinstance(here, cst.FunctionDef):
                return here
        raise LookupError("the node is not inside a statement of the function")

    def alone(self, node: cst.CSTNode) -> bool:
        """Whether the expression is a statement of its own."""
        parent = self._parents.get(node)
        line = self._parents.get(parent) if isinstance(parent, cst.Expr) else None
        suites = cst.SimpleStatementLine | cst.SimpleStatementSuite
        return isinstance(line, suites) and len(line.body) == 1

    def siblings(self, statement: cst.CSTNode) -> tuple[list[cst.BaseStatement], int]:
        """The block that holds the statement, as a list, and the position in it."""
        block = self._parents.get(statement)
        if not isinstance(block, cst.IndentedBlock):
            return [], -1
        body = list(block.body)
        return body, next(i for i, s in enumerate(body) if s is statement)

    def loops(self, node: cst.CSTNode) -> list[Loop]:
        """What repeats `node`, innermost first; nothing outside a nested function counts."""
        return list(self._loops(node))

    def _loops(self, node: cst.CSTNode) -> Iterator[Loop]:
        child = node
        for above in self.ancestors(node):
            match above:
                case cst.For() if child is above.body:
                    yield self._loop(above, (above.target, above.body))
                case cst.While() if child is above.body or child is above.test:
                    yield self._loop(above, (above.test, above.body))
                case cst.CompFor() if child is not above.iter:
                    yield self._clause(above)
                case cst.Lambda() if child is above.body:
                    yield self._loop(above, (above.body,))
                case cst.FunctionDef() | cst.ClassDef():
                    return
            if isinstance(above, COMPREHENSIONS) and child is not above.for_in:
                yield from (self._clause(clause) for clause in reversed(clauses(above)))
            child = above

    def _loop(
        self, node: cst.For | cst.While | cst.Lambda, region: tuple[cst.CSTNode, ...]
    ) -> Loop:
        if node in self._known:
            return self._known[node]
        bound = frozenset[str]()
        if isinstance(node, cst.For):
            bound = binds(cst.For(target=node.target, iter=cst.Name("_"), body=_NOTHING))
        if isinstance(node, cst.Lambda):
            bound = frozenset(parameters(node))
        found = Loop(node, self.statement(node), effects(region, bound=bound))
        return self._known.setdefault(node, found)

    def _clause(self, node: cst.CompFor) -> Loop:
        if node in self._known:
            return self._known[node]
        whole = next(a for a in self.ancestors(node) if isinstance(a, COMPREHENSIONS))
        chain = clauses(whole)
        inner = chain[next(i for i, clause in enumerate(chain) if clause is node) :]
        bound = frozenset[str]().union(
            *(binds(cst.AssignTarget(clause.target)) for clause in inner)
        )
        region = [child for child in children(whole) if child is not whole.for_in]
        region += [part for clause in inner for part in clause.ifs]
        region += [clause.iter for clause in inner[1:]]
        found = Loop(node, self.statement(node), effects(region, bound=bound))
        return self._known.setdefault(node, found)

    def outermost(self, expression: cst.CSTNode, *, at: cst.CSTNode | None = None) -> Loop | None:
        """The outermost loop, seen from the expression, in which its value never changes.

        None when it is in no loop, or changes in the innermost. A loop before which no statement
        can be put (the second clause of a comprehension) is passed over.

        Args:
            at: where the expression stands, when it is not part of the function itself.
        """
        found: Loop | None = None
        for loop in self.loops(at or expression):
            if not loop.does.spare(expression):
                break
            if self._reachable(expression, loop):
                found = loop
        return found

    def _reachable(self, expression: cst.CSTNode, loop: Loop) -> bool:
        """Whether the names of the expression exist where the loop's statement begins."""
        hidden: frozenset[str] = frozenset()
        for above in self.ancestors(loop.node):
            if above is loop.statement:
                break
            if isinstance(above, COMPREHENSIONS):
                for clause in clauses(above):
                    hidden |= binds(cst.AssignTarget(clause.target))
            if isinstance(above, cst.Lambda):
                hidden |= frozenset(parameters(above))
        return not reads(expression) & hidden

    def constant(self, name: str) -> bool:
        """Whether a name is no variable of the function and has the same value for good."""
        if name in self.locals or name in self.free:
            return False
        if self.module.constant(name) is not None or name in self._prelude:
            return True
        if name in self.module.defined():
            return False
        return hasattr(builtins, name)

    @cached_property
    def _prelude(self) -> frozenset[str]:
        return binds(*self.unit.prelude)

    @cached_property
    def _taken(self) -> frozenset[str]:
        taken = identifiers(self.function, *self.unit.prelude) | self.module.words()
        return taken | frozenset(dir(builtins))

    def fresh(self, wish: str) -> str:
        """A name like `wish` that nothing here uses."""
        word = "".join(c if c.isalnum() else "_" for c in wish).strip("_") or "value"
        word = f"_{word}" if wish.startswith("_") or word[0].isdigit() else word
        name, number = word, 2
        while name in self._taken or ast_keyword(name):
            name, number = f"{word}_{number}", number + 1
        return name

    def imported(self, module: str, name: str) -> tuple[str, str]:
        """A word for `module.name`, and the import that makes it (empty when there already is)."""
        if name not in self.locals and self.module.imports().get(name) == f"{module}.{name}":
            return name, ""
        for statement in self.unit.prelude:
            text = code(statement).strip()
            if text.startswith(f"from {module} import {name}"):
                return text.rpartition(" ")[2], ""
        word = name if name not in self._taken else self.fresh(f"_{name}")
        alias = "" if word == name else f" as {word}"
        return word, f"from {module} import {name}{alias}"


_NOTHING = cst.SimpleStatementSuite([cst.Pass()])


def ast_keyword(name: str) -> bool:
    """Whether a word cannot be a variable."""
    try:
        syntax_tree(f"{name} = 0")
    except SyntaxError:
        return True
    return False
