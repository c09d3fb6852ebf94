"""Opening: permissions, versions, and everything that can be wrong with a file or a disk."""

from __future__ import annotations

import os
import resource
import sqlite3
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect

from codegenesis.errors import StoreError, StoreVersionError
from codegenesis.model import Observation
from codegenesis.store import Store, migrations, schema, sqlite
from codegenesis.store.database import Database
from codegenesis.store.migrations import LATEST, MIGRATIONS, Migration


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """A fresh store in a file: servers have tests of their own."""
    with Store.open(path) as opened:
        yield opened


def mode(path: Path) -> int:
    """Permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


def test_nobody_else_can_read_a_store(path: Path) -> None:
    before = os.umask(0)
    try:
        with Store.open(path) as store:
            store.append_entry(kind="event", gene="", variant="", envelope="{}", at_ns=1)
            assert mode(path.parent) == 0o700
            assert {mode(file) for file in sqlite.files(path)} == {0o600}
    finally:
        os.umask(before)


def test_a_path_and_a_url_name_the_same_store(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(path) as store:
        store.append_entry(kind="event", gene="", variant="", envelope="{}", at_ns=1)
        assert store.path == path
        assert store.directory == path.parent
    with Store.open(f"sqlite:///{path}") as store:
        assert store.head() is not None
    monkeypatch.chdir(path.parent)
    with Store.open("genesis.db") as store:
        assert store.head() is not None
        assert store.path == path


def test_odd_characters_in_a_path_are_no_options(tmp_path: Path) -> None:
    odd = tmp_path / "a b?mode=ro&x#y%41" / "ge nesis?.db"
    with Store.open(odd) as store:
        store.append_entry(kind="event", gene="", variant="", envelope="{}", at_ns=1)
    assert odd.exists()


def test_a_missing_store_is_not_made_unless_asked(path: Path) -> None:
    for options in ({"create": False}, {"read_only": True}):
        with pytest.raises(StoreError, match="there is no store at") as caught:
            Store.open(path, **options)
        assert "codegenesis run" in caught.value.remedy
    assert not path.parent.exists()


def test_other_databases_are_refused_by_name() -> None:
    with pytest.raises(StoreError, match="got mysql://") as caught:
        Store.open("mysql://user:secret@host/db")
    assert "secret" not in str(caught.value)


def test_a_directory_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="expected a database file") as caught:
        Store.open(tmp_path)
    assert "genesis.db" in caught.value.remedy


def test_a_reader_writes_nothing(path: Path, store: Store) -> None:
    store.append_entry(kind="event", gene="", variant="", envelope="{}", at_ns=1)
    with Store.open(path, read_only=True) as reader:
        assert reader.head() == store.head()
        with pytest.raises(StoreError, match="read-only") as caught:
            reader.append_entry(kind="event", gene="", variant="", envelope="{}", at_ns=1)
        assert "--directory" in caught.value.remedy
        assert not reader.changed()
        store.append_entry(kind="event", gene="", variant="", envelope="{}", at_ns=1)
        assert reader.changed()
        assert reader.head() == store.head()


# Versions


def test_the_migrations_arrive_at_the_schema_that_queries_use(store: Store, path: Path) -> None:
    engine = sqlite.engine(path, read_only=True)
    found = inspect(engine)
    assert set(found.get_table_names()) == set(schema.metadata.tables)
    for table in schema.metadata.sorted_tables:
        expected = {c.name: (bool(c.nullable), _affinity(c.type)) for c in table.columns}
        columns = {
            c["name"]: (bool(c["nullable"]), _affinity(c["type"]))
            for c in found.get_columns(table.name)
        }
        assert columns == expected, table.name
        key = found.get_pk_constraint(table.name)["constrained_columns"]
        assert key == [column.name for column in table.primary_key], table.name
    engine.dispose()


def _affinity(kind: object) -> str:
    """The type as SQLite keeps it, by whatever name it goes."""
    return {"BIGINT": "INTEGER", "DOUBLE": "REAL"}.get(str(kind), str(kind))


def test_migrations_are_numbered_without_gaps() -> None:
    assert [step.version for step in MIGRATIONS] == list(range(1, LATEST + 1))
    assert all(step.words and step.statements for step in MIGRATIONS)


NEXT = Migration(
    version=LATEST + 1,
    words="a test's step",
    statements=("ALTER TABLE genes ADD COLUMN colour TEXT", "CREATE TABLE more (n {serial})"),
)


def test_an_older_store_takes_the_steps_that_it_lacks(path: Path, store: Store) -> None:
    store.append_entry(kind="event", gene="", variant="", envelope="kept", at_ns=1)
    database = Database(sqlite.File(path, read_only=False))
    steps = (*MIGRATIONS, NEXT)
    for _ in range(2):
        with database.write() as connection:
            migrations.migrate(connection, words=sqlite.WORDS, migrations=steps)
    with database.read() as connection:
        assert migrations.version(connection) == LATEST + 1
        assert connection.exec_driver_sql("SELECT envelope FROM entries").scalar() == "kept"
        assert connection.exec_driver_sql("SELECT count(colour) FROM genes").scalar() == 0
    database.close()


def test_a_step_that_fails_leaves_nothing_behind(path: Path, store: Store) -> None:
    bad = Migration(version=LATEST + 2, words="bad", statements=("CREATE NONSENSE",))
    database = Database(sqlite.File(path, read_only=False))
    with pytest.raises(StoreError, match="NONSENSE"), database.write() as connection:
        migrations.migrate(connection, words=sqlite.WORDS, migrations=(*MIGRATIONS, NEXT, bad))
    with database.read() as connection:
        assert migrations.version(connection) == LATEST
        assert "more" not in inspect(connection).get_table_names()
    database.close()


def test_a_newer_store_is_refused_and_left_alone(path: Path) -> None:
    Store.open(path).close()
    with sqlite3.connect(path) as raw:
        raw.execute("INSERT INTO schema_version VALUES (?, 0)", [LATEST + 41])
    raw.close()
    before = path.read_bytes()
    for options in ({}, {"read_only": True}):
        with pytest.raises(StoreVersionError, match=f"schema version {LATEST + 41}") as caught:
            Store.open(path, **options)
        assert "Upgrade CodeGenesis" in caught.value.remedy
        assert caught.value.exit_code == 2
    assert path.read_bytes() == before


def test_an_empty_file_cannot_be_read_as_a_store(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    with pytest.raises(StoreError, match="expected schema version"):
        Store.open(path, read_only=True)
    Store.open(path).close()


def test_somebody_elses_database_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE customers (name TEXT)")
    raw.close()
    with pytest.raises(StoreError, match="other tables \\(customers\\)"):
        Store.open(path)
    with sqlite3.connect(path) as raw:
        assert raw.execute("SELECT name FROM sqlite_master").fetchall() == [("customers",)]
    raw.close()


# Damage


@pytest.mark.parametrize("content", [b"this is no database" * 100, b"\0" * 8192])
def test_a_file_that_is_no_database_is_an_error_with_a_way_out(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(StoreError, match="not a CodeGenesis store, or it is damaged") as caught:
        Store.open(path)
    assert "backup" in caught.value.remedy
    assert path.read_bytes() == content


def test_damaged_pages_are_an_error_with_a_way_out(
    path: Path, observe: Callable[..., list[Observation]]
) -> None:
    with Store.open(path) as store:
        store.add_observations(observe("g", 2000))
    content = bytearray(path.read_bytes())
    for page in range(60, len(content) // 4096):
        content[page * 4096 : page * 4096 + 512] = b"\xa5" * 512
    path.write_bytes(content)
    with Store.open(path) as store, pytest.raises(StoreError, match="damaged") as caught:
        store.observations("g")
    assert ".recover" in caught.value.remedy


def test_a_store_without_a_table_is_an_error_with_a_way_out(path: Path, store: Store) -> None:
    with sqlite3.connect(path) as raw:
        raw.execute("DROP TABLE acks")
    raw.close()
    with pytest.raises(StoreError, match="no such table: acks") as caught:
        store.acks("r")
    assert "doctor" in caught.value.remedy


def test_a_writer_that_never_ends_is_waited_for_only_so_long(
    path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    hog = sqlite3.connect(path, isolation_level=None)
    hog.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(sqlite, "BUSY_MS", 50)
    with Store.open(path) as impatient:
        with pytest.raises(StoreError, match="kept the store locked") as caught:
            impatient.append_entry(kind="event", gene="", variant="", envelope="{}", at_ns=1)
        assert "Try again" in caught.value.remedy
        hog.execute("ROLLBACK")
        hog.close()
        impatient.append_entry(kind="event", gene="", variant="", envelope="{}", at_ns=1)


# Disks. Each script runs in a mount namespace of its own, on a small file system of its own.

ATTEMPT = """
    import sys
    from codegenesis.errors import StoreError
    from codegenesis.store import Store

    def attempt(action):
        try:
            return action()
        except StoreError as error:
            print(error, "|", error.remedy)

    def append(store, count, size=2000):
        done = 0
        for number in range(count):
            store.append_entry(
                kind="event", gene="", variant="", envelope=f"{number} " + "x" * size, at_ns=1
            )
            done = number + 1
            print("kept", done, flush=True)
