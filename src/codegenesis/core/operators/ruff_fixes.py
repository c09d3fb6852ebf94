"""ruff's fixers as a library of rules: the tail, after everything that is written here by hand.

Two versions: the rules about performance only, and everything that simplifies or modernises, unsafe
and preview fixes included, because the evidence decides. ruff sees the fragment alone, through its
standard input, without the project's settings. What touches annotations is left out (the signature
is not the operator's), and so is every rule about layout.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from codegenesis.core.operator import Context, module_source
from codegenesis.core.predict import forecast
from codegenesis.core.syntax import Unit, signature
from codegenesis.fragment.enclosing import compilable
from codegenesis.model import Gene, Proposal, Trait, Variant

#: Selections, the widest last.
SELECTIONS = (
    "PERF,C40,C41,C42,FURB122,FURB129,FURB132,FURB142,FURB148,FURB161,FURB188,FURB192",
    "PERF,C4,FURB,SIM,UP,RUF,PIE",
)

#: About annotations, comments, and what only a reader sees.
IGNORED = (
    "UP006,UP007,UP035,UP037,UP040,UP045,UP046,UP047,UP049,RUF010,RUF013,RUF059,RUF100,"
    "FURB101,FURB103,FURB113"
)

TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Ruff:
    """The `ruff` operator."""

    name: str = "ruff"
    improves: tuple[str, ...] = ("cpu_ns_mean",)
    gain: float = 1.2

    def applies(self, gene: Gene, traits: Sequence[Trait]) -> Proposal | None:
        """A proposal where ruff has something to fix."""
        context = Context(module_source=module_source(gene), traits=tuple(traits), free=gene.free)
        found = [] if gene.refused else self.write(gene, context=context)
        return forecast(gene, self, traits, variants=len(found)) if found else None

    def write(self, gene: Gene, *, context: Context, seed: int = 0) -> list[Variant]:
        """One variant per selection that fixes something."""
        original = Unit.parse(gene.source)
        found: dict[str, Unit] = {}
        if not context.view(original).plain:
            return []
        for selection in reversed(SELECTIONS):
            unit = _unit(fixed(gene.source, selection), gene.source)
            if unit is None or unit.identity == original.identity:
                break
            found.setdefault(unit.identity, unit)
        return [self._variant(gene, unit, seed) for unit in reversed(found.values())]

    def _variant(self, gene: Gene, unit: Unit, seed: int) -> Variant:
        return Variant(
            gene=gene.id,
            base=gene.base,
            source=unit.source,
            operator=self.name,
            hypothesis="ruff knows a shorter or faster way to say it.",
            risk="Unsafe fixes are among them; they may drop comments and change corner cases.",
            seed=seed,
        )


def _unit(source: str, before: str) -> Unit | None:
    """What ruff made of a fragment, when it is one of the same signature."""
    try:
        compile(compilable(source), "<ruff>", "exec", dont_inherit=True)
        same = signature(source) == signature(before)
        return Unit.parse(source) if same else None
    except (SyntaxError, ValueError):
        return None


@lru_cache(maxsize=256)
def fixed(source: str, selection: str) -> str:
    """The source after ruff's fixes; unchanged when ruff cannot be run."""
    command = [*_ruff(), "check", "--isolated", "--no-cache", "--quiet", "--fix-only"]
    command += ["--unsafe-fixes", "--preview", "--select", selection, "--ignore", IGNORED]
    command += [f"--target-version=py3{sys.version_info.minor}", "--stdin-filename=f.py", "-"]
    try:
        done = subprocess.run(
            command, input=source.encode(), capture_output=True, timeout=TIMEOUT_S, check=False
        )
        return done.stdout.decode() if done.returncode == 0 else source
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return source


@lru_cache(maxsize=1)
def _ruff() -> list[str]:
    """The binary of the package, which may be installed where `python -m ruff` does not look."""
    try:
        from ruff import find_ruff_bin  # type: ignore[import-untyped]

        return [find_ruff_bin()]
    except (ImportError, FileNotFoundError):
        return [sys.executable, "-m", "ruff"]


OPERATOR = Ruff()
