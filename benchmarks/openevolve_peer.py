"""Beside OpenEvolve: its own examples, the same local model, the same number of calls, one run.

    uv venv PEER && uv pip install --python PEER/bin/python openevolve==0.4.0
    python -m benchmarks.openevolve_peer --peer PEER/bin/openevolve-run --checkout OPENEVOLVE \\
        --model FILE.gguf [--calls 30] [--seeds 3] [--json FILE]

Each example is evolved four times: by OpenEvolve as its example's configuration says (edits), by
OpenEvolve with whole programs instead (which a small model can write), by `discover` with the model
alone, and by `discover` with the model and its search, which needs no calls. All ask one server on
this machine through a proxy that counts calls and tokens and refuses what is beyond the allowance.
The best program of each is scored again, five times, by the example's evaluator in a process of its
own. A child is valid when it was scored and is not its parent.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import fmean, median
from typing import Any, NamedTuple

import httpx2
import yaml

from codegenesis.config import Endpoint
from codegenesis.core.budget import Budget, Meter
from codegenesis.core.models.embedded.process import ServerProcess
from codegenesis.core.models.finding import remote
from codegenesis.core.models.fleet import Fleet
from codegenesis.scenarios.discover.evaluating import Evaluators
from codegenesis.scenarios.discover.loading import load
from codegenesis.scenarios.discover.modelled import ModelProposer
from codegenesis.scenarios.discover.offline import offline_proposers
from codegenesis.scenarios.discover.run import discover

EXAMPLES = ("function_minimization", "k_module_problem", "circle_packing")
_SCORE = """
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("evaluator", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
found = module.evaluate(sys.argv[2])
print("\\n" + json.dumps(float(getattr(found, "metrics", found)["combined_score"])))
"""


class Spent(NamedTuple):
    """What the proxy has counted."""

    calls: int
    refused: int
    input_tokens: int
    output_tokens: int


class Proxy:
    """Passes requests on to the model, counts them, and refuses what is too many.

    Args:
        tokens: most of one answer.
    """

    def __init__(self, upstream: str, *, tokens: int) -> None:
        self.tokens = tokens
        self._upstream = upstream.removesuffix("/v1")
        self._lock = threading.Lock()
        self._allowed = 0
        self._spent = Spent(0, 0, 0, 0)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    @contextmanager
    def allowing(self, calls: int) -> Iterator[None]:
        """Count from nothing, and let so many calls pass."""
        self._allowed, self._spent = calls, Spent(0, 0, 0, 0)
        yield

    @property
    def spent(self) -> Spent:
        """Since the last `allowing`."""
        return self._spent

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def _let(self) -> bool:
        with self._lock:
            spent, passes = self._spent, self._spent.calls < self._allowed
            self._spent = spent._replace(
                calls=spent.calls + passes, refused=spent.refused + (not passes)
            )
            return passes

    def _count(self, body: bytes) -> None:
        usage = _usage(body)
        with self._lock:
            self._spent = self._spent._replace(
                input_tokens=self._spent.input_tokens + usage.get("prompt_tokens", 0),
                output_tokens=self._spent.output_tokens + usage.get("completion_tokens", 0),
            )

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(httpx2.get(proxy._upstream + self.path, timeout=600))

            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                asked["max_tokens"] = min(asked.get("max_tokens") or proxy.tokens, proxy.tokens)
                body = json.dumps(asked).encode()
                if not proxy._let():
                    self.send_error(400, "the allowance of calls is used up")
                    return
                answer = httpx2.post(
                    proxy._upstream + self.path,
                    content=body,
                    headers={"Content-Type": "application/json"},
                    timeout=600,
                )
                proxy._count(answer.content)
                self._answer(answer)

            def _answer(self, answer: httpx2.Response) -> None:
                self.send_response(answer.status_code)
                self.send_header("Content-Type", answer.headers.get("Content-Type", "text/plain"))
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler


def _usage(body: bytes) -> dict[str, int]:
    """From a whole answer, or from the last events of a streamed one."""
    lines = [line.removeprefix(b"data: ") for line in body.splitlines()] or [body]
    for line in [body, *reversed(lines)]:
        try:
            usage = json.loads(line).get("usage")
        except (ValueError, AttributeError):
            continue
        if usage:
            return dict(usage)
    return {}


class Run(NamedTuple):
    """What one way of evolving came to."""

    children: int
    valid: int
    program: str
    seconds: float
    cpu_s: float


def main() -> int:
    """Run them all, side by side, and say what came of it."""
    options = _options()
    server = ServerProcess(options.model, name="local", key="", threads=options.threads)
    proxy = Proxy(server.url, tokens=options.tokens)
    rows: list[dict[str, Any]] = []
    try:
        for seed, name, arm in itertools.product(
            range(options.seeds), options.examples, options.arms
        ):
            rows.append(_row(name, arm, seed, proxy, options))
            print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
            _write(rows, server.threads, options)
    finally:
        proxy.close()
        server.close()
    print(json.dumps(_summary(rows), indent=2))
    return 0


def _write(rows: list[dict[str, Any]], threads: int, options: argparse.Namespace) -> None:
    """After each run: the whole takes long."""
    document = {
        "calls": options.calls,
        "tokens_an_answer": options.tokens,
        "model": options.model.name,
        "threads": threads,
        "load": os.getloadavg(),
        "summary": _summary(rows),
        "rows": rows,
    }
    if options.json:
        options.json.write_text(json.dumps(document, indent=2) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--peer", type=Path, required=True, help="its openevolve-run")
    parser.add_argument("--checkout", type=Path, required=True, help="of OpenEvolve")
    parser.add_argument("--model", type=Path, required=True, help="a .gguf file")
    parser.add_argument("--examples", nargs="*", default=EXAMPLES)
    parser.add_argument("--calls", type=int, default=30)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--arms", nargs="*", default=tuple(ARMS))
    parser.add_argument("--tokens", type=int, default=2048, help="most of one answer, for both")
    parser.add_argument("--threads", type=int, default=1, help="of the model")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _row(
    name: str, arm: str, seed: int, proxy: Proxy, options: argparse.Namespace
) -> dict[str, Any]:
    example = options.checkout / "examples" / name
    with tempfile.TemporaryDirectory() as folder, proxy.allowing(options.calls):
        began, cpu = time.monotonic(), _cpu_s()
        run = ARMS[arm](example, Path(folder), proxy.url, seed, options)
        run = run._replace(seconds=time.monotonic() - began, cpu_s=_cpu_s() - cpu)
        best = Path(folder) / "best.py"
        best.write_text(run.program)
        scores = _scores(example / "evaluator.py", best, options)
    return {
        "example": name,
        "arm": arm,
        "seed": seed,
        **proxy.spent._asdict(),
        "children": run.children,
        "valid": run.valid,
        "best": median(scores) if scores else None,
        "best_of_each_scoring": scores,
        "seconds": round(run.seconds, 1),
        "cpu_s": round(run.cpu_s, 1),
    }


def _cpu_s() -> float:
    """Of our own process and of those that have ended; the model's server goes on."""
    both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, both))


