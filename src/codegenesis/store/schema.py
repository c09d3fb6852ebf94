"""The tables as queries see them; `migrations` creates them, and a test holds the two together.

A record is spread over columns where it is searched or summed, and kept as MessagePack (`body`,
`outcome`, `measurements`, `parents`) where it is only read back whole: MessagePack keeps NaN and
infinities, which JSON would turn into null. `number` columns give rows the order of their
arrival; they never appear in a record.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

metadata = MetaData()


def _text(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=False)


def _whole(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _float(name: str) -> Column[float]:
    """Nullable: SQLite has no NaN and keeps NULL in its place (see `rows.to_record`)."""
    return Column(name, Double, nullable=True)


def _blob(name: str, *, nullable: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=nullable)


def _number() -> Column[int]:
    return Column("number", BigInteger, primary_key=True, autoincrement=True)


schema_version = Table(
    "schema_version",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    _whole("applied_ns"),
)

processes = Table(
    "processes",
    metadata,
    _text("id", key=True),
    _text("service"),
    _text("role"),
    _text("host"),
    _whole("pid"),
    _text("python"),
    _whole("started_ns"),
    _whole("seen_ns"),
    _float("probe_share"),
    _float("probe_budget"),
    _float("watching"),
    _float("canaries"),
    _float("agent"),
    _whole("dropped"),
    _text("note"),
)

genes = Table(
    "genes",
    metadata,
    _text("id", key=True),
    _text("service"),
    _text("module"),
    _text("qualname"),
    _text("kind"),
    _text("path"),
    _text("root"),
    _whole("line"),
    _text("source"),
    _text("free"),
    _text("decorated"),
    _text("refused"),
    _whole("noted_at_ns"),
)

observations = Table(
    "observations",
    metadata,
    _number(),
    _text("gene"),
    _text("process"),
    _text("variant"),
    _whole("at_ns"),
    _whole("wall_ns"),
    _whole("cpu_ns"),
    _blob("call", nullable=True),
    _blob("outcome", nullable=True),
    _text("call_digest"),
    _text("sketch"),
    _text("error"),
    _text("fingerprint"),
    _float("burst_rate"),
    _text("segment"),
    _text("trace"),
)

traits = Table(
    "traits",
    metadata,
    _text("gene", key=True),
    _text("variant", key=True),
    _text("name", key=True),
    _float("value"),
    _text("unit"),
    _float("low"),
    _float("high"),
    _whole("n"),
    _text("method"),
    _whole("at_ns"),
)

variants = Table(
    "variants",
    metadata,
    _number(),
    _text("id"),
    _text("gene"),
    _text("base"),
    _text("source"),
    _text("backend"),
    _blob("parents"),
    _text("operator"),
    _text("author"),
    _text("hypothesis"),
    _text("risk"),
    _whole("seed"),
)

trials = Table(
    "trials",
    metadata,
    _number(),
    _text("variant"),
    _text("gate"),
    _text("verdict"),
    _whole("checks"),
    _text("detail"),
    _blob("measurements"),
    _float("seconds"),
    _whole("at_ns"),
)

champions = Table(
    "champions",
    metadata,
    _number(),
    _text("variant"),
    _text("gene"),
    _text("objective"),
    _blob("body"),
)

releases = Table(
    "releases",
    metadata,
    _number(),
    _text("id"),
    _text("service"),
    _text("gene"),
    _text("variant"),
    _text("base"),
    _text("objective"),
    _text("stage"),
    _float("weight"),
    Column("pure", Boolean, nullable=False),
    _text("decision"),
    _text("reason"),
    _whole("created_ns"),
    _whole("updated_ns"),
    _whole("expires_ns"),
)

samples = Table(
    "samples",
    metadata,
    _number(),
    _text("release"),
    _text("process"),
    _text("arm"),
    _whole("at_ns"),
    _whole("cpu_ns"),
    _whole("wall_ns"),
    _text("error"),
    Column("regression", Boolean, nullable=False),
    _text("segment"),
    _text("key"),
)

acks = Table(
    "acks",
    metadata,
    _number(),
    _text("release"),
    _text("process"),
    _text("stage"),
    _text("outcome"),
    _text("loaded"),
    _text("detail"),
    _whole("at_ns"),
    _whole("latency_ns"),
)

entries = Table(
    "entries",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    _whole("at_ns"),
    _text("kind"),
    _text("gene"),
    _text("variant"),
    _text("envelope"),
    _text("prev"),
    _text("hash"),
)

runs = Table(
    "runs",
    metadata,
    _number(),
    _text("id"),
    _text("command"),
    _blob("targets"),
    _blob("options"),
    _blob("settings"),
    _whole("seed"),
    _text("budget"),
    _text("state"),
    _whole("started_ns"),
    _whole("ended_ns"),
    _float("seconds"),
    _whole("trials"),
    _float("usd"),
    _text("process"),
)

run_steps = Table(
    "run_steps",
    metadata,
    _text("run", key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False, nullable=False),
    _text("target"),
    _text("gene"),
    _text("state"),
    _text("reason"),
    _text("remedy"),
    _text("variant"),
    _text("file_digest"),
    _whole("trials"),
    _float("seconds"),
)

landings = Table(
    "landings",
    metadata,
    _number(),
    _text("run"),
    _text("path"),
    _blob("before"),
    _blob("after"),
    _blob("targets"),
    _whole("at_ns"),
    _whole("undone_ns"),
)

programs = Table(
    "programs",
    metadata,
    _text("run", key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False, nullable=False),
    _text("id"),
    _blob("program"),
    _blob("digest"),
    _whole("size"),
    _float("distance"),
    _blob("sketch"),
    _float("score"),
    _float("claimed"),
    Column("confirmed", Boolean, nullable=False),
    _blob("metrics"),
    _text("feedback"),
    _text("error"),
    _whole("stage"),
    _float("seconds"),
    _text("behaviour"),
    _whole("island"),
    _whole("generation"),
    _blob("parents"),
    _text("operator"),
    _text("model"),
    _text("words"),
    _float("usd"),
    _whole("at_ns"),
)

rewards = Table(
    "rewards",
    metadata,
    _number(),
    _text("service"),
    _text("process"),
    _text("name"),
    _float("value"),
    _text("segment"),
    _text("key"),
    _text("trace"),
    _blob("arms"),
    _whole("at_ns"),
)

events = Table(
    "events",
    metadata,
    _number(),
    _text("service"),
    _text("process"),
    _text("source"),
    _text("kind"),
    _text("gene"),
    _text("name"),
    _text("level"),
    _text("fingerprint"),
    _text("message"),
    _text("segment"),
    _text("trace"),
    _whole("count"),
    _float("value"),
    _text("unit"),
    _blob("attributes"),
    _blob("body"),
    _whole("at_ns"),
)

buckets = Table(
    "buckets",
    metadata,
    _text("gene", key=True),
    _text("source", key=True),
    _text("segment", key=True),
    Column("start_ns", BigInteger, primary_key=True, autoincrement=False, nullable=False),
    Column("width_ns", BigInteger, primary_key=True, autoincrement=False, nullable=False),
    _whole("n"),
    _whole("errors"),
    _whole("cpu_ns"),
    _whole("wall_ns"),
    _blob("body"),
)

leases = Table(
    "leases",
    metadata,
    _text("name", key=True),
    _text("holder"),
    _whole("until_ns"),
)

attempts = Table(
    "attempts",
    metadata,
    _text("gene", key=True),
    _text("base"),
    _whole("seen"),
    _whole("at_ns"),
)
