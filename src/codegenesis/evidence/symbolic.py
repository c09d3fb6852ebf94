"""Gate: can a solver find a difference (CrossHair's `diffbehavior`), or show that there is none?

CrossHair runs original and variant side by side on symbols, in the workshop, and is ended from
outside when its time is up. Neither answer is taken at its word. A difference is tried in the jail
first, on both programs: its models of Python are not exact (an IndexError has no message there).
And "all paths exhausted" counts as proof only over types that it models exactly, and only when the
variant does nothing but compute, as the two share a process there: code that can write or exit
could answer in CrossHair's place. Everything else is support, and says so.
"""

from __future__ import annotations

import ast
import sys

import msgspec

from codegenesis.errors import FragmentError, WireError
from codegenesis.evidence import crosshair
from codegenesis.evidence.annotate import Signature, signature
from codegenesis.evidence.case import Case, Verdicts
from codegenesis.evidence.duel import Duel
from codegenesis.evidence.names import mutated_globals
from codegenesis.evidence.plain import call_of, data_of
from codegenesis.evidence.policy import PolicyGate
from codegenesis.evidence.reach import module_at, reach
from codegenesis.evidence.scan import scan
from codegenesis.evidence.words import clip, show_call
from codegenesis.fragment.syntax import FunctionNode
from codegenesis.model import Gene, Trial, Variant, Verdict
from codegenesis.parsing import syntax_tree
from codegenesis.sandbox import Work, WorkLimits, Workshop

_INSTALL = "CrossHair is not installed: pip install 'codegenesis[symbolic]'"
#: Of the time until it is ended, what it is told to take: for each of two orders, and more in fact.
_TOLD = 0.25
_INEXACT = frozenset({"float", "complex", "math", "cmath", "round", "pow", "decimal", "statistics"})


class SymbolicGate:
    """Symbolic search for a difference.

    Args:
        seconds: on the wall clock, after which CrossHair is ended.
        workshop: by default one that sees the project and nothing else.
        python: interpreter that has CrossHair, and the project's dependencies.
    """

    name = "symbolic"

    def __init__(
        self,
        *,
        seconds: float = 40.0,
        workshop: Workshop | None = None,
        python: str = sys.executable,
    ) -> None:
        self._seconds, self._workshop, self._python = seconds, workshop, python

    def run(self, variant: Variant, case: Case) -> Trial:
        """See `Gate.run`."""
        verdicts = Verdicts(self, variant)
        types = signature(case.gene.source, [call_of(call) for call in dict.fromkeys(case.calls)])
        healing = "it is to answer where the original crashes" if case.objective == "heal" else ""
        why = healing or _unsuited(case.gene, variant) or types.why
        why = why or PolicyGate().run(variant, case).detail
        if why:
            return verdicts.trial("skipped", detail=f"not read symbolically: {why}")
        work = self._ask(variant, case.gene, types, min(self._seconds, case.budget_s))
        found = crosshair.read(_text(work.stdout), _text(work.stderr), types)
        if failure := self._confirmed(found, variant, case):
            return verdicts.trial("failed", detail=failure, checks=found.paths)
        exact = types.exact and _is_exact(case.gene, variant)
        verdict, detail, proof = _judged(found, work, types, exact=exact)
        return verdicts.trial(
            verdict,
            detail=detail,
            checks=found.paths,
            measurements={"proof": float(proof), "paths": float(found.paths)},
        )

    def _ask(self, variant: Variant, gene: Gene, types: Signature, seconds: float) -> Work:
        workshop = self._workshop or Workshop(visible=[gene.root], python=self._python)
        return workshop.run(
            [self._python, "-P", *crosshair.arguments(max(1.0, seconds * _TOLD))],
            files=crosshair.files(gene, variant.source, types),
            limits=WorkLimits(wall_s=seconds, cpu_s=seconds),
        )

    def _confirmed(self, found: crosshair.Found, variant: Variant, case: Case) -> str:
        """Words for the first difference that the jail shows as well."""
        try:
            with Duel(case, variant.source) as duel:
                for call in found.differences:
                    try:
                        words = duel.meet(data_of(call)).words
                    except WireError:
                        continue
                    if words:
                        return words
        except FragmentError as error:
            return str(error)
        return ""


def _unsuited(gene: Gene, variant: Variant) -> str:
    """Why the pair is nothing for a solver, in words."""
    if words := _misplaced(gene):
        return words
    if state := _state(gene):
        return f"it reads {state}, which its module changes"
    if effects := scan(gene):
        return f"it does more than compute ({effects[0].words})"
    for statement in syntax_tree(variant.source).body:
        body = statement if isinstance(statement, FunctionNode) else _wrapped(statement)
        piece = msgspec.structs.replace(gene, source=ast.unparse(body))
        if effects := scan(piece):
            return f"the variant does more than compute ({effects[0].words})"
    return ""


def _misplaced(gene: Gene) -> str:
    if "<locals>" in gene.qualname:
        return "it is made inside another function, whose variables would have to be invented"
    if gene.kind == "method":
        return "it is a method, and its objects would have to be invented"
    return "its module is a script" if gene.module == "__main__" else ""


def _state(gene: Gene) -> str:
    """A variable of the module that the function reads and the module changes."""
    module = module_at(gene.path, gene.module)
    changed = mutated_globals(module) if module else {}
    nodes = (node for reached in reach(gene) for node in ast.walk(reached.node))
    read = (node.id for node in nodes if isinstance(node, ast.Name))
    return next((name for name in read if name in changed), "")


def _wrapped(statement: ast.stmt) -> ast.stmt:
    """A statement as the body of a function: what is looked at is what functions do."""
    function = syntax_tree("def prelude(): pass").body[0]
    if isinstance(function, ast.FunctionDef):
        function.body = [statement]
    return function


def _judged(
    found: crosshair.Found, work: Work, types: Signature, *, exact: bool
) -> tuple[Verdict, str, bool]:
    searched = f"over {types.words()}"
    if found.differences or found.unread:
        reported = [show_call("", data_of(call)) for call in found.differences]
        what = clip([*reported, *found.unread][0], 150)
        return "skipped", f"CrossHair sees a difference that the jail does not: {what}", False
    if not found.none:
        said = _text(work.stderr).strip().splitlines() or ["it said nothing"]
        if "No module named 'crosshair'" in said[-1]:
            return "skipped", _INSTALL, False
        return "skipped", f"CrossHair did not answer: {work.died or clip(said[-1], 200)}", False
    if not found.exhausted:
        return "passed", f"support: no difference on {found.paths} paths {searched}", False
    if not exact:
        return "passed", f"support: no difference on all paths it models {searched}", False
    return "passed", f"proof: no difference on any path {searched}", True


def _is_exact(gene: Gene, variant: Variant) -> bool:
    """No floats: the solver has two models of them, and one is of real numbers."""
    trees = [syntax_tree(variant.source), *(reached.node for reached in reach(gene))]
    return not any(
        isinstance(node, ast.Div)
        or (isinstance(node, ast.Constant) and type(node.value) in (float, complex))
        or (isinstance(node, ast.Name) and node.id in _INEXACT)
        for tree in trees
        for node in ast.walk(tree)
    )


def _text(data: bytes) -> str:
    return data.decode(errors="replace")
