"""A PostgreSQL server of one's own, for tests and benchmarks: gone when the process is.

It needs the server's programs (Debian: `apt install postgresql`), listens on a Unix socket in a
temporary directory only, and trusts whoever can open that. PostgreSQL does not run as root; started
by root it runs as `postgres` or `nobody`. pytest-postgresql and testing.postgresql were looked at:
the one brings fixtures that open connections of their own, the other is no longer kept.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import IO

import psycopg

from codegenesis.errors import StoreError

#: Where distributions keep the programs when they are not in PATH.
PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin")
USER = "codegenesis"
START_S = 60.0
_STOP_S = 20.0
# The server ends when standard input does, that is with the process that started it.
_WATCHED = '"$@" </dev/null & server=$!; cat >/dev/null; kill -INT $server; wait $server'
_QUICK = ("fsync=off", "full_page_writes=off", "max_wal_size=256MB", "shared_buffers=32MB")


def programs() -> Path | None:
    """The directory with `initdb` and `postgres`, of the newest version; None without."""
    found = shutil.which("postgres")
    if found and shutil.which("initdb", path=str(Path(found).resolve().parent)):
        return Path(found).resolve().parent
    there = [path for place in PLACES for path in Path("/").glob(f"{place[1:]}/postgres")]
    return max(there, key=_version).parent if there else None


def _version(program: Path) -> int:
    digits = "".join(filter(str.isdigit, program.parts[-3]))
    return int(digits or 0)


class Server:
    """A running server.

    Args:
        settings: of the server, like `max_connections=50`.
        quick: no fsync, for tests; benchmarks want it.

    Raises:
        StoreError: there are no programs, or the server does not start.
    """

    def __init__(self, *settings: str, quick: bool = True) -> None:
        where = programs()
        if where is None:
            raise StoreError(
                "there is no PostgreSQL server here",
                remedy="Install it; on Debian: apt install postgresql",
            )
        self._programs = where
        self._numbers = count(1)
        self._user = _user()
        self.directory = Path(tempfile.mkdtemp(prefix="cgpg"))  # short: it holds a socket
        if self._user is not None:
            os.chown(self.directory, self._user.pw_uid, self._user.pw_gid)
        self._settings = (*(_QUICK if quick else ()), *settings)
        self._watched: subprocess.Popen[bytes] | None = None
        try:
            self._make()
            self.start()
        except BaseException:
            self.close()
            raise

    def url(self, database: str = "postgres") -> str:
        """What to open a store with."""
        return f"postgresql://{USER}@/{database}?host={self.directory}"

    def fresh(self) -> str:
        """URL of a new, empty database."""
        name = f"store{next(self._numbers)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def start(self) -> None:
        """Start it; `stop` may have gone before."""
        options = [word for each in self._settings for word in ("-c", each)]
        server = [self._programs / "postgres", "-D", self.directory / "data", "-h", "",
                  "-k", self.directory, *options]  # fmt: skip
        with (self.directory / "log").open("ab") as log:
            self._watched = self._popen(["sh", "-c", _WATCHED, "sh", *map(str, server)], log)
        deadline = time.monotonic() + START_S
        while not self._answers():
            if time.monotonic() > deadline or self._watched.poll() is not None:
                words = (self.directory / "log").read_text(errors="replace")[-1000:]
                raise StoreError(f"PostgreSQL does not start: {words}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it as an administrator would (`fast`): sessions are cut off."""
        watched, self._watched = self._watched, None
        if watched is None:
            return
        assert watched.stdin is not None
        watched.stdin.close()
        try:
            watched.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            watched.kill()
            watched.wait()

    def close(self) -> None:
        """End it and remove all that it kept."""
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _make(self) -> None:
        command = [str(self._programs / "initdb"), "-D", str(self.directory / "data"), "-U", USER]
        options = ["-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync", "--no-instructions"]
        with (self.directory / "log").open("ab") as log:
            made = self._popen([*command, *options], log)
            made.communicate(timeout=START_S)
        if made.returncode:
            words = (self.directory / "log").read_text(errors="replace")[-1000:]
            raise StoreError(f"initdb failed: {words}")

    def _popen(self, command: list[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
        user = self._user
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=self.directory,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
            start_new_session=True,
            user=None if user is None else user.pw_uid,
            group=None if user is None else user.pw_gid,
            extra_groups=None if user is None else [],
        )

    def _answers(self) -> bool:
        with suppress(psycopg.OperationalError):
            psycopg.connect(self.url(), connect_timeout=2).close()
            return True
        return False


def _user() -> pwd.struct_passwd | None:
    """Whom to run as; None for ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    return None
