"""A store on a server, and the genes of an application that runs on several hosts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from codegenesis.model import Gene
from codegenesis.store import Store

if TYPE_CHECKING:
    from codegenesis.store.throwaway import Server


@pytest.fixture
def url(postgres: Server) -> str:
    """What all hosts open."""
    return postgres.fresh()


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[Store]:
    """The store as this process sees it."""
    with Store.open(url, directory=tmp_path / "here") as opened:
        yield opened


@pytest.fixture
def gene(store: Store, tmp_path: Path) -> Gene:
    """A gene whose file is on this host; the store knows it."""
    file = tmp_path / "pricing.py"
    file.write_text("def quote(basket):\n    return sum(basket)\n")
    made = Gene(
        service="shop",
        module="pricing",
        qualname="quote",
        kind="function",
        path=str(file),
        root=str(tmp_path),
        line=1,
        source=file.read_text(),
    )
    store.put_genes([made])
    return made
