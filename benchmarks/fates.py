"""What becomes of every variant of many functions: each is tried once, and replayed at will.

Functions come from `benchmarks.weak` and, with a checkout, from TheAlgorithms/Python: those whose
doctests call them with literals. Sequences in these calls are made longer, as doctests are tiny.
Each variant goes through the gates and, if it lives, a short race; all in the jail.
"""

from __future__ import annotations

import ast
import doctest
import itertools
import math
import sys
import time
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import msgspec

from benchmarks import weak
from codegenesis import core, genome, wire
from codegenesis.compiler.race import Terms, race
from codegenesis.config import load
from codegenesis.errors import CodeGenesisError
from codegenesis.evidence import case, run_gates, survived
from codegenesis.lifecycle import locate, observe
from codegenesis.lifecycle.grounds import lay_grounds
from codegenesis.lifecycle.jails import limits_for, open_sandbox
from codegenesis.model import Gene, Record, Trait, Variant

CALLS = 16
GATE_S, RACE_S, FRESH = 1.5, 1.5, 40
#: A doctest's sequence is made so many times as long, in some of the calls.
LONGER = (1, 4, 16, 64)
#: Calls that take longer than this are left out; the corpus must be gone through.
MOST_NS = 20_000_000


class Fate(Record, frozen=True, kw_only=True):
    """One variant's: the gate it died at (empty when it lived), log gain of the race, seconds."""

    variant: Variant
    died_at: str
    log_gain: float
    seconds: float


class Tried(Record, frozen=True, kw_only=True):
    """One function with all its variants."""

    project: str
    gene: Gene
    traits: tuple[Trait, ...]
    fates: tuple[Fate, ...]


class Function(NamedTuple):
    """One of the corpus, with encoded calls."""

    project: str
    gene: Gene
    calls: list[bytes]


def tried(functions: Iterable[Function], *, seed: int) -> Iterator[Tried]:
    """The functions for which anything can be written, with the fates of all variants."""
    for function in functions:
        try:
            found = _tried(function, seed)
        except CodeGenesisError as error:
            print(f"{function.gene.target}: left out: {error}", file=sys.stderr)
            continue
        if found and found.fates:
            yield found


def _tried(function: Function, seed: int) -> Tried | None:
    gene = function.gene
    config = load(overrides={"seed": seed, "budget_s": 20.0})
    if not any(op.applies(gene, ()) for op in core.operators()):
        return None
    seen = [o for o in observe(gene, function.calls, config) if o.cpu_ns < MOST_NS]
    with open_sandbox(gene, config, limits=limits_for(seen)) as sandbox:
        grounds = lay_grounds(gene, sandbox, seen, config)
        original = grounds.baseline
        if not original.usable or len(original.calls) < 4:
            return None
        traits = genome.measure(gene, grounds.observations)
        context = core.context_for(
            gene,
            grounds.observations,
            traits=traits,
            pure=original.pure,
            deterministic=original.deterministic,
        )
        judged = msgspec.structs.replace(
            case(gene, sandbox, original, budget_s=GATE_S, seed=seed), fresh=FRESH, shrink_s=0.0
        )
        fates = [
            _fate(variant, judged, grounds.gates())
            for variant in core.generate(gene, context=context, seed=seed)
        ]
    exact = tuple(msgspec.structs.replace(t, low=t.value, high=t.value) for t in traits)
    return Tried(project=function.project, gene=gene, traits=exact, fates=tuple(fates))


def _fate(variant: Variant, judged: Any, gates: Any) -> Fate:
    started = time.perf_counter()
    trials = run_gates(gates, variant, judged)
    died_at, log_gain = trials[-1].gate, 0.0
    if survived(trials):
        terms = Terms(pairs=4, most_pairs=4, budget_s=RACE_S)
        ended = race(
            judged.executor, judged.gene.qualname, variant.source, judged.calls,
            original=None, terms=terms,
        )  # fmt: skip
        died_at = "race" if ended.verdict == "failed" else ""
        log_gain = math.log(ended.gain.ratio) if ended.verdict == "faster" else 0.0
    seconds = time.perf_counter() - started
    return Fate(variant=variant, died_at=died_at, log_gain=log_gain, seconds=seconds)


