"""Genes and their traits."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from msgspec.structs import replace
from sqlalchemy import Connection, RowMapping, select

from codegenesis.model import Gene, Trait
from codegenesis.store import batches, rows, schema

_genes = schema.genes
_traits = schema.traits
_TRAIT_NUMBERS = ("value", "low", "high")


def put_genes(connection: Connection, genes: Iterable[Gene]) -> None:
    """Describe genes; the latest description wins."""
    batch = [rows.to_row(gene, id=gene.id, free=",".join(gene.free)) for gene in genes]
    batches.upsert(connection, _genes, batch, key=("id",))


def gene(connection: Connection, gene_id: str) -> Gene | None:
    """The gene with this id."""
    row = connection.execute(select(_genes).where(_genes.c.id == gene_id)).mappings().first()
    return None if row is None else _gene(row)


def genes(connection: Connection, *, service: str | None) -> list[Gene]:
    """Genes by name."""
    query = select(_genes).order_by(_genes.c.id)
    if service is not None:
        query = query.where(_genes.c.service == service)
    return [_gene(row) for row in connection.execute(query).mappings()]


def _gene(row: RowMapping) -> Gene:
    free = tuple(filter(None, row["free"].split(",")))
    return replace(rows.to_record(row, Gene), free=free)


def find_genes(connection: Connection, target: str) -> list[Gene]:
    """Genes that `target` may mean: `module:qualname`, `path/to/file.py:qualname` or `qualname`."""
    place, colon, qualname = target.rpartition(":")
    query = select(_genes).where(_genes.c.qualname == qualname).order_by(_genes.c.id)
    named = [_gene(row) for row in connection.execute(query).mappings()]
    if not colon:
        return named
    exact = [gene for gene in named if gene.module == place]
    return exact or [gene for gene in named if _same_file(gene.path, place)]


def _same_file(path: str, named: str) -> bool:
    """Whether `named` is `path` itself, seen from here, or its last components."""
    if not named.endswith(".py"):
        return False
    if Path(named).resolve() == Path(path).resolve():
        return True
    parts = Path(named).parts
    return (
        bool(parts) and not Path(named).is_absolute() and Path(path).parts[-len(parts) :] == parts
    )


def put_traits(connection: Connection, traits: Iterable[Trait]) -> None:
    """Keep measured properties; a new measurement takes the place of the old."""
    batch = [rows.to_row(trait) for trait in traits]
    batches.upsert(connection, _traits, batch, key=("gene", "variant", "name"))


def traits(
    connection: Connection,
    gene_id: str | None,
    *,
    variant: str,
    names: Collection[str] | None = None,
) -> list[Trait]:
    """Traits by name."""
    query = select(_traits).where(_traits.c.variant == variant)
    if gene_id is not None:
        query = query.where(_traits.c.gene == gene_id)
    if names is not None:
        query = query.where(_traits.c.name.in_(names))
    found = connection.execute(query.order_by(_traits.c.name)).mappings()
    return [rows.to_record(row, Trait, numbers=_TRAIT_NUMBERS) for row in found]
