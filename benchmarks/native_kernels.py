"""Native backends on kernels of pyperformance: the best verified one against each by itself.

Each kernel is evolved as a whole: a driver function and all that it reaches in the benchmark's
file. Types are read off a few small calls; the build is raced on a larger one, original and
variant in turn in fresh candidates, CPU time read from outside. A variant counts when it passes
the gates and its outcomes are the original's, byte for byte, on the timed input and on further
ones (odd ones among them); else the backend counts as 1.0 for this kernel, as what runs is then
the original.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks.kernels import KERNELS, Kernel
from codegenesis import fragment
from codegenesis.compiler.native import BACKENDS, build_variants
from codegenesis.errors import CodeGenesisError
from codegenesis.evidence.parse import ParseGate
from codegenesis.evidence.policy import PolicyGate
from codegenesis.model import Gene, Variant
from codegenesis.sandbox import Environment, Executor, Limits, Sandbox, Workshop
from codegenesis.wire import encode_call

LIMITS = Limits(cpu_s=60.0, wall_s=180.0, setup_s=60.0)


class Figure(NamedTuple):
    """How many times as fast, over rounds of original and variant in turn."""

    ratio: float
    low: float
    high: float
    before_ms: float
    after_ms: float


def gene_of(kernel: Kernel, home: Path) -> Gene:
    """The kernel's module on disk, and its driver as a gene."""
    path = home / f"kernel_{kernel.name}.py"
    path.write_text(kernel.text())
    found = fragment.find(path.read_text(), "kernel")
    return Gene(
        service="kernels",
        module=path.stem,
        qualname="kernel",
        kind="function",
        path=str(path),
        root=str(home),
        line=found.line,
        source=found.source,
    )


def verified(executor: Executor, gene: Gene, variant: Variant, kernel: Kernel) -> str:
    """Why a variant does not count; empty when it does."""
    for gate in (ParseGate(), PolicyGate()):
        trial = gate.run(variant, _Bare(gene))  # type: ignore[arg-type]  # all that these two ask
        if trial.verdict == "failed":
            return f"{gate.name}: {trial.detail}"
    calls = [encode_call(args, {}) for args in (*kernel.seen, *kernel.more, kernel.timed)]
    for call in calls:
        with executor.candidate("kernel", None) as original:
            expected = original.call(call)
        with executor.candidate("kernel", variant.source) as candidate:
            came = candidate.call(call)
        if expected.kind == "died" or not came.same_as(expected):
            return f"expected {expected.detail or expected.kind}, came {came.detail or came.kind}"
    return ""


class _Bare(NamedTuple):
    gene: Gene


def figure(executor: Executor, variant: Variant, kernel: Kernel, rounds: int) -> Figure:
    """Race on the timed input: one warm call, then a measured one, per fresh candidate."""
    call, pairs = encode_call(kernel.timed, {}), list[tuple[int, int]]()
    for number in range(rounds):
        sides = [(0, None), (1, variant.source)]
        taken = [0, 0]
        for index, source in sides if number % 2 == 0 else reversed(sides):
            with executor.candidate("kernel", source) as candidate:
                candidate.time([call])
                taken[index] = max(1, candidate.time([call]).run_ns)
        pairs.append((taken[0], taken[1]))
    ratios = sorted(before / after for before, after in pairs)
    return Figure(
        ratio=statistics.median(ratios),
        low=ratios[0],
        high=ratios[-1],
        before_ms=statistics.median(before for before, _ in pairs) / 1e6,
        after_ms=statistics.median(after for _, after in pairs) / 1e6,
    )


def measure(kernel: Kernel, home: Path, backends: Sequence[str], rounds: int) -> dict[str, Any]:
    """All backends on one kernel."""
    gene, artifacts = gene_of(kernel, home), home / "artifacts"
    environment = Environment.for_gene(gene, artifacts=str(artifacts), preload=_preload(backends))
    result: dict[str, Any] = {"kernel": kernel.name, "backends": {}, "refused": []}
    with Sandbox(environment, limits=LIMITS) as executor:
        begin = time.perf_counter()
        built = build_variants(
            gene,
            [encode_call(args, {}) for args in kernel.seen],
            artifacts=artifacts,
            workshop=Workshop(),
            backends=backends,
            executor=executor,
        )
        result["build_s"] = round(time.perf_counter() - begin, 1)
        result["refused"] += [*built.missing, *built.failed]
        for variant in built.variants:
            if wrong := verified(executor, gene, variant, kernel):
                result["refused"].append(f"{variant.backend}: {wrong}")
                continue
            result["backends"][variant.backend] = figure(
                executor, variant, kernel, rounds
            )._asdict()
    return result


def _preload(backends: Sequence[str]) -> tuple[str, ...]:
    return ("numba",) if "numba" in backends else ()


def ratio(result: dict[str, Any], backend: str) -> float:
    """Of one backend on one kernel; 1.0 when it has nothing that is proven and faster."""
    found = result["backends"].get(backend)
    return max(1.0, found["ratio"]) if found else 1.0


def best(result: dict[str, Any]) -> float:
    """Of the best backend on one kernel."""
    return max((ratio(result, backend) for backend in result["backends"]), default=1.0)


def mean(ratios: Sequence[float]) -> float:
    """Geometric."""
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def show(results: list[dict[str, Any]], backends: Sequence[str]) -> None:
    """A table, and what was refused."""
    table = Table("kernel", "original", *backends, "best", title="times as fast (CPU)")
    for result in results:
        before = next((f["before_ms"] for f in result["backends"].values()), 0.0)
        cells = []
        for backend in backends:
            found = result["backends"].get(backend)
            text = (
                f"{found['ratio']:.2f} ({found['low']:.2f}–{found['high']:.2f})" if found else "–"
            )
            cells.append(text)
        table.add_row(result["kernel"], f"{before:.1f} ms", *cells, f"{best(result):.2f}")
    singles = [f"{mean([ratio(r, backend) for r in results]):.2f}" for backend in backends]
    table.add_row("geometric mean", "", *singles, f"{mean([best(r) for r in results]):.2f}")
    console = Console()
    console.print(table)
    for result in results:
        for words in result["refused"]:
            console.print(f"{result['kernel']}: {words}", style="dim", highlight=False)


def main() -> None:
    """Run and show; `--json` writes everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kernels", nargs="*", default=[k.name for k in KERNELS])
    parser.add_argument("--backends", nargs="*", default=list(BACKENDS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory(prefix="kernels-") as place:
        home = Path(place, "project")
        (home / "artifacts").mkdir(parents=True)
        Path(place).chmod(0o755)
        for kernel in KERNELS:
            if kernel.name not in options.kernels:
                continue
            try:
                result = measure(kernel, home, options.backends, options.rounds)
            except CodeGenesisError as error:
                result = {"kernel": kernel.name, "backends": {}, "refused": [str(error)]}
            results.append(result)
            print(f"{kernel.name}: {best(result):.2f}", flush=True)
    show(results, options.backends)
    if options.json:
        figures = {b: mean([ratio(r, b) for r in results]) for b in options.backends}
        figures["best"] = mean([best(r) for r in results])
        text = json.dumps({"kernels": results, "geometric_mean": figures}, indent=2)
        options.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
