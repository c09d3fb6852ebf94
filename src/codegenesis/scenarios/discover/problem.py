"""What is to be discovered: a program, the parts of it that may change, and what scores it."""

from __future__ import annotations

from typing import Literal

from codegenesis.core.coders import Region
from codegenesis.model import Record

#: How a problem is scored: `evaluate(program_path)` beside the program (OpenEvolve), a script with
#: `--program_path --results_dir` (ShinkaEvolve), `optimize_anything(evaluator=…)` (GEPA), or a
#: function marked `@run` in the program itself (FunSearch).
Kind = Literal["evaluate", "script", "candidate", "run"]


class Problem(Record, frozen=True, kw_only=True):
    """A program to evolve.

    Attributes:
        program: its text.
        path: file that it came from.
        regions: parts that may change, in order; never overlapping.
        kind: how it is scored.
        evaluator: file of the evaluator; the program's own for kind `run`.
        goal: in words, for those who write programs; empty when nobody said.
        features: metrics that describe what a program is like, for the archive.
        thresholds: metrics' score that each stage of a cascade asks for.
        timeout_s: wall seconds for one evaluation; for each stage of a cascade.
        settings: what a peer's configuration says of the search, by our names: `iterations`,
            `islands`, `seed`, `migration_interval`, `migration_rate`, `jobs`, `most_chars`.
        run, evolve: names of the functions with these marks, for kind `run`.
        inputs: what the `@run` function is given, one after the other: a list of tuples of
            arguments as Python writes it; empty to call it once, without arguments.
        notes: settings of a peer's configuration that have no meaning here, with a word for each.
    """

    program: str
    path: str
    regions: tuple[Region, ...]
    kind: Kind = "evaluate"
    evaluator: str = ""
    goal: str = ""
    features: tuple[str, ...] = ()
    thresholds: tuple[float, ...] = ()
    timeout_s: float = 60.0
    settings: dict[str, float] = {}
    run: str = ""
    evolve: str = ""
    inputs: str = ""
    notes: tuple[str, ...] = ()

    def __hash__(self) -> int:
        """By what tells one from another: settings by name have no hash of their own."""
        return hash((self.program, self.path, self.regions, self.evaluator))
