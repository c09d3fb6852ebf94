"""Stores and records for the tests of the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from codegenesis.model import Gene, Observation, Outcome, Release
from codegenesis.store import Store, schema

if TYPE_CHECKING:
    from codegenesis.store.throwaway import Server


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a store is to be; nothing is there yet."""
    return tmp_path / ".codegenesis" / "genesis.db"


@pytest.fixture(scope="session")
def database(postgres: Server) -> str:
    """URL of a database with our tables in it."""
    url = postgres.fresh()
    Store.open(url).close()
    return url


@pytest.fixture
def on_server(database: str) -> str:
    """URL of a database with our tables, all of them empty."""
    import psycopg

    tables = ", ".join(sorted(set(schema.metadata.tables) - {"schema_version"}))
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"TRUNCATE {tables} RESTART IDENTITY")
    return database


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest) -> str:
    """What to open a fresh store with: once a file, once a server."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("path"))
    return str(request.getfixturevalue("on_server"))


@pytest.fixture
def store(where: str, path: Path) -> Iterator[Store]:
    """A fresh store; each test sees one of each kind."""
    with Store.open(where, directory=path.parent) as opened:
        path.parent.mkdir(exist_ok=True)
        yield opened


@pytest.fixture
def afresh(store: Store) -> Callable[[], Store]:
    """Empties the store: for tests of many examples."""
    names = ("observations", "traits", "trials", "variants", "champions")

    def empty() -> Store:
        with store._database.write() as connection:
            for name in names:
                connection.execute(schema.metadata.tables[name].delete())
        return store

    return empty


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
