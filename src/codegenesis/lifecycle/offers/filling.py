"""From a function without a body, and examples of what it should do, to bodies to choose from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from codegenesis.arena.messages import Example
from codegenesis.config import Config
from codegenesis.core.budget import Meter
from codegenesis.core.coders import Attempt
from codegenesis.core.operator import module_source
from codegenesis.core.synthesis import Filled, Synthesis, is_hole, stated, synthesise
from codegenesis.errors import TargetError
from codegenesis.evidence.arena import Arena
from codegenesis.ledger import Ledger
from codegenesis.lifecycle.asking import OPERATOR, Asked, Authors
from codegenesis.lifecycle.jails import open_sandbox
from codegenesis.lifecycle.offers.asked import Bodies
from codegenesis.lifecycle.offers.offer import Cases, Judge, Offer
from codegenesis.lifecycle.offers.share import Share
from codegenesis.model import Gene, Record, Variant
from codegenesis.store import Store

#: Share of the seconds that the search may have; the rest is for judging.
_SEARCH_SHARE = 0.85
_TEST_FILES = "test*.py"

Tell = Callable[[str], None]


class Filling(Record, frozen=True, kw_only=True):
    """What a search for bodies came to.

    Attributes:
        bodies: the most believable first.
        reason: how it ended, in words.
        cases: examples that bodies were held to.
        first_s: when the first body was found.
        cut_short: the search was ended by its budget.
        asked: what models were asked, and what it came to; None where there are none.
    """

    gene: Gene
    bodies: tuple[Offer, ...] = ()
    reason: str
    cases: int = 0
    trials: int = 0
    first_s: float = 0.0
    seconds: float = 0.0
    cut_short: bool = False
    asked: Asked | None = None


def cases_for(
    gene: Gene, examples: Iterable[Example], *, tests: Iterable[Path], project: Path
) -> Cases:
    """The given examples, those in docstrings, and those that tests state literally.

    Raises:
        TargetError: the function has a body, or nothing says what it should do.
    """
    if not is_hole(gene.source):
        raise TargetError(
            f"{gene.target} has a body",
            remedy="Let its body be `raise NotImplementedError`, or mend it: codegenesis fix.",
        )
    paths = [project / path for path in tests]
    texts = [module_source(gene), *_texts(paths)]
    found = [*examples, *(each for text in texts for each in stated(text, gene.name))]
    if not found:
        raise TargetError(
            f"there is no example of what {gene.target} should do",
            remedy="Give some: --examples FILE, `>>>` in its docstring, asserts in --tests PATH.",
        )
    return Cases(examples=tuple(dict.fromkeys(found)), tests=tuple(paths), project=project)


def _texts(paths: Iterable[Path]) -> Iterable[str]:
    for path in paths:
        files = sorted(path.rglob(_TEST_FILES)) if path.is_dir() else [path]
        for file in files:
            yield file.read_text(encoding="utf-8", errors="replace")


class Filler:
    """Looks for bodies; one function at a time.

    Args:
        authors: models that write bodies beside the search; None for the search alone.
        tell: told in words what is being done.
    """

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        config: Config,
        *,
        authors: Authors | None = None,
        tell: Tell = lambda _words: None,
    ) -> None:
        self._store, self._ledger, self._config, self._tell = store, ledger, config, tell
        self._authors = authors

    def fill(self, gene: Gene, cases: Cases, *, meter: Meter) -> Filling:
        """Look for bodies that do what the cases say.

        Args:
            meter: what it may spend; when it is cancelled, what was found is kept.

        Raises:
            SandboxUnavailableError: this machine cannot isolate code.
            SandboxError: the workshop has failed.
        """
        search = Share(meter, _SEARCH_SHARE * meter.left_s)
        self._tell(f"searching on {len(cases.examples)} examples")
        with Bodies(self._authors, gene, cases, self._config, meter=search) as written:
            found = synthesise(
                gene,
                cases.examples,
                meter=written.search,
                setup=self._config.sandbox_setup,
                seed=self._config.seed,
                tell=self._tell,
            )
            by_models = written.finish(found=len(found.filled))
        bodies = self._judged(gene, cases, found, by_models)
        none_holds = not bodies and (found.filled or by_models)
        return Filling(
            gene=gene,
            bodies=bodies,
            reason="no body holds outside" if none_holds else found.reason,
            cases=len(cases.examples),
            trials=found.trials,
            first_s=min((each.seconds for each in found.filled), default=0.0),
            seconds=meter.seconds,
            cut_short=bool(search.over),
            asked=written.asked,
        )

    def _judged(
        self, gene: Gene, cases: Cases, found: Synthesis, by_models: Sequence[Attempt]
    ) -> tuple[Offer, ...]:
        """What models wrote comes first: they have read names and docstring, not examples alone."""
        count = len(found.filled) + len(by_models)
        if not count:
            return ()
        self._tell(f"judging {count} bodies from outside")
        arena = None
        if cases.tests:
            arena = Arena(gene, tests=cases.tests, project=cases.project, jobs=1)
        try:
            with open_sandbox(gene, self._config) as sandbox:
                judge = Judge(
                    gene,
                    cases,
                    executor=sandbox,
                    arena=arena,
                    store=self._store,
                    ledger=self._ledger,
                    objective="synthesise",
                )
                offers = [self._by_model(judge, gene, cases, each) for each in by_models]
                offers += [self._offer(judge, gene, cases, each) for each in found.filled]
        finally:
            if arena:
                arena.close()
        return tuple(offer for offer in offers if offer)

    def _by_model(self, judge: Judge, gene: Gene, cases: Cases, body: Attempt) -> Offer | None:
        variant = Variant(
            gene=gene.id,
            base=gene.base,
            source=body.source,
            operator=f"{OPERATOR}{body.style}",
            author=body.model,
            hypothesis=f"Does what {len(cases.examples)} examples say; a model wrote it.",
            risk="Examples say little about all other inputs; read it.",
            seed=self._config.seed,
        )
        words = (f"written by {body.model}",)
        return judge.offer(variant, words=words, prompt=body.prompt)

    def _offer(self, judge: Judge, gene: Gene, cases: Cases, body: Filled) -> Offer | None:
        variant = Variant(
            gene=gene.id,
            base=gene.base,
            source=body.source,
            operator=f"synthesis:{body.method}",
            hypothesis=f"Does what {len(cases.examples)} examples say; found as {body.method}.",
            risk="Examples say little about all other inputs; read it.",
            seed=self._config.seed,
        )
        reasons = []
        if body.total < 1:
            reasons.append(f"raises on {1 - body.total:.0%} of made-up inputs")
        return judge.offer(
            variant,
            words=(f"filled as {body.method}",),
            size=body.size,
            agreement=body.agreement,
            reasons=tuple(reasons),
        )
