"""A variant as a change of the project's own file: what a person reviews, and what `--apply`
writes.

A fragment runs with its helpers in private cells; in a file they are module-level names. So
imports join the module's imports, other statements go right before the function (the class, for
a method), and a helper whose name is taken gets another one. The `def` is replaced where it
stands, below its own decorators. Everything else stays byte for byte as it is: line ends, tabs,
comments.

libcst was considered: it round-trips files too, but the work here is on lines and the diff is
all that counts, so positions from `ast` are enough.
"""

from __future__ import annotations

import ast
import tokenize
from collections.abc import Iterator
from difflib import SequenceMatcher, unified_diff
from pathlib import Path

from codegenesis import fragment
from codegenesis.compiler.formatting import format_lines
from codegenesis.compiler.layout import first_line, indented, renamed, split
from codegenesis.errors import FragmentError, UsageError
from codegenesis.evidence.names import bound_in, loads_now
from codegenesis.evidence.reach import bound_names, imported, top_level
from codegenesis.fragment.syntax import FunctionNode
from codegenesis.model import Gene
from codegenesis.parsing import syntax_tree


def patch(gene: Gene, source: str) -> str:
    """The change as a unified diff against the gene's file, paths relative to the gene's root.

    Args:
        source: the variant's fragment.

    Raises:
        FragmentError: the file no longer holds the gene as it was described, or the fragment
            cannot be written into it.
        UsageError: the file cannot be read.
    """
    before = _read(gene.path)
    after = rewritten(gene, source, before)
    path = Path(gene.path)
    name = path.relative_to(gene.root) if path.is_relative_to(gene.root) else Path(path.name)
    lines = unified_diff(split(before), split(after), f"a/{name}", f"b/{name}")
    return "".join(
        line if line.endswith(("\n", "\r")) else f"{line}\n\\ No newline at end of file\n"
        for line in lines
    )


def apply(gene: Gene, source: str) -> str:
    """The new text of the gene's file; raises like `patch`. Nothing is written."""
    return rewritten(gene, source, _read(gene.path))


