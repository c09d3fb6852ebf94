"""Two hosts, each with its program, its agent, its keys and its engine, on one store."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codegenesis.ledger import KeyRing, Ledger, verify_all
from codegenesis.lifecycle.claims import RELEASES
from codegenesis.store import Store

PROGRAM = Path(__file__).parents[1] / "lifecycle" / "app.py"
SETTINGS = """\
[project]
name = "books"
version = "1"

[tool.codegenesis]
target = ["app.py:doublets"]
capture = "values"
probe_budget = 0.2
poll_s = 0.05
budget_s = 8
symbolic_s = 0
min_strength = 0
canary_pairs = 60
shadow_calls = 8
"""
HOSTS = ("hosta", "hostb")
PATIENCE_S = 150.0
#: Each process in a namespace where the host has another name.
NAMED = ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"']

pytestmark = pytest.mark.slow


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The program as it is deployed on every host."""
    probe = subprocess.run([*NAMED, "probe", "true"], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip("this user cannot give processes another host name")
    shutil.copy(PROGRAM, tmp_path / "app.py")
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    return tmp_path


@pytest.fixture
def directories(project: Path, store: Store) -> dict[str, Path]:
    """Each host's own directory with its keys, and the public keys of the others."""
    made = {host: project / f".{host}" for host in HOSTS}
    rings = {host: KeyRing(made[host] / "keys").ensure() for host in HOSTS}
    for here, there in (HOSTS, HOSTS[::-1]):
        for role in ("engine", "approver"):
            shutil.copy(
                rings[there].directory / f"{role}.pub",
                rings[here].directory / f"{role}-{there}.pub",
            )
    return made


@contextlib.contextmanager
def running(project: Path, host: str, directory: Path, url: str) -> Iterator[subprocess.Popen[str]]:
    """`codegenesis run -- python app.py` on a host, with an engine beside it."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CODEGENESIS_")}
    environment |= {"CODEGENESIS_STORE": url, "CODEGENESIS_DIRECTORY": str(directory)}
    command = [sys.executable, "-m", "codegenesis", "run", "--", sys.executable, "app.py"]
    app = subprocess.Popen(
        [*NAMED, host, *command],
        cwd=project,
        env={**environment, "CODEGENESIS_MODELS": "off"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield app
    finally:
        app.kill()
        app.communicate()


def eventually(holds: Callable[[], object], what: str, *, within_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, f"not within {within_s:g} s: {what}"
        time.sleep(0.05)


def swapped_on(store: Store, release_id: str) -> set[str]:
    """Hosts with a process that runs this release live."""
    hosts = {process.id: process.host for process in store.processes(role="app")}
    return {
        hosts[ack.process]
        for ack in store.acks(release_id)
        if (ack.outcome, ack.stage) == ("swapped", "live")
    }


def leader(store: Store) -> str:
    """Id of the engine that moves releases; empty when there is none."""
    held = {lease.name: lease.holder for lease in store.leases.held()}
    return held.get(RELEASES, "")


def evolving(store: Store) -> dict[str, str]:
    """Genes that are being evolved, and by which engine."""
    held = {lease.name: lease.holder for lease in store.leases.held()}
    return {name: holder for name, holder in held.items() if not name.startswith("*")}


@pytest.fixture
def fleet(
    project: Path, directories: dict[str, Path], store: Store, url: str
) -> Iterator[list[subprocess.Popen[str]]]:
    """The program on both hosts, with an engine beside each."""
    with contextlib.ExitStack() as stack:
        apps = [
            stack.enter_context(running(project, host, directory, url))
            for host, directory in directories.items()
        ]
        eventually(lambda: len(store.processes(role="engine")) == 2, "two engines")
        yield apps


def test_what_one_host_evolves_runs_on_all(
    fleet: list[subprocess.Popen[str]], directories: dict[str, Path], store: Store, url: str
) -> None:
    assert {engine.host for engine in store.processes(role="engine")} == set(HOSTS)
    eventually(lambda: store.releases(stages=["live"]), "a live version")
    release = store.releases(stages=["live"])[0]
    eventually(lambda: swapped_on(store, release.id) == set(HOSTS), "both hosts run it")
    for app in fleet:
        out, err = app.communicate("", timeout=60)
        assert (app.returncode, out) == (0, "served\n"), err
    for directory in directories.values():
        with Store.open(url, directory=directory) as seen_from_there:
            report = verify_all(seen_from_there, KeyRing(directory / "keys"))
        checks = {check.name: check for check in report.checks}
        assert checks["chain"].ok
        assert checks["signatures"].ok


def test_when_an_engine_is_killed_another_takes_over_its_gene_and_the_releases(
    fleet: list[subprocess.Popen[str]], store: Store
) -> None:
    engines = {process.id: process for process in store.processes(role="engine")}
    begun: dict[str, str] = {}
    eventually(lambda: begun.update(evolving(store)) or (begun and leader(store)), "an evolution")
    ((gene, victim),) = begun.items()
    os.kill(engines[victim].pid, signal.SIGKILL)
    (other,) = engines.keys() - {victim}
    eventually(
        lambda: leader(store) == other and evolving(store).get(gene) == other,
        "the other engine took over",
        within_s=10,
    )
    eventually(lambda: store.releases(gene=gene, stages=["live"]), "its version is live")


def test_a_host_that_joins_goes_on_from_the_anchor_that_was_brought_to_it(
    directories: dict[str, Path], url: str
) -> None:
    first, second = directories.values()
    with Store.open(url, directory=first) as store:
        Ledger(store, KeyRing(first / "keys")).event("", "", "freeze", "before")
    shutil.copy(first / "HEAD.anchor", second)
    with Store.open(url, directory=second) as store:
        ring = KeyRing(second / "keys")
        Ledger(store, ring).event("", "", "thaw", "after")
        assert verify_all(store, ring).ok
