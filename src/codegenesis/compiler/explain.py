"""A champion in words, for whoever decides about it: the same record for terminal and browser.

What a person asks of a change: why should it be better, what was changed, what did it bring and how
sure is that, what could go wrong, how is it undone. The change is told twice: the size of the diff,
and what kind of code went and came, as read from the two syntax trees.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

import msgspec

from codegenesis.model import Champion, Fitness, Gain, Gene, Record, Strength
from codegenesis.parsing import syntax_tree

_MOST_ITEMS = 3
_MOST_CHARS = 40


class Explanation(Record, frozen=True, kw_only=True):
    """A champion in words.

    Attributes:
        author: who wrote it: this engine, or a model by its name.
        hypothesis: why it should be better.
        change: size of the diff, and what was replaced by what.
        effect: the measured gain with its interval and n.
        gain: the same, as figures.
        fitness: the whole vector; None when only CPU was compared.
        worth: the vector in words, empty without one.
        strength: of the evidence; None when it was not measured.
        evidence: gates that it passed, with the number of checks.
        risk: what could go wrong.
        undo: how to go back, as a command.
        diff: the change itself.
    """

    variant: str
    target: str
    operator: str
    author: str = ""
    hypothesis: str
    change: str
    effect: str
    gain: Gain
    fitness: Fitness | None = None
    worth: str = ""
    strength: Strength | None = None
    evidence: dict[str, int] = {}
    risk: str = ""
    undo: str
    diff: str


def explain(champion: Champion, *, gene: Gene | None = None) -> Explanation:
    """Explain a champion.

    Args:
        gene: what it was made from; without it, the change is told by its size only.
    """
    variant = champion.variant
    target = variant.gene.partition("/")[2]
    return Explanation(
        variant=variant.id,
        target=target,
        operator=variant.operator,
        author=variant.author,
        hypothesis=variant.hypothesis,
        change=_change(champion, gene),
        effect=_effect(champion.gain),
        gain=champion.gain,
        fitness=champion.fitness,
        worth=_worth(champion.fitness),
        strength=champion.strength,
        evidence={trial.gate: trial.checks for trial in champion.trials},
        risk=variant.risk,
        undo=f"codegenesis rollback {target}",
        diff=champion.diff,
    )


def _change(champion: Champion, gene: Gene | None) -> str:
    lines = champion.diff.splitlines()
    more = sum(line.startswith("+") and not line.startswith("+++ ") for line in lines)
    less = sum(line.startswith("-") and not line.startswith("--- ") for line in lines)
    size = f"+{more} −{less} lines"
    words = replaced(gene.source, champion.variant.source) if gene else ""
    return f"{size}: {words}" if words else size


def _effect(gain: Gain) -> str:
    interval = f"99 % interval {gain.low:.3g} to {gain.high:.3g}, n = {gain.n} pairs of processes"
    times = f"{_duration(gain.before_ns)} → {_duration(gain.after_ns)} per call"
    return f"{gain.ratio:.3g}× the speed ({interval}): {times}"


def _worth(fitness: Fitness | None) -> str:
    if fitness is None:
        return ""
    figures = msgspec.structs.asdict(fitness)
    return ", ".join(f"{name} {value:.3g}×" for name, value in figures.items())


def _duration(nanoseconds: float) -> str:
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= size:
            return f"{nanoseconds / size:.3g} {unit}"
    return f"{nanoseconds:.3g} ns"


def replaced(before: str, after: str) -> str:
    """What kind of code went and what came, e.g. `loop over items replaced by call of set`."""
    old, new = (Counter(_features(syntax_tree(text))) for text in (before, after))
    gone, came = list(old - new), list(new - old)
    if gone and came:
        return f"{_listed(gone)} replaced by {_listed(came)}"
    if came:
        return f"{_listed(came)} added"
    return f"{_listed(gone)} removed" if gone else ""


def _listed(items: list[str]) -> str:
    shown = ", ".join(items[:_MOST_ITEMS])
    left = len(items) - _MOST_ITEMS
    return f"{shown} and {left} more" if left > 0 else shown


def _features(tree: ast.Module) -> Iterator[str]:
    """What a reader would name, the largest things first."""
    for statement in tree.body[:-1]:
        yield _of_module(statement)
    for node in ast.walk(tree.body[-1]):
        if words := _of_node(node):
            yield words


def _of_module(statement: ast.stmt) -> str:
    match statement:
        case ast.Import() | ast.ImportFrom():
            return f"import of {', '.join(alias.name for alias in statement.names)}"
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return f"helper {statement.name}"
        case ast.Assign(targets=[ast.Name(id=name)]):
            return f"constant {name}"
    return "code at module level"


def _of_node(node: ast.AST) -> str:
    match node:
        case ast.For() | ast.AsyncFor():
            return f"loop over {_short(node.iter)}"
        case ast.While():
            return f"loop while {_short(node.test)}"
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            return f"comprehension over {_short(node.generators[0].iter)}"
        case ast.Try():
            return "handler of exceptions"
    return _of_expression(node)


def _of_expression(node: ast.AST) -> str:
    words = ""
    match node:
        case ast.Compare(ops=[ast.In() | ast.NotIn()]):
            words = f"lookup in {_short(node.comparators[0])}"
        case ast.Compare():
            words = f"check of {_short(node)}"
        case ast.Call():
            words = f"call of {_short(node.func)}"
        case ast.Await():
            words = f"wait for {_short(node.value)}"
        case ast.Yield() if node.value is not None:
            words = f"yield of {_short(node.value)}"
        case ast.BinOp():
            words = f"arithmetic on {_short(node.left)}"
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.List() | ast.Dict() | ast.Set()):
            words = f"{type(node.value).__name__.lower()} {name}"
    return words


def _short(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= _MOST_CHARS else f"{text[: _MOST_CHARS - 1]}…"