def _read(path: str) -> str:
    """The text with its line ends as they are."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 (tokenize wants a readline)
            encoding, _ = tokenize.detect_encoding(file.readline)
            file.seek(0)
            return file.read().decode(encoding)
    except (OSError, SyntaxError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error


def rewritten(gene: Gene, source: str, text: str) -> str:
    """A text of the gene's file with the fragment in it; raises like `patch`.

    Args:
        text: the file as it is now, elsewhere, or in another commit.
    """
    fragment.check(source, name=gene.name, free=gene.free)
    site = _Site(gene, text)
    source = site.with_free_names(source)
    changed = "".join(site.spliced(_Parts(source)))
    changed = _formatted(text, changed, gene.path)
    _require_same(gene, source, changed)
    return changed


class _Parts:
    """A fragment, cut up."""

    def __init__(self, source: str) -> None:
        lines = split(source)
        *self.prelude, self.definition = syntax_tree(source).body
        assert isinstance(self.definition, FunctionNode)
        self.decorators = lines[first_line(self.definition) - 1 : self.definition.lineno - 1]
        self.body = lines[self.definition.lineno - 1 : self.definition.end_lineno]
        self._lines = lines

    def text_of(self, statement: ast.stmt) -> list[str]:
        """Its lines, with the comments right above it."""
        first = first_line(statement) - 1
        while first and self._lines[first - 1].lstrip().startswith("#"):
            first -= 1
        return self._lines[first : statement.end_lineno]


class _Site:
    """The place in the file where the gene stands."""

    def __init__(self, gene: Gene, text: str) -> None:
        found = fragment.find(text, gene.qualname)
        if found.source != gene.source:
            raise FragmentError(
                f"{gene.path} no longer holds {gene.qualname} as it was when it was observed",
                remedy="observe it again, then evolve the new version",
            )
        self.lines = split(text)
        self.tree = syntax_tree(text)
        self.end = "\r\n" if "\r\n" in text else "\n"
        nodes = [node for node in ast.walk(self.tree) if isinstance(node, FunctionNode)]
        self.node = next(
            node for node in nodes if (node.lineno, node.name) == (found.line, gene.name)
        )
        self.outer = next(each for each in self.tree.body if _holds(each, self.node))
        self.tabs = any(line.startswith("\t") for line in split(gene.source))

    def with_free_names(self, source: str) -> str:
        """Rename the fragment's helpers whose names mean something else in this module."""
        theirs = {
            name: statement for statement in top_level(self.tree) for name in bound_names(statement)
        }
        theirs |= {name: each for each in self._around() for name in bound_in(each)}
        for statement in syntax_tree(source).body[:-1]:
            for name in bound_names(statement):
                if name not in theirs or _same_binding(statement, theirs[name], name):
                    continue
                if isinstance(statement, ast.Import | ast.ImportFrom):
                    raise FragmentError(f"{name} means something else in the module")
                source = renamed(source, name, _free(name, theirs))
        return source

    def _around(self) -> list[ast.stmt]:
        """Functions that the gene stands in; their variables come before those of the module."""
        nodes = (node for node in ast.walk(self.outer) if isinstance(node, FunctionNode))
        return [each for each in nodes if each is not self.node and _holds(each, self.node)]

    def spliced(self, parts: _Parts) -> list[str]:
        """The lines of the file with the fragment in it; later places first."""
        imports, others = [], []
        for statement in parts.prelude:
            if isinstance(statement, ast.Import | ast.ImportFrom):
                imports += self._missing(statement)
            elif not self._has(statement):
                others.append(statement)
        edits = [self._definition(parts)]
        if others:
            edits.append(self._helpers(parts, others))
        if imports:
            place = self._after_imports()
            edits.append((place, place, [*imports, *self._gap(place)]))
        lines = list(self.lines)
        for start, end, new in sorted(edits, key=lambda edit: edit[:2], reverse=True):
            lines[start:end] = [line.rstrip("\r\n") + self.end for line in new]
        return lines

    def _definition(self, parts: _Parts) -> tuple[int, int, list[str]]:
        node = self.node
        indent = self.lines[node.lineno - 1].encode()[: node.col_offset].decode()
        new = indented([*parts.decorators, *parts.body], indent, tabs=self.tabs)
        return node.lineno - 1, node.end_lineno or node.lineno, new

    def _helpers(self, parts: _Parts, others: list[ast.stmt]) -> tuple[int, int, list[str]]:
        """Before the function or class; after what they read, if that comes later in the file."""
        block = [line for statement in others for line in parts.text_of(statement)]
        block = indented(block, "", tabs=self.tabs)
        read = {name.id for statement in others for name in loads_now(statement)}
        needed = [
            each.end_lineno or 0
            for each in self.tree.body
            if each.lineno > self.outer.lineno and read & set(bound_names(each))
        ]
        if needed:
            return max(needed), max(needed), ["", *block]
        first = first_line(self.outer) - 1
        while first and self.lines[first - 1].startswith("#"):
            first -= 1
        return first, first, [*block, "", ""]

    def _after_imports(self) -> int:
        """Number of lines up to the end of the imports above the function, or of the docstring."""
        above = [each for each in self.tree.body if each.lineno < self.outer.lineno]
        imports = [each for each in above if isinstance(each, ast.Import | ast.ImportFrom)]
        if imports:
            return imports[-1].end_lineno or 0
        if above and isinstance(above[0], ast.Expr) and isinstance(above[0].value, ast.Constant):
            return above[0].end_lineno or 0
        count = 0
        while count < len(self.lines) and self.lines[count].startswith("#"):
            count += 1
        return count

    def _gap(self, place: int) -> list[str]:
        """Blank lines between new imports and what stands there already."""
        there = self.lines[place] if place < len(self.lines) else "\n"
        if not there.strip() or there.startswith(("import ", "from ")):
            return []
        return ["", ""] if there.startswith(("def ", "class ", "async ", "@")) else [""]

    def _missing(self, statement: ast.Import | ast.ImportFrom) -> list[str]:
        """The import, for those names that the module does not have from there."""
        known = {
            item
            for each in self.tree.body
            if each.lineno < self.outer.lineno
            for item in imported(each, "").items()
        }
        wanted = zip(statement.names, imported(statement, "").items(), strict=True)
        names = [alias for alias, item in wanted if item not in known]
        if not names:
            return []
        if isinstance(statement, ast.Import):
            return [ast.unparse(ast.Import([alias])) for alias in names]
        return [ast.unparse(ast.ImportFrom(statement.module, names, statement.level))]

    def _has(self, statement: ast.stmt) -> bool:
        return any(ast.dump(each) == ast.dump(statement) for each in self.tree.body)


def _same_binding(mine: ast.stmt, theirs: ast.stmt, name: str) -> bool:
    if isinstance(mine, ast.Import | ast.ImportFrom):
        return imported(mine, "").get(name) == imported(theirs, "").get(name)
    return ast.dump(mine) == ast.dump(theirs)


def _free(name: str, taken: dict[str, ast.stmt]) -> str:
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"


def _holds(outer: ast.stmt, node: ast.stmt) -> bool:
    return first_line(outer) <= node.lineno <= (outer.end_lineno or 0)


def _formatted(before: str, after: str, path: str) -> str:
    """Lay out the changed lines, from the last to the first so that numbers stay valid."""
    for first, last in reversed(list(_changed(before, after))):
        after = format_lines(after, first, last, path=path)
    return after


def _changed(before: str, after: str) -> Iterator[tuple[int, int]]:
    matcher = SequenceMatcher(None, split(before), split(after), autojunk=False)
    for tag, _, _, low, high in matcher.get_opcodes():
        if tag in ("replace", "insert"):
            yield low + 1, high


def _require_same(gene: Gene, source: str, text: str) -> None:
    """What now stands in the file must be the program that was tested."""
    try:
        stands = syntax_tree(fragment.find(text, gene.qualname).source).body[-1]
    except (SyntaxError, FragmentError) as error:
        raise FragmentError(f"the variant cannot be written into {gene.path}: {error}") from error
    meant = syntax_tree(source).body[-1]
    if isinstance(meant, FunctionNode):
        meant.decorator_list = []
    if ast.dump(stands) != ast.dump(meant):
        raise FragmentError(f"the variant reads differently once it is in {gene.path}")