def _scores(evaluator: Path, program: Path, options: argparse.Namespace) -> list[float]:
    """By the peer's interpreter, as the peer scores: the program in the evaluator's process."""
    python = options.peer.with_name("python")
    scores = []
    for _ in range(5):
        done = subprocess.run(
            [python, "-c", _SCORE, evaluator, program],
            capture_output=True, text=True, timeout=900, check=False,
        )  # fmt: skip
        if not done.returncode:
            scores.append(json.loads(done.stdout.splitlines()[-1]))
    return scores


# --- the peer -------------------------------------------------------------------------------------


def _as_configured(
    example: Path, folder: Path, url: str, seed: int, options: argparse.Namespace
) -> Run:
    return _openevolve(example, folder, url, seed, options, edits=None)


def _whole_programs(
    example: Path, folder: Path, url: str, seed: int, options: argparse.Namespace
) -> Run:
    return _openevolve(example, folder, url, seed, options, edits=False)


def _openevolve(
    example: Path,
    folder: Path,
    url: str,
    seed: int,
    options: argparse.Namespace,
    *,
    edits: bool | None,
) -> Run:
    config, out = folder / "config.yaml", folder / "out"
    config.write_text(_configured(example, url, seed, options, edits=edits))
    subprocess.run(
        [options.peer, example / "initial_program.py", example / "evaluator.py",
         "--config", config, "--output", out, "--iterations", str(options.calls)],
        capture_output=True, check=False, timeout=3600,
    )  # fmt: skip
    programs = [json.loads(file.read_text()) for file in _programs(out)]
    by_id = {each["id"]: each for each in programs}
    children = [each for each in programs if each.get("parent_id")]
    valid = [each for each in children if _is_valid(each, by_id)]
    best = max(programs, key=_combined, default=None)
    program = best["code"] if best else (example / "initial_program.py").read_text()
    return Run(len(children), len(valid), program, 0.0, 0.0)


