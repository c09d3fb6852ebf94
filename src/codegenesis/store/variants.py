"""Variants, their trials, and the champions among them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, select

from codegenesis.model import Champion, Trial, Variant
from codegenesis.store import batches, rows, schema
from codegenesis.store.prefix import by_prefix

_variants = schema.variants
_trials = schema.trials
_champions = schema.champions
_PACKED = {"parents": tuple[str, ...]}


def put(connection: Connection, variant: Variant) -> None:
    """Keep a variant; the same content again changes nothing but its words."""
    row = rows.to_row(variant, packed=_PACKED, id=variant.id)
    batches.upsert(connection, _variants, [row], key=("id",))


def one(connection: Connection, id_or_prefix: str) -> Variant | None:
    """The variant with this id, or the only one whose id begins so."""
    row = by_prefix(connection, _variants, id_or_prefix)
    return None if row is None else rows.to_record(row, Variant, packed=_PACKED)


def of_gene(connection: Connection, gene_id: str) -> list[Variant]:
    """Variants of a gene in the order of their arrival."""
    query = select(_variants).where(_variants.c.gene == gene_id).order_by(_variants.c.number)
    found = connection.execute(query).mappings()
    return [rows.to_record(row, Variant, packed=_PACKED) for row in found]


def add_trials(connection: Connection, trials: Iterable[Trial]) -> None:
    """Keep what happened at the gates."""
    batch = [rows.to_row(trial, packed=("measurements",)) for trial in trials]
    if batch:
        batches.append(connection, _trials, batch)


def trials(connection: Connection, variant_id: str) -> list[Trial]:
    """Trials of a variant in the order in which they were added."""
    query = select(_trials).where(_trials.c.variant == variant_id).order_by(_trials.c.number)
    packed = {"measurements": dict[str, float]}
    found = connection.execute(query).mappings()
    return [rows.to_record(row, Trial, packed=packed, numbers=("seconds",)) for row in found]


def put_champion(connection: Connection, champion: Champion) -> None:
    """Keep a champion whole, and its variant."""
    put(connection, champion.variant)
    row = {
        "variant": champion.variant.id,
        "gene": champion.variant.gene,
        "objective": champion.objective,
        "body": rows.pack(champion),
    }
    batches.upsert(connection, _champions, [row], key=("variant",))


def champion(connection: Connection, variant_id: str) -> Champion | None:
    """The champion made of this variant."""
    query = select(_champions.c.body).where(_champions.c.variant == variant_id)
    body = connection.scalar(query)
    return None if body is None else msgspec.msgpack.decode(body, type=Champion)


def champions(connection: Connection, gene_id: str) -> list[Champion]:
    """Champions of a gene in the order in which they were first selected."""
    query = select(_champions.c.body).where(_champions.c.gene == gene_id)
    found = connection.scalars(query.order_by(_champions.c.number))
    return [msgspec.msgpack.decode(body, type=Champion) for body in found]