"""


def in_namespace(tmp_path: Path, options: str, script: str) -> list[str]:
    """Lines that the script printed; its argument is a fresh tmpfs with these options."""
    place = tmp_path / "disk"
    place.mkdir()
    shell = f'mount -t tmpfs -o {options} tmpfs "$1" && exec "$2" -W error -c "$3" "$1"'
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", shell, "sh"]
    text = textwrap.dedent(ATTEMPT) + textwrap.dedent(script)
    try:
        probe = subprocess.run([*command[:4], "true"], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no unshare(1) here")
    if probe.returncode:
        pytest.skip("this machine gives no mount namespace to ordinary users")
    done = subprocess.run(
        [*command, place, sys.executable, text],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_read_only_directory_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    script = """
        attempt(lambda: Store.open(sys.argv[1] + "/.codegenesis/genesis.db"))
    """
    (line,) = in_namespace(tmp_path, "ro", script)
    assert "the store is read-only" in line
    assert "name another with --directory" in line


def test_a_store_on_a_disk_that_became_read_only_can_still_be_read(tmp_path: Path) -> None:
    script = """
        import subprocess
        path = sys.argv[1] + "/genesis.db"
        with Store.open(path) as store:
            append(store, 1)
        subprocess.run(["mount", "-o", "remount,ro", sys.argv[1]], check=True)
        attempt(lambda: append(Store.open(path), 1))
        with Store.open(path, read_only=True) as store:
            print("read", len(store.entries()))
    """
    kept, refused, read = in_namespace(tmp_path, "size=4m", script)
    assert (kept, read) == ("kept 1", "read 1")
    assert "cannot be opened" in refused
    assert "writable" in refused


def test_a_full_disk_is_an_error_and_loses_nothing(tmp_path: Path) -> None:
    script = """
        import os
        path = sys.argv[1] + "/genesis.db"
        ballast = sys.argv[1] + "/ballast"
        with open(ballast, "wb") as file:
            file.write(b"x" * 200_000)
        with Store.open(path) as store:
            attempt(lambda: append(store, 10_000))
            before = len(store.entries())
            attempt(lambda: append(store, 1))
            os.unlink(ballast)
            append(store, 3)
            print("after", before, len(store.entries()))
    """
    lines = in_namespace(tmp_path, "size=1m", script)
    kept = [line for line in lines if line.startswith("kept")]
    errors = [line for line in lines if "the disk is full" in line]
    assert len(errors) == 2
    assert all("Free some space" in line for line in errors)
    before = len(kept) - 3
    assert before > 10
    assert lines[-1] == f"after {before} {before + 3}"


def test_a_disk_that_is_full_from_the_start_is_an_error(tmp_path: Path) -> None:
    script = """
        try:
            with open(sys.argv[1] + "/ballast", "wb", buffering=0) as file:
                while file.write(b"x" * 4096):
                    pass
        except OSError:
            pass
        attempt(lambda: Store.open(sys.argv[1] + "/.codegenesis/genesis.db"))
    """
    (line,) = in_namespace(tmp_path, "size=64k", script)
    assert "the disk is full" in line
    assert "Free some space" in line


def test_a_file_size_limit_is_an_error_and_loses_nothing(path: Path) -> None:
    Store.open(path).close()
    script = textwrap.dedent(ATTEMPT) + textwrap.dedent("""
        with Store.open(sys.argv[1]) as store:
            attempt(lambda: append(store, 10_000))
            print("after", len(store.entries()))
    """)
    done = subprocess.run(
        [sys.executable, "-c", script, path],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000)),
    )
    assert done.returncode == 0, done.stderr
    *kept, error, after = done.stdout.splitlines()
    assert "ulimit -f" in error
    assert after == f"after {len(kept)}"
    with Store.open(path) as store:
        assert len(store.entries()) == len(kept) > 10


def test_a_file_in_place_of_the_directory_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".codegenesis").touch()
    with pytest.raises(StoreError, match="cannot be opened or created"):
        Store.open(tmp_path / ".codegenesis" / "genesis.db")


def test_a_directory_without_permission_is_an_error(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    (tmp_path / "shut").mkdir(mode=0o500)
    with pytest.raises(StoreError, match="read-only") as caught:
        Store.open(tmp_path / "shut" / ".codegenesis" / "genesis.db")
    assert "writable" in caught.value.remedy
