"""Numbered steps from an empty database to the schema of this version, each run once, in order.

A fresh database takes every step, so there is one way to arrive at a schema and each start tests
it. Steps are plain SQL that never changes once released (`schema` moves on, they do not); the few
words that differ between databases (`{serial}`, `{blob}`, TEXT) come from the backend. Alembic was
looked at: its environment, ini file and revision graph are more than a linear list needs.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, func, inspect, select

from codegenesis.errors import StoreError, StoreVersionError
from codegenesis.model import Record
from codegenesis.store import schema


class Migration(Record, frozen=True, kw_only=True):
    """One step: what it does in words, and its statements."""

    version: int
    words: str
    statements: tuple[str, ...]


_FIRST = Migration(
    version=1,
    words="the nouns of the house",
    statements=(
        """CREATE TABLE processes (
            id TEXT NOT NULL PRIMARY KEY, service TEXT NOT NULL, role TEXT NOT NULL,
            host TEXT NOT NULL, pid BIGINT NOT NULL, python TEXT NOT NULL,
            started_ns BIGINT NOT NULL, seen_ns BIGINT NOT NULL,
            probe_share DOUBLE PRECISION, note TEXT NOT NULL)""",
        """CREATE TABLE genes (
            id TEXT NOT NULL PRIMARY KEY, service TEXT NOT NULL, module TEXT NOT NULL,
            qualname TEXT NOT NULL, kind TEXT NOT NULL, path TEXT NOT NULL, root TEXT NOT NULL,
            line BIGINT NOT NULL, source TEXT NOT NULL, refused TEXT NOT NULL,
            noted_at_ns BIGINT NOT NULL)""",
        """CREATE TABLE observations (
            number {serial}, gene TEXT NOT NULL, process TEXT NOT NULL, variant TEXT NOT NULL,
            at_ns BIGINT NOT NULL, wall_ns BIGINT NOT NULL, cpu_ns BIGINT NOT NULL,
            call {blob}, outcome {blob}, call_digest TEXT NOT NULL, sketch TEXT NOT NULL,
            error TEXT NOT NULL, fingerprint TEXT NOT NULL, burst_rate DOUBLE PRECISION)""",
        "CREATE INDEX observations_by_gene ON observations (gene, at_ns)",
        "CREATE INDEX observations_by_age ON observations (at_ns)",
        """CREATE TABLE traits (
            gene TEXT NOT NULL, variant TEXT NOT NULL, name TEXT NOT NULL,
            value DOUBLE PRECISION, unit TEXT NOT NULL, low DOUBLE PRECISION,
            high DOUBLE PRECISION, n BIGINT NOT NULL, method TEXT NOT NULL,
            at_ns BIGINT NOT NULL, PRIMARY KEY (gene, variant, name))""",
        """CREATE TABLE variants (
            number {serial}, id TEXT NOT NULL UNIQUE, gene TEXT NOT NULL, base TEXT NOT NULL,
            source TEXT NOT NULL, backend TEXT NOT NULL, parents {blob} NOT NULL,
            operator TEXT NOT NULL, author TEXT NOT NULL, hypothesis TEXT NOT NULL,
            risk TEXT NOT NULL, seed BIGINT NOT NULL)""",
        "CREATE INDEX variants_by_gene ON variants (gene)",
        """CREATE TABLE trials (
            number {serial}, variant TEXT NOT NULL, gate TEXT NOT NULL, verdict TEXT NOT NULL,
            checks BIGINT NOT NULL, detail TEXT NOT NULL, measurements {blob} NOT NULL,
            seconds DOUBLE PRECISION, at_ns BIGINT NOT NULL)""",
        "CREATE INDEX trials_by_variant ON trials (variant)",
        """CREATE TABLE champions (
            number {serial}, variant TEXT NOT NULL UNIQUE, gene TEXT NOT NULL,
            objective TEXT NOT NULL, body {blob} NOT NULL)""",
        "CREATE INDEX champions_by_gene ON champions (gene)",
        """CREATE TABLE releases (
            number {serial}, id TEXT NOT NULL UNIQUE, service TEXT NOT NULL, gene TEXT NOT NULL,
            variant TEXT NOT NULL, base TEXT NOT NULL, objective TEXT NOT NULL,
            stage TEXT NOT NULL, weight DOUBLE PRECISION, pure BOOLEAN NOT NULL,
            decision TEXT NOT NULL, reason TEXT NOT NULL, created_ns BIGINT NOT NULL,
            updated_ns BIGINT NOT NULL, expires_ns BIGINT NOT NULL)""",
        "CREATE INDEX releases_by_stage ON releases (stage, service)",
        "CREATE INDEX releases_by_gene ON releases (gene)",
        """CREATE TABLE samples (
            number {serial}, release TEXT NOT NULL, process TEXT NOT NULL, arm TEXT NOT NULL,
            at_ns BIGINT NOT NULL, cpu_ns BIGINT NOT NULL, wall_ns BIGINT NOT NULL,
            error TEXT NOT NULL, regression BOOLEAN NOT NULL)""",
        "CREATE INDEX samples_by_release ON samples (release, number)",
        """CREATE TABLE acks (
            number {serial}, release TEXT NOT NULL, process TEXT NOT NULL, stage TEXT NOT NULL,
            outcome TEXT NOT NULL, loaded TEXT NOT NULL, detail TEXT NOT NULL,
            at_ns BIGINT NOT NULL, latency_ns BIGINT NOT NULL)""",
        "CREATE INDEX acks_by_release ON acks (release)",
        """CREATE TABLE entries (
            seq INTEGER NOT NULL PRIMARY KEY, at_ns BIGINT NOT NULL, kind TEXT NOT NULL,
            gene TEXT NOT NULL, variant TEXT NOT NULL, envelope TEXT NOT NULL,
            prev TEXT NOT NULL UNIQUE, hash TEXT NOT NULL UNIQUE)""",
        "CREATE INDEX entries_by_gene ON entries (gene)",
        "CREATE INDEX entries_by_variant ON entries (variant)",
    ),
)

_RUNS = Migration(
    version=2,
    words="runs that can be gone on with, and taken back",
    statements=(
        """CREATE TABLE runs (
            number {serial}, id TEXT NOT NULL UNIQUE, command TEXT NOT NULL,
            targets {blob} NOT NULL, options {blob} NOT NULL, settings {blob} NOT NULL,
            seed BIGINT NOT NULL, budget TEXT NOT NULL, state TEXT NOT NULL,
            started_ns BIGINT NOT NULL, ended_ns BIGINT NOT NULL, seconds DOUBLE PRECISION,
            trials BIGINT NOT NULL, usd DOUBLE PRECISION, process TEXT NOT NULL)""",
        """CREATE TABLE run_steps (
            run TEXT NOT NULL, position BIGINT NOT NULL, target TEXT NOT NULL, gene TEXT NOT NULL,
            state TEXT NOT NULL, reason TEXT NOT NULL, remedy TEXT NOT NULL,
            variant TEXT NOT NULL, file_digest TEXT NOT NULL, trials BIGINT NOT NULL,
            seconds DOUBLE PRECISION, PRIMARY KEY (run, position))""",
        """CREATE TABLE landings (
            number {serial}, run TEXT NOT NULL, path TEXT NOT NULL, before {blob} NOT NULL,
            after {blob} NOT NULL, targets {blob} NOT NULL, at_ns BIGINT NOT NULL,
            undone_ns BIGINT NOT NULL)""",
        "CREATE INDEX landings_by_run ON landings (run)",
    ),
)

_PROGRAMS = Migration(
    version=3,
    words="programs that were evolved against a score",
    statements=(
        """CREATE TABLE programs (
            run TEXT NOT NULL, number BIGINT NOT NULL, id TEXT NOT NULL, program {blob} NOT NULL,
            digest {blob} NOT NULL, size BIGINT NOT NULL, distance DOUBLE PRECISION,
            sketch {blob} NOT NULL, score DOUBLE PRECISION, claimed DOUBLE PRECISION,
            confirmed BOOLEAN NOT NULL, metrics {blob} NOT NULL, feedback TEXT NOT NULL,
            error TEXT NOT NULL, stage BIGINT NOT NULL, seconds DOUBLE PRECISION,
            behaviour TEXT NOT NULL, island BIGINT NOT NULL, generation BIGINT NOT NULL,
            parents {blob} NOT NULL, operator TEXT NOT NULL, model TEXT NOT NULL,
            words TEXT NOT NULL, usd DOUBLE PRECISION, at_ns BIGINT NOT NULL,
            PRIMARY KEY (run, number))""",
    ),
)

_GENOME = Migration(
    version=4,
    words="segments, rewards, what applications tell, roll-ups and leases",
    statements=(
        "ALTER TABLE processes ADD COLUMN probe_budget DOUBLE PRECISION",
        "ALTER TABLE processes ADD COLUMN watching DOUBLE PRECISION",
        "ALTER TABLE processes ADD COLUMN canaries DOUBLE PRECISION",
        "ALTER TABLE processes ADD COLUMN agent DOUBLE PRECISION",
        "ALTER TABLE processes ADD COLUMN dropped BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE genes ADD COLUMN free TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE genes ADD COLUMN decorated TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE observations ADD COLUMN segment TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE observations ADD COLUMN trace TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE samples ADD COLUMN segment TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE samples ADD COLUMN key TEXT NOT NULL DEFAULT ''",
        """CREATE TABLE rewards (
            number {serial}, service TEXT NOT NULL, process TEXT NOT NULL, name TEXT NOT NULL,
            value DOUBLE PRECISION, segment TEXT NOT NULL, key TEXT NOT NULL, trace TEXT NOT NULL,
            arms {blob} NOT NULL, at_ns BIGINT NOT NULL)""",
        "CREATE INDEX rewards_by_age ON rewards (service, at_ns)",
        """CREATE TABLE events (
            number {serial}, service TEXT NOT NULL, process TEXT NOT NULL, source TEXT NOT NULL,
            kind TEXT NOT NULL, gene TEXT NOT NULL, name TEXT NOT NULL, level TEXT NOT NULL,
            fingerprint TEXT NOT NULL, message TEXT NOT NULL, segment TEXT NOT NULL,
            trace TEXT NOT NULL, count BIGINT NOT NULL, value DOUBLE PRECISION,
            unit TEXT NOT NULL, attributes {blob} NOT NULL, body {blob} NOT NULL,
            at_ns BIGINT NOT NULL)""",
        "CREATE INDEX events_by_gene ON events (gene, at_ns)",
        "CREATE INDEX events_by_age ON events (at_ns)",
        """CREATE TABLE buckets (
            gene TEXT NOT NULL, source TEXT NOT NULL, segment TEXT NOT NULL,
            start_ns BIGINT NOT NULL, width_ns BIGINT NOT NULL, n BIGINT NOT NULL,
            errors BIGINT NOT NULL, cpu_ns BIGINT NOT NULL, wall_ns BIGINT NOT NULL,
            body {blob} NOT NULL,
            PRIMARY KEY (gene, source, segment, start_ns, width_ns))""",
        "CREATE INDEX buckets_by_age ON buckets (width_ns, start_ns)",
        """CREATE TABLE attempts (
            gene TEXT NOT NULL PRIMARY KEY, base TEXT NOT NULL, seen BIGINT NOT NULL,
            at_ns BIGINT NOT NULL)""",
        "DELETE FROM traits WHERE name = 'attempted_at_n'",
        """CREATE TABLE leases (
            name TEXT NOT NULL PRIMARY KEY, holder TEXT NOT NULL, until_ns BIGINT NOT NULL)""",
    ),
)

MIGRATIONS: tuple[Migration, ...] = (_FIRST, _RUNS, _PROGRAMS, _GENOME)

#: The schema that this version of CodeGenesis reads and writes.
LATEST = MIGRATIONS[-1].version

_VERSIONS = """CREATE TABLE IF NOT EXISTS schema_version (
    version INTEGER NOT NULL PRIMARY KEY, applied_ns BIGINT NOT NULL)"""


def version(connection: Connection) -> int:
    """Version of the schema found; 0 for an empty database.

    Raises:
        StoreError: when the database belongs to somebody else.
    """
    tables = set(inspect(connection).get_table_names())
    if schema.schema_version.name in tables:
        found = connection.scalar(select(func.max(schema.schema_version.c.version)))
        return int(found or 0)
    if tables:
        raise StoreError(
            "expected a CodeGenesis store, got a database with other tables "
            f"({', '.join(sorted(tables)[:3])})",
            remedy="Name another directory; this file was left as it is.",
        )
    return 0


def check(found: int, *, latest: int = LATEST) -> None:
    """Refuse a schema from the future.

    Raises:
        StoreVersionError: when `found` is newer than `latest`.
    """
    if found > latest:
        raise StoreVersionError(
            f"the store has schema version {found}, this CodeGenesis knows versions up to {latest}",
            remedy="Upgrade CodeGenesis (pip install -U codegenesis), or name another --directory; "
            "nothing was changed.",
        )


def migrate(
    connection: Connection,
    *,
    words: Mapping[str, str],
    migrations: Iterable[Migration] = MIGRATIONS,
) -> None:
    """Take every step that is missing, inside the caller's one write transaction.

    Args:
        words: the backend's spelling of `{serial}`, `{blob}` and TEXT.
    """
    steps = tuple(migrations)
    found = version(connection)
    check(found, latest=steps[-1].version)
    connection.exec_driver_sql(_VERSIONS)
    for step in steps:
        if step.version <= found:
            continue
        for statement in step.statements:
            spelled = re.sub(r"\bTEXT\b", words["text"], statement.format_map(words))
            connection.exec_driver_sql(spelled)
        row = {"version": step.version, "applied_ns": time.time_ns()}
        connection.execute(schema.schema_version.insert(), row)
