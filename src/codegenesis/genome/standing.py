"""Traits that no call shows: what was proven of a gene, and how old its code is.

Determinism and purity come out of the A/A look before a gene is evolved, the strength of evidence
out of wrong versions that it had to notice. Rooms beside this one measure them; here they get the
same form as everything else that is known.

Age is that of the newest line, by `git blame` where the file is in a repository, else by the time
of the file's last change. It is asked for once per version of the source, a file at a time.
"""

from __future__ import annotations

import subprocess
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec.structs import replace

from codegenesis.genome import figures
from codegenesis.genome.figures import Figure
from codegenesis.genome.statistics import Estimate, proportion
from codegenesis.model import Gene, Strength, Trait

DAY_S = 86_400
#: Seconds that git may take for one file.
_GIT_S = 10.0
#: Nothing of the user's configuration is run, and nothing is asked for.
_BLAME = (
    "git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "blame",
    "--line-porcelain", "--no-textconv", "--",
)  # fmt: skip
AGE = "age"


def proven(
    gene: Gene,
    *,
    calls: int,
    same: int,
    pure: bool,
    impure: str = "",
    at_ns: int | None = None,
) -> list[Trait]:
    """What the A/A look at the original came to.

    Args:
        calls: recorded calls that were replayed.
        same: of these, the ones that came out the same each time and as recorded.
        pure: no effect was seen in any of them.
        impure: why it is not pure, in words.
    """
    if not calls:
        return []
    method = "A/A: share of recorded calls that came out the same, Wilson interval"
    found = {"determinism": (proportion(same, calls), "of calls", calls, method)}
    if same:
        found["purity"] = _purity(same, pure, impure)
    return _traits(gene, found, at_ns)


def _purity(calls: int, pure: bool, impure: str) -> Figure:
    if not pure:
        nothing = Estimate(value=0.0, low=0.0, high=0.0)
        return nothing, "of calls", calls, f"effects: {impure or 'not repeatable'}"
    return (
        proportion(calls, calls),
        "of calls",
        calls,
        "no effects in watched calls, Wilson interval",
    )


def solidity(gene: Gene, strength: Strength, *, at_ns: int | None = None) -> list[Trait]:
    """How much the evidence for a gene would notice; none where no wrong version could be tried."""
    if not strength.mutants:
        return []
    estimate = proportion(strength.killed, strength.mutants)
    method = "mutation score: wrong versions that a gate killed, Wilson interval"
    found = {"evidence_strength": (estimate, "of wrong versions", strength.mutants, method)}
    return _traits(gene, found, at_ns)


def _traits(gene: Gene, found: dict[str, Figure], at_ns: int | None) -> list[Trait]:
    stamp = time.time_ns() if at_ns is None else at_ns
    return [figures.trait(gene.id, name, each, at_ns=stamp) for name, each in found.items()]


def ages(genes: Iterable[Gene], *, now_ns: int | None = None) -> list[Trait]:
    """How many days ago the newest line of each gene was written; none of files that are gone."""
    now = time.time_ns() if now_ns is None else now_ns
    by_file: dict[str, list[Gene]] = defaultdict(list)
    for gene in genes:
        by_file[gene.path].append(gene)
    found = []
    for path, group in by_file.items():
        times = _line_times(path)
        for gene in group:
            newest, how = _newest(gene, times)
            if newest:
                days = max(0.0, now / 1e9 - newest) / DAY_S
                exact = Estimate(value=days, low=days, high=days)
                figure = exact, "days", 1, f"{how}; of base {gene.base[:12]}"
                found.append(figures.trait(gene.id, AGE, figure, at_ns=now))
    return found


def aged(age: Trait, *, now_ns: int) -> Trait:
    """The same age, as many days later as have passed since it was looked up."""
    days = age.value + max(0, now_ns - age.at_ns) / 1e9 / DAY_S
    return replace(age, value=days, low=days, high=days, at_ns=now_ns)


def stale(gene: Gene, age: Trait | None) -> bool:
    """Is this age missing, or that of another version of the source?"""
    return age is None or not age.method.endswith(gene.base[:12])


def _newest(gene: Gene, times: Sequence[int]) -> tuple[int, str]:
    inside = times[gene.line - 1 : gene.line + gene.source.count("\n")]
    if inside:
        return max(inside), "newest line by git blame"
    try:
        return int(Path(gene.path).stat().st_mtime), "last change of the file"
    except OSError:
        return 0, ""


def _line_times(path: str) -> list[int]:
    """When each line was committed, Unix seconds; empty where git does not know."""
    file = Path(path)
    try:
        done = subprocess.run(
            [*_BLAME, file.name],
            cwd=file.parent,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_GIT_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    if done.returncode:
        return []
    lines = done.stdout.split(b"\n")
    return [int(line.split()[1]) for line in lines if line.startswith(b"committer-time ")]
