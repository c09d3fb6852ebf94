"""Seconds to bring the genome up to date, at 1 000 genes and 10 million sampled calls by default.

The calls are spread over seven days, in bursts of sixteen, a tenth of them for segments. Measured:

- the first survey of a store with all these calls in it (once in a life, or after a long rest);
- a survey after another hundredth of the calls, and one with nothing new;
- telling the traits of all genes anew from what is rolled up;
- choosing the next gene to evolve;
- for comparison, the traits of a gene from its newest single calls, times the number of genes.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from codegenesis.genome.rollup import DAY_NS, HOUR_NS
from codegenesis.genome.survey import retell, survey
from codegenesis.lifecycle.schedule import next_gene, refresh
from codegenesis.model import Gene
from codegenesis.store import Store

BURST, DAYS = 16, 7
_COLUMNS = (
    "gene, process, variant, at_ns, wall_ns, cpu_ns, call_digest, sketch, error, fingerprint,"
    " burst_rate, segment, trace"
)
_INSERT = f"INSERT INTO observations ({_COLUMNS}) VALUES ({', '.join('?' * 13)})"


def gene(number: int) -> Gene:
    """One of the functions."""
    return Gene(
        service="shop",
        module=f"shop.m{number // 20}",
        qualname=f"f{number}",
        kind="function",
        path="/nowhere/shop.py",
        root="/nowhere",
        line=1,
        source=f"def f{number}(items):\n    return items\n",
    )


def rows(calls: int, genes: int, *, start_ns: int, span_ns: int, seed: int) -> Iterator[tuple]:
    """Calls in the order of time."""
    rng = random.Random(seed)
    ids = [gene(number).id for number in range(genes)]
    sketches = [
        json.dumps({"items": {"type": "list", "len": size, "items": "int"}})
        for size in range(1, 200)
    ]
    for number in range(calls // BURST):
        at_ns = start_ns + span_ns * number * BURST // calls
        name, rate = rng.choice(ids), rng.uniform(1, 1000)
        segment = f"s{number % 50}" if number % 50 < 5 else ""
        for call in range(BURST):
            cpu_ns = int(rng.lognormvariate(10, 1))
            failed = "builtins.KeyError" if rng.random() < 0.01 else ""
            yield (
                name, f"p{number % 8}", "", at_ns + call * 1000, cpu_ns + 500, cpu_ns,
                f"{rng.getrandbits(128):032x}", sketches[cpu_ns % len(sketches)], failed, failed,
                rate, segment, "",
            )  # fmt: skip


def fill(path: Path, made: Iterator[tuple]) -> None:
    """Put the calls into the store's table, faster than agents would."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.executemany(_INSERT, made)
    connection.close()


def timed(action: Callable[[], object]) -> float:
    """Seconds of wall time."""
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def measure(directory: Path, *, genes: int, calls: int, say: Callable[[str], None]) -> dict:
    """All figures, in one store."""
    now = time.time_ns()
    with Store.open(directory / "genesis.db") as store:
        store.put_genes(gene(number) for number in range(genes))
        say(f"writing {calls:,} calls")
        span_ns = DAYS * DAY_NS
        fill(
            directory / "genesis.db",
            rows(calls, genes, start_ns=now - span_ns, span_ns=span_ns, seed=1),
        )
        ids = [gene(number).id for number in range(genes)]
        say("the first survey")
        result = {"first_survey_s": timed(lambda: survey(store, now_ns=now))}
        new = max(calls // 100, BURST)
        fill(directory / "genesis.db", rows(new, genes, start_ns=now, span_ns=HOUR_NS, seed=2))
        say("refreshing")
        now += HOUR_NS
        result |= {
            "survey_of_a_hundredth_s": timed(lambda: survey(store, now_ns=now)),
            "survey_of_nothing_s": timed(lambda: survey(store, now_ns=now)),
            "retell_all_genes_s": timed(lambda: retell(store, ids, now_ns=now)),
            "next_gene_s": timed(lambda: next_gene(store)),
        }
        some = [gene(number) for number in range(min(genes, 10))]
        single = timed(lambda: [refresh(store, each) for each in some])
        result["from_single_calls_s"] = single / len(some) * genes
        result["buckets"] = sum(len(store.buckets.find(each)) for each in ids)
        result["store_mb"] = store.size_bytes() / 1e6
    result["calls_per_s"] = calls / result["first_survey_s"]
    result["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"genes": genes, "calls": calls, **result}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--genes", type=int, default=1000)
    parser.add_argument("--calls", type=int, default=10_000_000)
    parser.add_argument("--json", type=Path, help="write the result here, too")
    options = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as directory:
        result = measure(
            Path(directory), genes=options.genes, calls=options.calls, say=console.print
        )
    table = Table("genome refresh", "")
    for name, value in result.items():
        table.add_row(name.replace("_", " "), f"{value:,.4g}")
    console.print(table)
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
