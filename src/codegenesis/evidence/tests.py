"""Gate: does the variant pass the user's own tests?

The tests are the user's, so they and pytest run in the workshop; the variant is anybody's, so it
answers their calls from a jail (`codegenesis.hosted`). Before that the original is put through the
same: what fails, what passes only now and then, what does not stand being answered from elsewhere
(identity of objects, patched module variables) is no evidence against a variant and is left out,
with a word. Of the rest only those count that call the function: coverage says nothing more.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from codegenesis.errors import FragmentError
from codegenesis.evidence.answering import Answering, Known
from codegenesis.evidence.case import Case, Verdicts
from codegenesis.evidence.hosting import Host, Notes, Told
from codegenesis.evidence.words import clip
from codegenesis.fragment import LOCALS
from codegenesis.model import Gene, Record, Trial, Variant
from codegenesis.sandbox import Executor, Work, Workshop

#: A test may take so many times as long as with the original, and so many seconds at least.
_PATIENCE, _LEAST_S = 10.0, 2.0
_SHOWN = 3
_NESTED = (
    "it is made anew each time that the function around it runs, so nothing can stand in for it "
    "in tests"
)


class UserTest(Record, frozen=True, kw_only=True):
    """One test as the original met it.

    Attributes:
        id: file, `::` and name.
        excluded: why it is no evidence, in words; empty when it is.
        seconds: that it takes when answered from elsewhere; fixtures included.
        calls: how often it calls the function.
    """

    id: str
    excluded: str = ""
    seconds: float = 0.0
    calls: int = 0


class TestBaseline(Record, frozen=True, kw_only=True):
    """What the user's tests can testify to, for one gene.

    Attributes:
        tests: those that call the function, and those that fail without any variant.
        calls: distinct calls that they made, encoded: further inputs for other gates.
        known: what the original answered them with.
        project: as it was given.
        startup_s: until the first test begins.
        reason: why no test can be used, in words; empty when one can.
    """

    __test__ = False  # pytest, this is no class of tests

    tests: tuple[UserTest, ...] = ()
    calls: tuple[bytes, ...] = ()
    known: Known = Known()
    project: str = ""
    startup_s: float = 0.0
    reason: str = ""

    @property
    def selected(self) -> tuple[UserTest, ...]:
        """Those that variants must pass."""
        return tuple(each for each in self.tests if not each.excluded)

    @property
    def excluded(self) -> tuple[UserTest, ...]:
        """Those that were left out."""
        return tuple(each for each in self.tests if each.excluded)

    def words(self) -> str:
        """What was left out, and why; at most a few."""
        shown = [f"{self.short(each.id)} {each.excluded}" for each in self.excluded[:_SHOWN]]
        more = len(self.excluded) - len(shown)
        shown += [f"{more} more"] if more > 0 else []
        return f"left out: {'; '.join(shown)}" if shown else ""

    def short(self, test: str) -> str:
        """An id for people: the file relative to the project."""
        return test.removeprefix(f"{self.project}/")


def baseline_tests(
    gene: Gene,
    executor: Executor,
    *,
    project: Path,
    paths: Sequence[Path] = (),
    workshop: Workshop | None = None,
    python: str = sys.executable,
    budget_s: float = 120.0,
) -> TestBaseline:
    """Put the original through the user's tests: as they are, in another order, and from elsewhere.

    Args:
        executor: sandbox of the gene's environment.
        project: directory that the tests are run in.
        paths: files or directories of tests; by default where pytest looks by itself.
        budget_s: seconds for each of the three runs.

    Raises:
        SandboxError: the sandbox or the workshop itself has failed.
    """
    project = project.resolve()
    if LOCALS in gene.qualname:
        return TestBaseline(reason=_NESTED, project=str(project))
    host = Host(gene, project=project, paths=paths, workshop=workshop, python=python)
    seen, work = host.watch(wall_s=budget_s)
    if reason := _unusable(seen, work):
        return TestBaseline(reason=reason, project=str(project))
    tests = [_first(told) for told in seen.told if told.calls or told.status == "failed"]
    if seen.running:
        tests.append(UserTest(id=seen.running, excluded=f"did not end within {budget_s:.0f} s"))
    tests = _again(host, tests, budget_s)
    answering = Answering(executor, gene, None)
    try:
        tests = _from_elsewhere(host, answering, tests, budget_s)
    finally:
        answering.close()
    reason = "" if any(not each.excluded for each in tests) else _nothing(tests)
    return TestBaseline(
        tests=tuple(tests),
        calls=tuple(seen.calls),
        known=answering.learnt,
        project=str(project),
        startup_s=seen.startup_s,
        reason=reason,
    )


class TestsGate:
    """The user's tests, those that call the function and are evidence.

    Args:
        baseline: of this gene.
        workshop: as for `baseline_tests`.
    """

    __test__ = False
    name = "tests"

    def __init__(
        self,
        baseline: TestBaseline,
        *,
        workshop: Workshop | None = None,
        python: str = sys.executable,
    ) -> None:
        self._baseline, self._workshop, self._python = baseline, workshop, python

    def run(self, variant: Variant, case: Case) -> Trial:
        """See `Gate.run`."""
        verdicts = Verdicts(self, variant)
        base = self._baseline
        if base.reason:
            return verdicts.trial("skipped", detail=base.reason)
        tests = _affordable(base, case.budget_s)
        allowed = {each.id: max(_LEAST_S, _PATIENCE * each.seconds) for each in tests}
        answering = Answering(
            case.executor, case.gene, variant.source, known=base.known, allowed_s=allowed
        )
        try:
            notes, work = self._host(case.gene).send(
                answering,
                only=list(allowed),
                wall_s=min(3 * base.startup_s + sum(allowed.values()), 2 * case.budget_s) + 5,
                first_failure=True,
            )
        except FragmentError as error:
            return verdicts.trial("failed", detail=str(error))
        finally:
            answering.close()
        words = _failure(base, tests, notes, work, answering)
        return verdicts.trial(
            "failed" if words else "passed",
            detail=words or base.words(),
            checks=len(notes.told),
            measurements={
                "tests": float(len(notes.told)),
                "calls": float(answering.asked),
                "unsent": float(sum(each.unsent for each in notes.told)),
                "left_out": float(len(base.excluded)),
                "unaffordable": float(len(base.selected) - len(tests)),
            },
        )

    def _host(self, gene: Gene) -> Host:
        project = Path(self._baseline.project)
        return Host(gene, project=project, workshop=self._workshop, python=self._python)


def _unusable(seen: Notes, work: Work) -> str:
    if seen.found is None:
        said = (work.stderr or work.stdout).decode(errors="replace").strip().splitlines()
        return f"the tests cannot be started: {work.died or clip((said or ['?'])[-1], 200)}"
    if not seen.found:
        errors = f" ({seen.errors[0]})" if seen.errors else ""
        return f"there are no tests to be found{errors}"
    if not seen.function:
        return "no test imports the function's module"
    return "" if any(told.calls for told in seen.told) else "no test calls the function"


def _first(told: Told) -> UserTest:
    why = {
        "passed": "",
        "failed": f"fails with the original: {told.words}",
        "skipped": "does not run to its end with the original",
    }[told.status]
    return UserTest(id=told.test, excluded=why, seconds=told.seconds, calls=told.calls)


def _again(host: Host, tests: list[UserTest], budget_s: float) -> list[UserTest]:
    """Once more, in another order: what does not pass this time is left out."""
    left = [each.id for each in tests if not each.excluded]
    if not left:
        return tests
    seen, _ = host.watch(wall_s=budget_s, only=left, backwards=True)
    return _sifted(tests, seen.told, "is flaky: it passes, and in another order it does not")


def _from_elsewhere(
    host: Host, answering: Answering, tests: list[UserTest], budget_s: float
) -> list[UserTest]:
    """With the original's answers from the jail: what that alone breaks is left out."""
    left = [each.id for each in tests if not each.excluded]
    if not left:
        return tests
    seen, _ = host.send(answering, only=left, wall_s=budget_s)
    unsent = {each.test for each in seen.told if each.calls == each.unsent}
    tests = _sifted(tests, seen.told, "does not stand the original being called in another process")
    return [
        _excluded(each, "makes only calls that cannot be sent to another process")
        if each.id in unsent and not each.excluded
        else each
        for each in tests
    ]


