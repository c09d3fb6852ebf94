"""What each function of a run is tried on, and why some cannot be.

The best inputs are those that users sent, then calls that tests make, then the examples in
docstrings: the less is known of a function, the smaller its inputs, and the less a race on them
says. So they are asked for in this order, and each step says where its calls came from. Files of
calls are what somebody gives on purpose, and stand above all.

Exceptions on calls from tests and examples are what somebody wrote down as right (a `raises`, a
traceback in a docstring); they are part of what a version must do, and no crash to be healed.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from codegenesis.config import Config
from codegenesis.errors import UsageError
from codegenesis.lifecycle.campaigns.census import (
    Heard,
    calls_of_examples,
    calls_of_tests,
    has_examples,
)
from codegenesis.lifecycle.inputs import call_of, lines_of, observe
from codegenesis.lifecycle.schedule import recent
from codegenesis.lifecycle.targets import read_text
from codegenesis.model import Gene, Observation, Record
from codegenesis.store import Store

Source = Literal["recorded", "file", "tests", "doctests", "none"]

RECORDED, DOCTESTS = "recorded", "doctests"
_WATCH = (
    "Watch it: codegenesis run --target '{target}' -- COMMAND; or give calls with --inputs FILE or "
    "--tests PATH, or write an example into its docstring: >>> {name}(…)."
)


class Feed(Record, frozen=True, kw_only=True):
    """What one function is tried on.

    Attributes:
        words: where it comes from, for people; with `none`, why there is nothing.
        calls: encoded; empty where they are read later (`recorded`) or somebody else finds them.
    """

    source: Source
    words: str
    remedy: str = ""
    calls: tuple[bytes, ...] = ()


class Feeder:
    """Finds inputs for the functions of one run, each kind once.

    Args:
        inputs: `recorded`, `doctests`, or the path of a file of calls.
        single: there is one function, so a file of calls needs no names, and tests are left to
            whoever judges by them.
    """

    def __init__(
        self, store: Store, config: Config, genes: Sequence[Gene], *, inputs: str, single: bool
    ) -> None:
        self._store, self._config, self._inputs = store, config, inputs
        self._genes = tuple(genes)
        self._single = single
        self._examples: dict[str, Heard] = {}
        self._texts: dict[str, str] = {}
        self._given = _calls_in(inputs, genes, single=single) if self._reads_file else {}

    @property
    def _reads_file(self) -> bool:
        return self._inputs not in (RECORDED, DOCTESTS)

    def feed(self, gene: Gene) -> Feed:
        """Where the inputs of a gene come from, as far as that can be told without running it.

        Raises:
            SandboxUnavailableError: this machine cannot isolate code.
        """
        if self._reads_file:
            return self._from_file(gene)
        if self._inputs == RECORDED:
            if self._store.observations(gene.id, limit=1, replayable=True):
                return Feed(source="recorded", words="recorded calls")
            if self._config.tests:
                return self._from_tests(gene)
        if self._may_have_examples(gene):
            return Feed(source="doctests", words="the examples in its docstrings")
        return _nothing(gene, "it was never recorded" if self._inputs == RECORDED else "")

    def observations(self, gene: Gene, feed: Feed) -> list[Observation]:
        """The calls with what the original makes of them; empty when there are none after all.

        Raises:
            SandboxError: the jail has failed, or the module cannot be imported in it.
        """
        if feed.source == "recorded":
            return recent(self._store, gene)
        if feed.source == "file":
            return observe(gene, feed.calls, self._config)
        calls = feed.calls if feed.source == "tests" else self._examples_of(gene)
        return [_expected(each) for each in observe(gene, calls, self._config)]

    def tested(self, gene: Gene) -> bool:
        """Whether the tests are worth running for a gene: they call it, or it is the only one."""
        return bool(self._config.tests) and (self._single or gene.id in self._tests.calls)

    def without_examples(self, gene: Gene) -> Feed:
        """What to say when the examples turned out to make no call."""
        heard = self._examples.get(gene.path)
        return _nothing(gene, (heard and heard.trouble) or "no example calls it")

    def _from_file(self, gene: Gene) -> Feed:
        calls = self._given.get(gene.target, ())
        if not calls:
            return _nothing(gene, f"{self._inputs} has no call of it")
        return Feed(source="file", words=f"{len(calls)} calls of {self._inputs}", calls=calls)

    def _from_tests(self, gene: Gene) -> Feed:
        if self._single:
            return Feed(source="tests", words="calls that the tests make")
        calls = self._tests.calls.get(gene.id, ())
        if calls:
            return Feed(
                source="tests", words=f"{len(calls)} calls that the tests make", calls=calls
            )
        if self._may_have_examples(gene):
            return Feed(source="doctests", words="the examples in its docstrings")
        return _nothing(gene, self._tests.trouble or "no test calls it")

    @functools.cached_property
    def _tests(self) -> Heard:
        """One run of the tests, with all functions watched."""
        return calls_of_tests(self._genes, self._config)

    def _examples_of(self, gene: Gene) -> tuple[bytes, ...]:
        if gene.path not in self._examples:
            own = [each for each in self._genes if each.path == gene.path]
            self._examples[gene.path] = calls_of_examples(own, self._config)
        return self._examples[gene.path].calls.get(gene.id, ())

    def _may_have_examples(self, gene: Gene) -> bool:
        if gene.path not in self._texts:
            self._texts[gene.path] = read_text(Path(gene.path))
        return gene.module != "__main__" and has_examples(self._texts[gene.path])


def _nothing(gene: Gene, why: str) -> Feed:
    words = f"no calls to try it on{': ' if why else ''}{why}"
    remedy = _WATCH.format(target=gene.target, name=gene.name)
    return Feed(source="none", words=words, remedy=remedy)


def _expected(seen: Observation) -> Observation:
    return msgspec.structs.replace(seen, error="", fingerprint="")


def _calls_in(
    inputs: str, genes: Sequence[Gene], *, single: bool
) -> Mapping[str, tuple[bytes, ...]]:
    """Calls of a file by target; lines of a file for several functions say whose call it is."""
    found: dict[str, list[bytes]] = {}
    for number, line in lines_of(Path(inputs)):
        place = f"{inputs}:{number}"
        call = call_of(line, place)
        target = genes[0].target if single else _named(line, place)
        found.setdefault(target, []).append(call)
    return {target: tuple(calls) for target, calls in found.items()}


def _named(line: str, place: str) -> str:
    name = json.loads(line).get("target")
    if not isinstance(name, str) or ":" not in name:
        raise UsageError(
            f"{place}: there are several functions, and this call does not say whose it is",
            remedy='Say it in each line: {"target": "shop.pricing:quote", "args": [1]}',
        )
    return name
