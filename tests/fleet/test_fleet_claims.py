"""One engine evolves a gene at a time; another takes over when it is killed or stands still."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codegenesis.lifecycle.claims import RELEASES, TTL_S, Alone, Leased, claims
from codegenesis.model import Gene
from codegenesis.store import Store

STAND_IN = Path(__file__).with_name("engine_stand_in.py")
#: Short, so that tests need not wait for long; it still is renewed in time.
BRIEF_S = 1.5


def until(holds: Callable[[], object], *, within_s: float = 30) -> float:
    """Seconds until it holds."""
    begin = time.monotonic()
    while not holds():
        assert time.monotonic() - begin < within_s
        time.sleep(0.01)
    return time.monotonic() - begin


@contextlib.contextmanager
def engine_elsewhere(
    url: str, gene: Gene, directory: Path, *, ttl_s: float = TTL_S
) -> Iterator[subprocess.Popen[str]]:
    """A process that has claimed the gene and the releases."""
    command = [sys.executable, STAND_IN, url, gene.id, str(ttl_s), directory]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "True\n"
            yield process
        finally:
            process.kill()


@pytest.fixture
def here(store: Store) -> Iterator[Leased]:
    """The claims of an engine in this process."""
    mine = Leased(store, holder="engine-b")
    yield mine
    mine.close()


def test_a_store_in_a_file_needs_no_leases(tmp_path: Path) -> None:
    with Store.open(tmp_path / "genesis.db") as store:
        alone = claims(store, engine="e")
        assert isinstance(alone, Alone)
        assert alone.leads()
        assert alone.claim("gene")
        assert alone.elsewhere() == ()
        assert alone.orphan() is None
        with alone.on("gene"):
            store.append_entry(kind="event", gene="", variant="", envelope="{}", at_ns=1)
        assert store.leases.held() == []


def test_what_one_engine_has_the_other_leaves(
    store: Store, gene: Gene, here: Leased, url: str, tmp_path: Path
) -> None:
    with engine_elsewhere(url, gene, tmp_path) as other:
        assert not here.leads()
        assert not here.claim(gene.id)
        assert gene.id in here.elsewhere()
        assert here.orphan() is None
        out, _ = other.communicate("go on\n", timeout=30)
        assert out == "released\nreleased\n"


def test_what_an_engine_gives_back_can_be_had_at_once(store: Store, gene: Gene) -> None:
    first, second = Leased(store, holder="one"), Leased(store, holder="two")
    assert first.leads()
    assert first.claim(gene.id)
    assert not second.leads()
    first.let_go(gene.id)
    assert second.claim(gene.id)
    first.close()
    assert second.claim(RELEASES)
    assert second.leads()
    second.close()


def test_a_gene_whose_engine_died_is_taken_up_again_once(
    store: Store, gene: Gene, here: Leased
) -> None:
    for expected in (gene, None):
        store.leases.take(gene.id, holder="dead", ttl_s=0.05)
        until(store.leases.abandoned)
        assert here.orphan() == expected
        here.let_go(gene.id)


def test_genes_whose_files_are_not_here_are_left_to_others(
    store: Store, gene: Gene, here: Leased
) -> None:
    assert here.elsewhere() == set()
    Path(gene.path).unlink()
    assert here.elsewhere() == {gene.id}


@pytest.mark.slow
def test_a_killed_engine_is_replaced_within_ten_seconds(
    store: Store, gene: Gene, here: Leased, url: str, tmp_path: Path
) -> None:
    with engine_elsewhere(url, gene, tmp_path) as other:
        other.send_signal(signal.SIGKILL)
        until(lambda: here.leads() and here.orphan() == gene, within_s=10)
    held = {lease.name: lease.holder for lease in store.leases.held()}
    assert held[RELEASES] == held[gene.id] == "engine-b"


@pytest.mark.slow
def test_an_engine_that_stood_still_cannot_release_what_was_taken_over(
    store: Store, gene: Gene, here: Leased, url: str, tmp_path: Path
) -> None:
    with engine_elsewhere(url, gene, tmp_path, ttl_s=BRIEF_S) as other:
        other.send_signal(signal.SIGSTOP)
        until(lambda: here.leads() and here.orphan() == gene, within_s=20)
        other.send_signal(signal.SIGCONT)
        out, _ = other.communicate("go on\n", timeout=30)
    assert out.count("refused") == 2
    assert store.releases() == []