def _configured(
    example: Path, url: str, seed: int, options: argparse.Namespace, *, edits: bool | None
) -> str:
    """The example's own configuration, with our model."""
    file = next(f for f in ("config.yaml", "config_phase_1.yaml") if (example / f).exists())
    config = yaml.safe_load((example / file).read_text())
    kept = {k: v for k, v in config.get("llm", {}).items() if k in ("temperature", "top_p")}
    config["llm"] = kept | {
        "api_base": url,
        "api_key": "none",
        "models": [{"name": "local", "weight": 1.0}],
        "max_tokens": options.tokens,
        "timeout": 600,
        "retries": 0,
    }
    calls = options.calls
    config |= {"random_seed": seed, "max_iterations": calls, "checkpoint_interval": calls}
    config.setdefault("evaluator", {})["parallel_evaluations"] = 1
    if edits is not None:
        config["diff_based_evolution"] = edits
    return yaml.safe_dump(config)


def _programs(out: Path) -> list[Path]:
    last = sorted(out.glob("checkpoints/*"), key=lambda each: int(each.name.rpartition("_")[2]))
    return sorted(last[-1].glob("programs/*.json")) if last else []


def _combined(program: dict[str, Any]) -> float:
    return float(program["metrics"].get("combined_score", 0.0))


def _is_valid(program: dict[str, Any], by_id: dict[str, Any]) -> bool:
    """Scored without an error, and not the parent again."""
    parent = by_id.get(program["parent_id"])
    same = parent is not None and parent["code"].strip() == program["code"].strip()
    return "error" not in program["metrics"] and _combined(program) > 0 and not same


# --- ours -----------------------------------------------------------------------------------------


def _with_model(
    example: Path, folder: Path, url: str, seed: int, options: argparse.Namespace
) -> Run:
    del folder
    return _discovered(example, url, seed, options, search=False)


def _with_both(
    example: Path, folder: Path, url: str, seed: int, options: argparse.Namespace
) -> Run:
    del folder
    return _discovered(example, url, seed, options, search=True)


def _discovered(
    example: Path, url: str, seed: int, options: argparse.Namespace, *, search: bool
) -> Run:
    problem = load(example / "initial_program.py", evaluator=example / "evaluator.py")
    endpoint = Endpoint(url=url, parallel=1, timeout_s=600, pause_s=600)
    meter = Meter(Budget(calls=options.calls))
    models = Fleet([remote("local", endpoint, "local", environ={})], meter=meter)
    proposers = [
        ModelProposer(models, parallel=1),
        *(offline_proposers(problem) if search else ()),
    ]
    with models, Evaluators(problem, jobs=1) as evaluators:
        found = discover(problem, evaluators, proposers, meter=meter, seed=seed, jobs=1)
    own = next(tally for tally in found.tallies if tally.name == "model")
    return Run(own.drafts, own.valid, found.best.program, 0.0, 0.0)


ARMS = {
    "openevolve": _as_configured,
    "openevolve, whole programs": _whole_programs,
    "discover, model alone": _with_model,
    "discover, model and search": _with_both,
}


def _summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for name in dict.fromkeys(row["example"] for row in rows):
        for arm in ARMS:
            own = [row for row in rows if (row["example"], row["arm"]) == (name, arm)]
            best = [row["best"] for row in own if row["best"] is not None]
            if not own:
                continue
            found.append(
                {
                    "example": name,
                    "arm": arm,
                    "calls": sum(row["calls"] for row in own),
                    "valid": sum(row["valid"] for row in own),
                    "best_mean": fmean(best) if best else None,
                    "best_least": min(best, default=None),
                    "best_most": max(best, default=None),
                    "seconds": median(row["seconds"] for row in own),
                    "cpu_s": median(row["cpu_s"] for row in own),
                }
            )
    return found


if __name__ == "__main__":
    raise SystemExit(main())
