"""Releases, the canary's samples and the acknowledgements of processes."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, select, update

from codegenesis.model import Ack, Release, Sample, Stage
from codegenesis.store import batches, rows, schema
from codegenesis.store.prefix import by_prefix

_releases = schema.releases
_samples = schema.samples
_acks = schema.acks


def put(connection: Connection, release: Release) -> None:
    """Keep a release as it stands."""
    service = release.gene.rpartition("/")[0]
    batches.upsert(connection, _releases, [rows.to_row(release, service=service)], key=("id",))


def one(connection: Connection, id_or_prefix: str) -> Release | None:
    """The release with this id, or the only one whose id begins so."""
    row = by_prefix(connection, _releases, id_or_prefix)
    return None if row is None else rows.to_record(row, Release, numbers=("weight",))


def find(
    connection: Connection,
    *,
    service: str | None,
    gene: str | None,
    stages: Collection[Stage] | None,
) -> list[Release]:
    """Releases, oldest first."""
    query = select(_releases).order_by(_releases.c.created_ns, _releases.c.number)
    if service is not None:
        query = query.where(_releases.c.service == service)
    if gene is not None:
        query = query.where(_releases.c.gene == gene)
    if stages is not None:
        query = query.where(_releases.c.stage.in_(stages))
    found = connection.execute(query).mappings()
    return [rows.to_record(row, Release, numbers=("weight",)) for row in found]


def move(
    connection: Connection, release_id: str, *, expect: Collection[Stage], values: rows.Row
) -> Release | None:
    """Compare and set: the release as moved, None when it was in none of the expected stages."""
    matching = _releases.c.id == release_id, _releases.c.stage.in_(expect)
    storable = {
        name: rows.storable(value) if isinstance(value, str) else value
        for name, value in values.items()
    }
    moved = connection.execute(update(_releases).where(*matching).values(storable))
    return one(connection, release_id) if moved.rowcount else None


def add_samples(connection: Connection, samples: Iterable[Sample]) -> None:
    """Keep randomised calls of a canary."""
    batch = [rows.to_row(sample) for sample in samples]
    if batch:
        batches.append(connection, _samples, batch)


def samples(connection: Connection, release_id: str, *, after_id: int) -> list[tuple[int, Sample]]:
    """Samples with their number in the store, by number, from the one after `after_id`."""
    matching = _samples.c.release == release_id, _samples.c.number > after_id
    query = select(_samples).where(*matching).order_by(_samples.c.number)
    found = connection.execute(query).mappings()
    return [(row["number"], rows.to_record(row, Sample)) for row in found]


def add_acks(connection: Connection, acks: Iterable[Ack]) -> None:
    """Keep what processes did."""
    batch = [rows.to_row(ack) for ack in acks]
    if batch:
        batches.append(connection, _acks, batch)


def acks(connection: Connection, release_id: str) -> list[Ack]:
    """Acknowledgements in the order of their arrival."""
    query = select(_acks).where(_acks.c.release == release_id).order_by(_acks.c.number)
    return [rows.to_record(row, Ack) for row in connection.execute(query).mappings()]
