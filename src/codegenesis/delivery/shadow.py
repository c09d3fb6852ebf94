"""Shadow: fresh live calls, answered a second time by the champion in the jail.

The gates before worked on calls recorded in the past; this is the first look at what comes in after
the champion was chosen. The live process is not touched: it answers with the old code and records
what it answered, and the replay happens here.

A difference counts against the champion only if the original, replayed in the same jail, gives the
live answer. Otherwise the call is not repeatable (time, chance, state that the jail does not have)
and says nothing; it is left out and counted.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, ExitStack

from codegenesis.errors import FragmentError, SandboxImportError
from codegenesis.model import Gene, Observation, Outcome, Record, Variant
from codegenesis.parsing import syntax_tree
from codegenesis.sandbox import Candidate, Executor
from codegenesis.store import Store

#: Makes an executor for the environment of a gene; the caller decides whether to keep it warm.
ExecutorFactory = Callable[[Gene], AbstractContextManager[Executor]]

#: Calls that are replayed in one step, so that one release does not hold up the others.
BATCH = 64


class Comparison(Record, frozen=True, kw_only=True):
    """What replaying came to.

    Attributes:
        agreed: calls on which the champion gave the live answer (or healed a crash).
        excluded: calls that the original does not repeat in the jail either.
        mismatch: the first difference that is the champion's own, in words; empty for none.
    """

    agreed: int = 0
    excluded: int = 0
    mismatch: str = ""

    def __add__(self, other: Comparison) -> Comparison:
        return Comparison(
            agreed=self.agreed + other.agreed,
            excluded=self.excluded + other.excluded,
            mismatch=self.mismatch or other.mismatch,
        )


class Shadow:
    """How far the replay of one release has come.

    Args:
        since_ns: calls before this are not fresh.
    """

    def __init__(self, since_ns: int) -> None:
        self._since_ns = since_ns
        self._total = Comparison()

    def look(
        self,
        store: Store,
        gene: Gene,
        variant: Variant,
        *,
        objective: str,
        executors: ExecutorFactory,
    ) -> Comparison:
        """Replay what was recorded since the last look; the total so far."""
        fresh = store.observations(gene.id, since_ns=self._since_ns, limit=BATCH)
        if fresh:
            self._since_ns = fresh[-1].at_ns + 1
            self._total += compare(gene, variant, fresh, objective=objective, executors=executors)
        return self._total


def replayable(gene: Gene, observations: Iterable[Observation]) -> list[Observation]:
    """Calls of the original that were kept, with their outcome where it can be.

    What a generator gave is never kept; a function whose outcome is missing has returned something
    that cannot be compared.
    """
    gives = _gives(syntax_tree(gene.source).body[0])
    return [
        each
        for each in observations
        if each.call is not None and not each.variant and (gives or each.outcome is not None)
    ]


def _gives(node: ast.AST) -> bool:
    """Whether a function's own body yields; functions inside of it do not count."""
    inner = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    return any(
        isinstance(child, ast.Yield | ast.YieldFrom)
        or (not isinstance(child, inner) and _gives(child))
        for child in ast.iter_child_nodes(node)
    )


def compare(
    gene: Gene,
    variant: Variant,
    observations: Iterable[Observation],
    *,
    objective: str,
    executors: ExecutorFactory,
) -> Comparison:
    """Replay live calls on the champion; stops at the first mismatch that is its own.

    Raises:
        SandboxUnavailableError: this machine cannot isolate code.
    """
    calls = replayable(gene, observations)
    if not calls:
        return Comparison()
    try:
        with ExitStack() as stack:
            executor = stack.enter_context(executors(gene))
            champion = stack.enter_context(executor.candidate(gene.qualname, variant.source))
            original = _Original(stack, executor, gene)
            return _compare(champion, original, calls, heal=objective == "heal")
    except (FragmentError, SandboxImportError) as error:
        return Comparison(mismatch=f"it cannot be run in the sandbox: {error}")


class _Original:
    """The original in the jail, started at the first call that needs it."""

    def __init__(self, stack: ExitStack, executor: Executor, gene: Gene) -> None:
        self._stack = stack
        self._executor = executor
        self._gene = gene
        self._candidate: Candidate | None = None

    def call(self, call: bytes) -> Outcome:
        if self._candidate is None:
            self._candidate = self._stack.enter_context(
                self._executor.candidate(self._gene.qualname, None)
            )
        return self._candidate.call(call)


def _compare(
    champion: Candidate, original: _Original, calls: list[Observation], *, heal: bool
) -> Comparison:
    total = Comparison()
    for observation in calls:
        call, live = observation.call, observation.outcome
        assert call is not None
        answer = champion.call(call)
        if live is None:  # what a generator gave was not kept: the original gives it again
            live = original.call(call)
        if live.kind == "died":
            total += Comparison(excluded=1)
        elif _agrees(answer, live, heal=heal):
            total += Comparison(agreed=1)
        elif original.call(call).same_as(live):
            return total + Comparison(mismatch=_difference(answer, live))
        else:
            total += Comparison(excluded=1)
    return total


def _agrees(answer: Outcome, live: Outcome, *, heal: bool) -> bool:
    if heal and live.kind == "raised" and answer.kind == "returned":
        return True
    return answer.same_as(live)


def _difference(answer: Outcome, live: Outcome) -> str:
    if answer.kind != live.kind:
        return f"it {_words(answer)} where the live process {_words(live)}"
    if answer.value != live.value:
        return f"it {answer.kind} something else than the live process"
    return "it leaves its arguments in another state than the live process"


def _words(outcome: Outcome) -> str:
    return f"{outcome.kind} ({outcome.detail})" if outcome.detail else outcome.kind
