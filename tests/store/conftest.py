"""Stores and records for the tests of the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codegenesis.model import Gene, Observation, Outcome, Release
from codegenesis.store import Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a store is to be; nothing is there yet."""
    return tmp_path / ".codegenesis" / "genesis.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """A fresh store."""
    with Store.open(path) as opened:
        yield opened


@pytest.fixture
def gene() -> Gene:
    """A gene."""
    return Gene(
        service="shop",
        module="shop.pricing",
        qualname="quote",
        kind="function",
        path="/srv/app/shop/pricing.py",
        root="/srv/app",
        line=3,
        source="def quote(basket): ...",
    )


@pytest.fixture
def observe() -> Callable[..., list[Observation]]:
    """Makes observations of a gene, one a nanosecond."""

    def make(gene_id: str, count: int, *, start_ns: int = 0) -> list[Observation]:
        return [
            Observation(
                gene=gene_id,
                process="host-1-1",
                at_ns=start_ns + number,
                wall_ns=1500,
                cpu_ns=1400,
                call=b"\x92\x91\x01\x80" * 8,
                outcome=Outcome(kind="returned", value=b"\x01", after=b"\x92\x91\x01\x80" * 8),
                call_digest="0123456789abcdef",
                sketch='{"basket":{"type":"list","size":12}}',
                burst_rate=812.5,
            )
            for number in range(count)
        ]

    return make


@pytest.fixture
def release_of() -> Callable[..., Release]:
    """Makes releases of a gene."""

    def make(gene: Gene, release_id: str, **changes: object) -> Release:
        fields: dict[str, object] = {
            "id": release_id,
            "gene": gene.id,
            "variant": "0123456789abcdef",
            "base": gene.base,
            "stage": "proposed",
            "created_ns": 1,
            "updated_ns": 1,
            "expires_ns": 10**19 // 2,
        }
        return Release(**{**fields, **changes})  # type: ignore[arg-type]

    return make