def own(*, seed: int) -> Iterator[Function]:
    """The functions of `benchmarks.weak`."""
    for name in weak.PROJECTS:
        module = import_module(f"benchmarks.weak.{name}")
        assert module.__file__
        for qualname, arguments in module.CALLS.items():
            chance = Random(f"{seed}:{qualname}")
            gene = locate(f"{module.__file__}:{qualname}", service="benchmark", cwd=Path.cwd())
            calls = [wire.encode_call(arguments(chance), {}) for _ in range(CALLS)]
            yield Function(name, gene, calls)


def of_checkout(directory: Path, *, seed: int, most: int) -> Iterator[Function]:
    """Functions of a checkout that their doctests call with literals, spread over its folders."""
    found = 0
    paths = sorted(directory.glob("*/**/*.py"))
    Random(seed).shuffle(paths)
    for path in paths:
        for gene, calls in _of_file(path, Random(f"{seed}:{path.name}")):
            yield Function(path.relative_to(directory).parts[0], gene, calls)
            found += 1
        if found >= most:
            return


def _of_file(path: Path, chance: Random) -> Iterator[tuple[Gene, list[bytes]]]:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError):
        return
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef):
            continue
        examples = list(doctest_arguments(node))
        try:
            gene = locate(f"{path}:{node.name}", service="benchmark", cwd=path.parent)
        except CodeGenesisError:
            continue
        if examples and any(op.applies(gene, ()) for op in core.operators()):
            yield gene, [_longer(examples, k, chance) for k in range(CALLS)]


def doctest_arguments(node: ast.FunctionDef) -> Iterator[tuple[Any, ...]]:
    """Arguments of calls in the doctests, as far as they are literals."""
    try:
        examples = doctest.DocTestParser().get_examples(ast.get_docstring(node) or "")
        statements = [each for example in examples for each in ast.parse(example.source).body]
    except (ValueError, SyntaxError):
        return
    for call in (n for each in statements for n in ast.walk(each) if isinstance(n, ast.Call)):
        if isinstance(call.func, ast.Name) and call.func.id == node.name and not call.keywords:
            try:
                yield tuple(map(ast.literal_eval, call.args))
            except ValueError:
                continue


def _longer(examples: list[tuple[Any, ...]], k: int, chance: Random) -> bytes:
    times = LONGER[k % len(LONGER)]
    return wire.encode_call(tuple(grown(a, times, chance) for a in examples[k % len(examples)]), {})


def grown(value: Any, times: int, chance: Random) -> Any:
    if times == 1 or not isinstance(value, list | str) or len(value) < 2:
        return value
    if isinstance(value, str):
        return "".join(chance.choices(value, k=times * len(value)))
    plain = all(isinstance(item, int | float | str) for item in value)
    if not plain:
        return value
    more = [_near(chance.choice(value), chance) for _ in range((times - 1) * len(value))]
    grown = [*value, *more]
    return sorted(grown) if value == sorted(value) else grown


def _near(item: Any, chance: Random) -> Any:
    return item + chance.randrange(100) if type(item) is int else item


def kept(path: Path) -> list[Tried]:
    """What an earlier run wrote."""
    return [msgspec.json.decode(line, type=Tried) for line in path.read_bytes().splitlines()]


def write(path: Path, checkout: Path | None, *, most: int, seed: int = 0) -> None:
    """Try everything and keep it in a file, a function a line."""
    functions = own(seed=seed)
    if checkout is not None:
        functions = itertools.chain(functions, of_checkout(checkout, seed=seed, most=most))
    with path.open("wb") as out:
        for each in tried(functions, seed=seed):
            out.write(msgspec.json.encode(each) + b"\n")
            out.flush()
            _tell(each)


def _tell(each: Tried) -> None:
    fates = "; ".join(
        f"{f.variant.operator} {f.died_at or f'{math.exp(f.log_gain):.2f}×'}" for f in each.fates
    )
    print(f"{each.project} {each.gene.qualname}: {fates}", file=sys.stderr, flush=True)
