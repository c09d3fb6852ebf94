"""Taking back what a run has written into the working tree.

The latest change goes first. One goes only where its lines are still as it made them; what was
edited elsewhere in the file stays. Where one has to stay, so do those that were applied to the same
file before it, because it may stand on them (an import that both use came with the first).
"""

from __future__ import annotations

import time
from pathlib import Path

from codegenesis.errors import UsageError
from codegenesis.lifecycle.landing.applying import Refused
from codegenesis.lifecycle.landing.files import contents, write
from codegenesis.lifecycle.landing.lines import carried, decoded, encoded, hunks, patched
from codegenesis.model import Landing, Record
from codegenesis.store import Store


class Undone(Record, frozen=True, kw_only=True):
    """What was taken back, by target, and what stays."""

    run: str
    undone: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    refused: tuple[Refused, ...] = ()


def undo_run(run: str, *, store: Store) -> Undone:
    """Take back what a run has applied, the latest change first, where its lines are as applied.

    Raises:
        UsageError: the run has nothing in the working tree, or a file cannot be read or written.
    """
    standing = [each for each in store.runs.landings(run) if not each.undone_ns]
    if not standing:
        raise UsageError(
            f"run {run} has nothing in the working tree",
            remedy="`codegenesis runs` lists runs and what they applied.",
        )
    undone: list[Landing] = []
    refused: list[Refused] = []
    stuck: dict[str, str] = {}
    for landing in reversed(standing):
        reason = stuck.get(landing.path) or _take_back(landing)
        if reason:
            stuck.setdefault(landing.path, f"{landing.targets[0]}, applied after it, stays")
            refused.append(_staying(landing, reason))
        else:
            undone.append(landing)
            store.runs.note_undone(landing, at_ns=time.time_ns())
    return Undone(
        run=run,
        undone=tuple(target for landing in undone for target in landing.targets),
        files=tuple(dict.fromkeys(landing.path for landing in undone)),
        refused=tuple(refused),
    )


def _take_back(landing: Landing) -> str:
    """Undo one change in its file; why it cannot be, or nothing."""
    path = Path(landing.path)
    now = contents(path)
    if now == landing.after:
        write(path, landing.before)
        return ""
    text, encoding = decoded(now, path=path)
    after, _ = decoded(landing.after, path=path)
    before, _ = decoded(landing.before, path=path)
    back, lost = carried(hunks(after, before), hunks(after, text))
    if lost:
        return f"{', '.join(hunk.words for hunk in lost)} as applied were edited since"
    write(path, encoded(patched(text, back), encoding, path=path))
    return ""


def _staying(landing: Landing, reason: str) -> Refused:
    return Refused(target=landing.targets[0], path=landing.path, where="", reason=reason)