def _sifted(tests: list[UserTest], told: list[Told], why: str) -> list[UserTest]:
    found = {each.test: each for each in told}
    sifted = []
    for test in tests:
        now = found.get(test.id)
        if test.excluded:
            sifted.append(test)
        elif now is None or now.status != "passed":
            words = f" ({now.words})" if now and now.words else ""
            sifted.append(_excluded(test, f"{why}{words}"))
        else:
            sifted.append(UserTest(id=test.id, seconds=now.seconds, calls=now.calls))
    return sifted


def _excluded(test: UserTest, why: str) -> UserTest:
    return UserTest(id=test.id, excluded=why, seconds=test.seconds, calls=test.calls)


def _nothing(tests: list[UserTest]) -> str:
    first = next((each for each in tests if each.calls), tests[0])
    return f"no test that calls it is evidence: {first.id.rpartition('/')[2]} {first.excluded}"


def _affordable(base: TestBaseline, budget_s: float) -> list[UserTest]:
    """The quick ones first, as many as fit; one at least."""
    left = budget_s - base.startup_s
    chosen: list[UserTest] = []
    for test in sorted(base.selected, key=lambda each: each.seconds):
        left -= test.seconds
        if left < 0 and chosen:
            break
        chosen.append(test)
    return chosen


def _failure(
    base: TestBaseline, tests: list[UserTest], notes: Notes, work: Work, answering: Answering
) -> str:
    """The first test that is lost, and why; each must have said that it passed."""
    told = {each.test: each for each in notes.told}
    for test in tests:
        now = told.get(test.id)
        words = answering.trouble.get(test.id, "")
        if not words and now and now.status != "passed":
            words = now.words or "did not run to its end"
        if words:
            return f"{base.short(test.id)}: {words}"
    missing = [each.id for each in tests if each.id not in told]
    if notes.running in missing:
        return f"{base.short(notes.running)}: does not end ({work.died or 'the tests ended'})"
    if missing:
        ended = work.died or f"the tests ended early (status {work.status})"
        return f"{base.short(missing[0])}: was not reached, {ended}"
    return ""
