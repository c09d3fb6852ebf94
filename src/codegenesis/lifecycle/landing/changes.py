"""A found change on its way into a person's files: what is changed, in words and with its evidence.

What is kept is the fragment, not a text of the whole file: between the search and the landing the
file may have been edited elsewhere, two changes of one file must not overwrite each other's
imports, and a branch starts from HEAD and not from what lies in the working tree. So the minimal
diff is made where it lands (`compiler.patch.rewritten`), and a fragment whose function reads
differently by then does not land at all.

The evidence goes into the commit message as trailers, one line each, as `git interpret-trailers`
reads them.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from pathlib import Path

from codegenesis.compiler import rewritten
from codegenesis.errors import UsageError
from codegenesis.lifecycle.landing.lines import decoded, encoded, hunks, patched
from codegenesis.model import Champion, Entry, Gene, Record

_WIDTH = 72
_SUBJECT = 100


class Change(Record, frozen=True, kw_only=True):
    """One change of one function, ready to land.

    Attributes:
        gene: the function as it was read.
        source: the fragment that takes its place.
        before: the whole file as it was read.
        subject: what it is, in a line.
        body: why, in paragraphs.
        trailers: evidence, as `(name, words)`.
        variant: `Variant.id`, where it is one.
    """

    gene: Gene
    source: str
    before: bytes
    subject: str
    body: str = ""
    trailers: tuple[tuple[str, str], ...] = ()
    variant: str = ""

    @property
    def path(self) -> Path:
        """The file, links followed."""
        return Path(self.gene.path).resolve()

    @property
    def after(self) -> bytes:
        """The file as it was read, with the change in it."""
        return self.onto(self.before)

    @property
    def message(self) -> str:
        """The whole commit message."""
        return message(self.subject, self.body, self.trailers)

    def onto(self, data: bytes) -> bytes:
        """A version of the file with this change in it, everything else byte for byte.

        Raises:
            FragmentError: that version has another function there, or the change does not fit.
            UsageError: it is no Python file, or its encoding lacks a character of the change.
        """
        text, encoding = decoded(data, path=self.path)
        wanted = rewritten(self.gene, self.source, text)
        return encoded(patched(text, hunks(text, wanted)), encoding, path=self.path)


def read(gene: Gene) -> bytes:
    """The gene's file as it is now, for `Change.before`.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return Path(gene.path).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {gene.path}: {error.strerror}") from error


def of_champion(
    champion: Champion, gene: Gene, *, before: bytes, run: str, entry: Entry | None
) -> Change:
    """A champion as a change.

    Args:
        before: the file as the gene was read from it.
        run: `Run.id`.
        entry: of the ledger, with its evidence.
    """
    variant = champion.variant
    undo = f"Undo with `git revert`; where it was applied, with `codegenesis undo {run}`."
    return Change(
        gene=gene,
        source=variant.source,
        before=before,
        subject=_subject(champion, gene),
        body="\n\n".join(filter(None, [variant.hypothesis, _risk(variant.risk), undo])),
        trailers=tuple(_trailers(champion, run, entry)),
        variant=variant.id,
    )


def message(subject: str, body: str, trailers: Iterable[tuple[str, str]]) -> str:
    """Subject, body and trailers as git reads them, whatever somebody wrote into the words."""
    paragraphs = [_line(subject, _SUBJECT)]
    for paragraph in body.split("\n\n"):
        if words := _line(paragraph):
            paragraphs.append("\n".join(textwrap.wrap(words, _WIDTH, break_long_words=False)))
    evidence = [f"{_line(name)}: {_line(words)}" for name, words in trailers if _line(words)]
    return "\n\n".join([*paragraphs, "\n".join(evidence)]).rstrip() + "\n"


def evidence_entry(entries: Iterable[Entry]) -> Entry | None:
    """The latest entry with evidence."""
    return next((each for each in reversed(list(entries)) if each.kind == "evidence"), None)


def _subject(champion: Champion, gene: Gene) -> str:
    if champion.objective == "heal":
        return f"Handle what {gene.qualname} crashes on"
    figures = {"CPU": champion.gain.ratio}
    if fitness := champion.fitness:
        figures |= {"memory": fitness.memory, "resilience": fitness.resilience}
    name, ratio = max(figures.items(), key=lambda item: item[1])
    if figures["CPU"] > 1.05 or name == "CPU":
        return f"Make {gene.qualname} {champion.gain.ratio:.3g} times as fast"
    return f"Improve {name} of {gene.qualname} {ratio:.3g} times"


def _risk(words: str) -> str:
    return f"Risk: {words}" if words else ""


def _trailers(champion: Champion, run: str, entry: Entry | None) -> Iterable[tuple[str, str]]:
    gain, strength = champion.gain, champion.strength
    yield "Gain", f"{gain.ratio:.3g}x [{gain.low:.3g}, {gain.high:.3g}] n={gain.n}"
    if strength:
        yield "Strength", f"{strength.killed}/{strength.mutants} wrong versions noticed"
    passed = [trial for trial in champion.trials if trial.verdict == "passed"]
    yield "Gates", ", ".join(f"{trial.gate}={trial.checks}" for trial in passed)
    yield "Operator", champion.variant.operator
    yield "Variant", champion.variant.id
    yield "Run", run
    if entry:
        yield "Ledger", f"{entry.seq} {entry.hash}"


def _line(words: str, most: int = 2000) -> str:
    """Words on one line, without what would end a message early or steer a terminal."""
    plain = "".join(c if c.isprintable() else " " for c in words)
    plain = " ".join(plain.split()).replace("---", "—").lstrip("#")
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"
