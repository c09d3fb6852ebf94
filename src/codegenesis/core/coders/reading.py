"""From an answer to a version worth a trial, or the reason why there is none.

The answer is parsed, never run. Of what it holds, the function with the gene's name is taken, and
in front of it what it needs and its module does not have: imports, constants, helpers. The header
is the gene's own, because small models add annotations that nobody asked for; other parameters,
defaults or another kind are another function and refused.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection

from codegenesis import fragment
from codegenesis.core.coders.attempt import REASONS, Why
from codegenesis.core.coders.blocks import prose, readings
from codegenesis.core.coders.brief import Brief
from codegenesis.core.coders.edits import applied, edits
from codegenesis.core.coders.finding import whole
from codegenesis.core.coders.header import is_bare, with_header
from codegenesis.core.coders.needs import Surroundings, needed, unknown
from codegenesis.core.coders.plain import sentence
from codegenesis.core.genetic import identity
from codegenesis.core.genetic.syntax import UNPARSABLE
from codegenesis.core.syntax import Unit
from codegenesis.errors import FragmentError
from codegenesis.evidence.rules import RULES, Subjects
from codegenesis.model import Record, Variant


class Read(Record, frozen=True, kw_only=True):
    """What an answer holds.

    Attributes:
        source: a fragment; empty when `why` is not.
        words: what the model says of it, or what is wrong with it.
    """

    source: str = ""
    why: Why | None = None
    words: str = ""


class _Refused(Exception):
    """A reading that is no version."""

    def __init__(self, why: Why, words: str) -> None:
        super().__init__(words)
        self.why, self.words = why, words


def read(answer: str, brief: Brief, *, seen: Collection[bytes] = (), helpers: bool = False) -> Read:
    """The version that an answer holds.

    Args:
        seen: identities (`core.genetic.identity`) of versions that need no second trial.
        helpers: functions of the module that the answer changes come along as copies.
    """
    worst: _Refused | None = None
    for reading in readings(answer):
        try:
            source = _fragment_of(reading, brief, seen, helpers=helpers)
        except _Refused as refused:
            if worst is None or REASONS.index(refused.why) > REASONS.index(worst.why):
                worst = refused
        else:
            return Read(source=source, words=sentence(prose(answer), 240))
    if worst is None:
        return Read(why="empty", words="the answer holds no code")
    return Read(why=worst.why, words=sentence(worst.words, 240))


def read_edits(answer: str, brief: Brief, *, seen: Collection[bytes] = ()) -> Read:
    """The version that the edits of an answer make; whole functions are welcome instead."""
    asked = edits(answer)
    if not asked:
        return read(answer, brief, seen=seen)
    (changed,), count = applied([brief.gene.source], asked)
    if not count:
        return Read(why="unparsable", words="its edits find no place")
    try:
        source = _fragment_of(changed, brief, seen, helpers=False)
    except _Refused as refused:
        return Read(why=refused.why, words=sentence(refused.words, 240))
    return Read(source=source, words=sentence(prose(answer.partition("<<<<<")[0]), 240))


def _fragment_of(text: str, brief: Brief, seen: Collection[bytes], *, helpers: bool) -> str:
    try:
        with warnings.catch_warnings():  # of the compiler, about escapes and the like
            warnings.simplefilter("ignore")
            return _fragment(text, brief, seen, helpers)
    except FragmentError as error:
        raise _Refused("refused", str(error)) from error
    except UNPARSABLE as error:
        raise _Refused("unparsable", f"it does not parse: {error}") from error


def _fragment(text: str, brief: Brief, seen: Collection[bytes], helpers: bool) -> str:
    gene = brief.gene
    found = whole(text, gene.qualname)
    if found is None:
        raise _Refused("signature", f"there is no function {gene.name} in it")
    if is_bare(found.function):
        raise _Refused("empty", "the function has no body")
    function = with_header(found.function, gene.source, filling=brief.objective == "fill")
    if function is None:
        raise _Refused("signature", "it has other parameters, defaults or another kind")
    around = Surroundings.of(brief.module_source, gene)
    prelude = needed(found, function, around, helpers=helpers)
    source = Unit.parse(prelude.joined(function)).source
    _require_new(source, brief, seen)
    _require_allowed(source, brief, around)
    return source


def _require_new(source: str, brief: Brief, seen: Collection[bytes]) -> None:
    program = identity(source)
    if program == identity(brief.gene.source):
        raise _Refused("unchanged", "it is the same program")
    if program in seen:
        raise _Refused("duplicate", "an earlier version is the same program")


def _require_allowed(source: str, brief: Brief, around: Surroundings) -> None:
    """What the first two gates would say, without a trial."""
    gene = brief.gene
    fragment.check(source, name=gene.name, free=gene.free)
    variant = Variant(gene=gene.id, base=gene.base, source=source, operator="model")
    subjects = Subjects.of(gene, variant)
    broken = [words for rule in RULES for words in rule(subjects)]
    if broken:
        raise _Refused("refused", "; ".join(broken[:3]))
    if names := unknown(source, around):
        raise _Refused("refused", f"nothing defines {', '.join(sorted(names)[:3])}")
