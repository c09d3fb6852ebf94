"""The little of git that landing a change needs, through plumbing that touches nobody's work.

A branch is made from HEAD with an index of its own (`GIT_INDEX_FILE`), so neither the working tree
nor the index of the person at work is so much as looked at, and no second working tree has to be
made and removed. Nothing of the repository's own runs: no hooks, no file system monitor, no
filters or external diffs (blobs are read and written as they are). Whatever `GIT_*` the caller's
shell has set stays outside: a command started from a hook would write into the hook's index.

Looked at and not used: GitPython and dulwich (the first calls the same commands with the user's
hooks, the second reads no user configuration), `git worktree` (checks files out), and reading
`git diff` (runs filters; lines are compared here).
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from codegenesis.errors import UsageError
from codegenesis.model import Record

#: Nothing here takes a second; a repository on a dead network drive should not hang us.
_TIMEOUT_S = 60.0
_QUIET = (
    "--literal-pathspecs",
    "--no-optional-locks",
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.quotePath=false"),
)
#: Who people's own configuration is read from; everything else named GIT_* stays outside.
_KEPT = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_CEILING_DIRECTORIES")
_NAME, _MAIL = "CodeGenesis", "codegenesis@localhost"


class Blob(NamedTuple):
    """A file as a commit has it."""

    mode: str
    data: bytes


class Commit(Record, frozen=True, kw_only=True):
    """One commit to be made: new contents of files, by absolute path, and the whole message."""

    files: Mapping[str, bytes]
    message: str


class Repository:
    """One repository, from a directory of its working tree.

    Args:
        root: top of the working tree.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def around(cls, path: Path) -> Repository | None:
        """The repository whose working tree holds the file; None when there is none.

        Raises:
            UsageError: there is one, but git is missing or refuses it.
        """
        place = path.resolve().parent
        if not any((folder / ".git").exists() for folder in (place, *place.parents)):
            return None
        top = _git(place, "rev-parse", "--show-toplevel").removesuffix(b"\n")
        return cls(Path(os.fsdecode(top)))

    def name_of(self, path: Path) -> str:
        """A file relative to the top, as git writes it."""
        return path.resolve().relative_to(self.root.resolve()).as_posix()

    def at_head(self, path: Path) -> Blob | None:
        """A file as HEAD has it; None when HEAD does not have it, or there is no commit yet."""
        if self.head() is None:
            return None
        listed = self._git("ls-tree", "-z", "HEAD", "--", self.name_of(path))
        if not listed:
            return None
        mode, kind, identifier = os.fsdecode(listed.partition(b"\t")[0]).split(" ")
        if kind != "blob":
            return None
        return Blob(mode, self._git("cat-file", "blob", identifier))

    def head(self) -> str | None:
        """The commit that is checked out; None before the first one."""
        found = _run(self.root, ("rev-parse", "--verify", "--quiet", "HEAD^{commit}"))
        return os.fsdecode(found.stdout).strip() if found.returncode == 0 else None

    def make_branch(self, name: str, commits: Sequence[Commit]) -> list[str]:
        """A new branch from HEAD with these commits; nothing is checked out.

        Returns:
            Ids of the commits.

        Raises:
            UsageError: there is no commit to start from, the name is taken or is no name.
        """
        parent = self.require_free(name)
        made: list[str] = []
        with tempfile.TemporaryDirectory(prefix="codegenesis-index-") as scratch:
            env = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
            self._git("read-tree", "HEAD", env=env)
            for commit in commits:
                parent = self._commit(commit, parent, env)
                made.append(parent)
        self._git(*("update-ref", "-m", "codegenesis: evolved", f"refs/heads/{name}", parent, ""))
        return made

    def require_free(self, name: str) -> str:
        """The commit that a new branch of this name would start from; raises like `make_branch`."""
        head = self.head()
        if head is None:
            raise UsageError(
                f"{self.root} has no commit yet, so there is nothing to branch from",
                remedy="Commit what is there first, or use --apply.",
            )
        if _run(self.root, ("check-ref-format", "--branch", name)).returncode:
            raise UsageError(
                f"{name!r} is no name for a branch", remedy="For example: --branch=faster-pricing"
            )
        if taken := self._in_the_way_of(name):
            raise UsageError(
                f"there is a branch {taken} already",
                remedy=f"Name another: --branch=NAME, or remove it: git branch -D {taken}",
            )
        return head

    def _in_the_way_of(self, name: str) -> str:
        """A branch of that name, above it or below it: names of branches are paths."""
        parts = name.split("/")
        own = [f"refs/heads/{'/'.join(parts[:count])}" for count in range(1, len(parts) + 1)]
        listed = self._git("for-each-ref", "--format=%(refname)", *own)
        refs = os.fsdecode(listed).splitlines()
        hit = (ref for ref in refs if ref in own or ref.startswith(f"{own[-1]}/"))
        return next(hit, "").removeprefix("refs/heads/")

    def _commit(self, commit: Commit, parent: str, env: Mapping[str, str]) -> str:
        for path, data in commit.files.items():
            self._stage(Path(path), data, env)
        tree = os.fsdecode(self._git("write-tree", env=env)).strip()
        people = self._people()
        message = commit.message.encode("utf-8", "replace")
        made = self._git(
            "commit-tree", tree, "-p", parent, "-F", "-", env={**env, **people}, stdin=message
        )
        return os.fsdecode(made).strip()

    def _stage(self, path: Path, data: bytes, env: Mapping[str, str]) -> None:
        before = self.at_head(path)
        mode = before.mode if before else "100644"
        written = self._git("hash-object", "-w", "--stdin", "--no-filters", stdin=data)
        row = f"{mode} {os.fsdecode(written).strip()}\t{self.name_of(path)}\0"
        self._git("update-index", "-z", "--index-info", env=env, stdin=os.fsencode(row))

    def _people(self) -> dict[str, str]:
        """CodeGenesis wrote it (or whom `codegenesis.author` names), the user asked for it."""
        author = self._setting("codegenesis.author")
        name, _, mail = author.partition("<")
        name, mail = name.strip() or _NAME, mail.partition(">")[0].strip() or _MAIL
        return {
            "GIT_AUTHOR_NAME": name,
            "GIT_AUTHOR_EMAIL": mail,
            "GIT_COMMITTER_NAME": self._setting("user.name") or name,
            "GIT_COMMITTER_EMAIL": self._setting("user.email") or mail,
        }

    def _setting(self, name: str) -> str:
        found = _run(self.root, ("config", "--get", name))
        return found.stdout.decode(errors="replace").strip() if found.returncode == 0 else ""

    def _git(
        self, *arguments: str, env: Mapping[str, str] | None = None, stdin: bytes = b""
    ) -> bytes:
        return _git(self.root, *arguments, env=env, stdin=stdin)


def _git(
    place: Path, *arguments: str, env: Mapping[str, str] | None = None, stdin: bytes = b""
) -> bytes:
    done = _run(place, arguments, env=env, stdin=stdin)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise UsageError(
            f"git {arguments[0]} failed in {place}: {said[0] if said else done.returncode}",
            remedy=f"Try it by hand: git -C {place} status",
        )
    return done.stdout


def _run(
    place: Path,
    arguments: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["git", *_QUIET, "-C", str(place), *arguments],
            input=stdin,
            capture_output=True,
            check=False,
            env={**_environ(), **(env or {})},
            timeout=_TIMEOUT_S,
        )
    except FileNotFoundError as error:
        raise UsageError(
            f"{place} is in a git repository, but there is no git to ask about it",
            remedy="Install git, or look at the change with `codegenesis diff`.",
        ) from error
    except subprocess.TimeoutExpired as error:
        raise UsageError(f"git {arguments[0]} did not end within {_TIMEOUT_S:g} s") from error


def _environ() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    kept |= {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
