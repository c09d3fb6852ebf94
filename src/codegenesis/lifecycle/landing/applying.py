"""Found changes into the working tree, or into commits of a branch of their own.

The rule is that nobody's work is ever overwritten. In a git repository a change lands in the
working tree only where its lines are as HEAD has them; elsewhere (no repository, or a file that git
does not keep) only into a file that is, to the byte, the one that was read. What is left out is
named. Before a file is written, what it was and what it will be are in the store, so a run can be
taken back (`undoing`) whatever happens to us in between.

A change is one thing: where one of its hunks may not land, none of it does, because a function
without the import that it needs is a broken one. Other changes of the same file go through.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from codegenesis.errors import CodeGenesisError, UsageError
from codegenesis.lifecycle.landing.changes import Change
from codegenesis.lifecycle.landing.files import contents, write
from codegenesis.lifecycle.landing.git import Commit, Repository
from codegenesis.lifecycle.landing.lines import Hunk, decoded, hunks
from codegenesis.model import Landing, Record
from codegenesis.store import Store


class Refused(Record, frozen=True, kw_only=True):
    """One change that did not land (or was not taken back), where, and why."""

    target: str
    path: str
    where: str
    reason: str


class Applied(Record, frozen=True, kw_only=True):
    """What landed in the working tree, by target, and what did not."""

    run: str
    landed: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    refused: tuple[Refused, ...] = ()


class Branch(Record, frozen=True, kw_only=True):
    """A branch that was made.

    Attributes:
        commits: id and subject, oldest first.
        notes: what whoever merges it should know.
    """

    name: str
    repository: str
    commits: tuple[tuple[str, str], ...] = ()
    refused: tuple[Refused, ...] = ()
    notes: tuple[str, ...] = ()


class Landable(Record, frozen=True, kw_only=True):
    """One change with the file before and after it."""

    change: Change
    before: bytes
    after: bytes

    @property
    def where(self) -> str:
        """Lines of the file before it."""
        texts = (decoded(data)[0] for data in (self.before, self.after))
        return ", ".join(hunk.words for hunk in hunks(*texts))


class Plan(Record, frozen=True, kw_only=True):
    """What would land, and what would not; nothing is written yet."""

    steps: tuple[Landable, ...] = ()
    refused: tuple[Refused, ...] = ()

    @property
    def targets(self) -> tuple[str, ...]:
        """Whose changes would land."""
        return tuple(step.change.gene.target for step in self.steps)


def plan_changes(changes: Iterable[Change]) -> Plan:
    """Work out which of the changes may land in the working tree as it is now.

    Raises:
        UsageError: a file cannot be read, or git refuses its repository.
    """
    steps: list[Landable] = []
    refused: list[Refused] = []
    for path, group in _by_file(changes).items():
        there = contents(path)
        ground = _Ground(path, there)
        current = there
        for change in group:
            try:
                ground.require(change)
                after = change.onto(current)
            except CodeGenesisError as error:
                refused.append(_refusal(change, error))
                continue
            steps.append(Landable(change=change, before=current, after=after))
            current = after
    return Plan(steps=tuple(steps), refused=tuple(refused))


def write_plan(plan: Plan, *, store: Store, run: str) -> Applied:
    """Carry a plan out; a file that has changed since the plan was made is left alone.

    Args:
        store: keeps what was written, so that `undo_run` can take it back.

    Raises:
        UsageError: a file cannot be read or written.
    """
    steps, refused = list(plan.steps), list(plan.refused)
    for path in {step.change.path: None for step in steps}:
        own = [step for step in steps if step.change.path == path]
        if contents(path) != own[0].before:
            steps = [step for step in steps if step.change.path != path]
            error = UsageError("the file changed while you were asked")
            refused += [_refusal(step.change, error) for step in own]
            continue
        store.runs.add_landings(_landings(own, run))
        write(path, own[-1].after)
    return Applied(
        run=run,
        landed=tuple(step.change.gene.target for step in steps),
        files=tuple(dict.fromkeys(str(step.change.path) for step in steps)),
        refused=tuple(refused),
    )


def branch_changes(changes: Iterable[Change], name: str) -> Branch:
    """A git branch from HEAD with a commit for each change; the working tree stays as it is.

    Raises:
        UsageError: the files are not all in one git repository, it has no commit yet, or the name
            is taken or is none; or no change can be committed onto HEAD.
    """
    wanted = list(changes)
    repository = _common_repository(wanted)
    repository.require_free(name)
    latest: dict[Path, bytes] = {}
    commits: list[tuple[Change, Commit]] = []
    refused: list[Refused] = []
    for change in wanted:
        try:
            after = change.onto(latest.get(change.path) or _at_head(repository, change.path))
        except CodeGenesisError as error:
            refused.append(_refusal(change, error))
            continue
        latest[change.path] = after
        files = {str(change.path): after}
        commits.append((change, Commit(files=files, message=change.message)))
    if not commits:
        raise UsageError(
            f"none of the changes fits what is committed: {refused[0].reason}",
            remedy="Commit your own work first, or use --apply.",
        )
    made = repository.make_branch(name, [commit for _, commit in commits])
    return Branch(
        name=name,
        repository=str(repository.root),
        commits=tuple(
            (hash_, change.subject) for hash_, (change, _) in zip(made, commits, strict=True)
        ),
        refused=tuple(refused),
        notes=tuple(_notes(repository, latest)),
    )


class _Ground:
    """What of one file may be written to."""

    def __init__(self, path: Path, there: bytes) -> None:
        self._path, self._there = path, there
        self._text, _ = decoded(there, path=path)
        repository = Repository.around(path)
        blob = repository.at_head(path) if repository else None
        self._committed = None if blob is None else blob.data

    def require(self, change: Change) -> None:
        """Refuse a change that would overwrite somebody's work."""
        if self._committed is None:
            if change.before != self._there:
                raise UsageError(
                    "the file has changed since it was read, and git does not keep it",
                    remedy="Evolve it again.",
                )
            return
        wanted, _ = decoded(change.onto(self._there))
        own = hunks(self._text, wanted)
        theirs = self._uncommitted()
        if hit := [hunk for hunk in own if any(hunk.meets(other) for other in theirs)]:
            raise _Overlap(hit)

    def _uncommitted(self) -> list[Hunk]:
        """Where the file is not as HEAD has it, in places of the file."""
        try:
            committed, _ = decoded(self._committed or b"")
        except UsageError:
            return [Hunk(0, len(self._text), ())]
        return hunks(self._text, committed)


