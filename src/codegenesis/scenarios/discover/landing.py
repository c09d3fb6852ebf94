"""The best program of a run: where it comes from, signed, and its way into the file."""

from __future__ import annotations

import time
from pathlib import Path

from codegenesis.ledger import Ledger
from codegenesis.lifecycle.landing.files import contents, write
from codegenesis.model import Entry, Gene, Landing, Variant
from codegenesis.scenarios.discover.outcome import Discovery
from codegenesis.scenarios.discover.problem import Problem
from codegenesis.store import Store

#: What a whole program is called where a function has its name.
WHOLE = "<program>"


def note_origin(
    store: Store, ledger: Ledger, problem: Problem, found: Discovery, *, service: str, seed: int
) -> Entry:
    """Write into the ledger who wrote the best program, from what, and for which score.

    Args:
        service: name of the application.
        seed: of the run.
    """
    path, best = Path(problem.path), found.best
    gene = Gene(
        service=service,
        module=path.stem,
        qualname=WHOLE,
        kind="function",
        path=str(path),
        root=str(path.parent),
        line=1,
        source=problem.program,
    )
    variant = Variant(
        gene=gene.id,
        base=gene.base,
        source=best.program,
        parents=best.parents,
        operator=best.operator,
        author=best.model or "codegenesis",
        hypothesis=f"score {best.score:.9g} for {found.first.score:.9g}; {best.words}"[:500],
        risk="It is as good as its evaluator says, on what the evaluator looks at.",
        seed=seed,
    )
    store.put_variant(variant)
    return ledger.provenance(gene, variant, objective=f"discover:{problem.evaluator}", seed=seed)


def apply_best(store: Store, problem: Problem, found: Discovery) -> str:
    """Put the best program into its file; `codegenesis undo RUN` takes it back.

    Returns:
        Why it was not done, when the file reads differently by now; empty when it was.

    Raises:
        UsageError: the file cannot be read or written.
    """
    path = Path(problem.path).resolve()
    before, after = contents(path), found.best.program.encode()
    if before.decode("utf-8", "replace") != problem.program:
        return f"not applied: {path} does not read as the program that the run began with"
    landing = Landing(
        run=found.run,
        path=str(path),
        before=before,
        after=after,
        targets=(f"{path.stem}:{WHOLE}",),
        at_ns=time.time_ns(),
    )
    store.runs.add_landings([landing])
    write(path, after)
    return ""