class _Overlap(UsageError):
    """Lines that somebody is working on."""

    def __init__(self, own: Sequence[Hunk]) -> None:
        super().__init__(
            "these lines have uncommitted changes", remedy="Commit them first, then apply again."
        )
        self.where = ", ".join(hunk.words for hunk in own)


def _by_file(changes: Iterable[Change]) -> dict[Path, list[Change]]:
    groups: dict[Path, list[Change]] = {}
    for change in changes:
        groups.setdefault(change.path, []).append(change)
    return groups


def _refusal(change: Change, error: CodeGenesisError) -> Refused:
    where = error.where if isinstance(error, _Overlap) else f"line {change.gene.line}"
    reason = f"{error} {error.remedy}".strip()
    return Refused(target=change.gene.target, path=str(change.path), where=where, reason=reason)


def _landings(steps: Sequence[Landable], run: str) -> list[Landing]:
    now = time.time_ns()
    return [
        Landing(
            run=run,
            path=str(step.change.path),
            before=step.before,
            after=step.after,
            targets=(step.change.gene.target,),
            at_ns=now,
        )
        for step in steps
    ]


def _common_repository(changes: Sequence[Change]) -> Repository:
    found = {change.path: Repository.around(change.path) for change in changes}
    roots = {repository.root for repository in found.values() if repository}
    outside = next((path for path, repository in found.items() if repository is None), None)
    if outside is not None or len(roots) != 1:
        raise UsageError(
            f"{outside} is in no git repository"
            if outside
            else f"the changes are in {len(roots)} git repositories",
            remedy="Evolve one repository at a time, or use --apply.",
        )
    return Repository(roots.pop())


def _at_head(repository: Repository, path: Path) -> bytes:
    blob = repository.at_head(path)
    if blob is None:
        raise UsageError("git does not keep this file yet", remedy="Commit it first.")
    return blob.data


def _notes(repository: Repository, paths: Iterable[Path]) -> Iterable[str]:
    """The evidence is about the working tree; where HEAD has something else, say so."""
    for path in paths:
        blob = repository.at_head(path)
        there, _ = decoded(contents(path))
        if blob and hunks(decoded(blob.data)[0], there):
            yield (
                f"{repository.name_of(path)} has uncommitted changes elsewhere: the evidence was "
                "gathered with them, the branch is without"
            )
