"""One pair of jails: an evaluator's host that stays, and a program for each evaluation."""

from __future__ import annotations

import time
from pathlib import Path

from codegenesis.errors import UsageError
from codegenesis.hosted.evaluating import messages
from codegenesis.hosted.evaluating.messages import Verdict
from codegenesis.sandbox import Environment, Limits, Sandbox, Tier
from codegenesis.scenarios.discover.evaluating import standin, support
from codegenesis.scenarios.discover.evaluating.hosting import open_host
from codegenesis.scenarios.discover.evaluating.inside import run_inside
from codegenesis.scenarios.discover.evaluating.judging import evaluation
from codegenesis.scenarios.discover.evaluating.patience import Patience
from codegenesis.scenarios.discover.evaluating.stage import Stage
from codegenesis.scenarios.discover.evaluating.talk import Talk
from codegenesis.scenarios.discover.individual import Evaluation
from codegenesis.scenarios.discover.problem import Problem

_SERVER_MODULE = "codegenesis.hosted.evaluating.program"
_PROGRAM_BYTES = 2 << 30
_ACROSS, _INSIDE = "across", "inside"
_MOST_LOAD_S = 30.0


class Seat:
    """Evaluates one program at a time.

    Args:
        root: directory that programs import from (`support.lay_out`).
        patience: how long programs are waited for; shared by all seats of a problem.
        tier: the lowest isolation of programs to be content with.

    Raises:
        UsageError: the evaluator cannot be loaded.
        SandboxError: a jail cannot be made.
    """

    def __init__(
        self, problem: Problem, root: Path, *, patience: Patience, tier: Tier = "L3"
    ) -> None:
        self._problem, self._patience = problem, patience
        self._shared = support.shared_names(problem)
        self._token = 0
        environment = Environment(root=str(root), module=_SERVER_MODULE, preload=(support.PRELOAD,))
        limits = Limits(memory_bytes=_PROGRAM_BYTES, real_bytes=_PROGRAM_BYTES // 2)
        self._sandbox = Sandbox(environment, limits=limits, tier=tier)
        self._talk: Talk | None = None
        self._died = False
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def evaluate(self, program: str) -> Evaluation:
        """See `Evaluators.evaluate`."""
        if self._problem.kind == "run":
            return self._inside(program)
        return self._separated(program)

    def confirm(self, program: str) -> Evaluation:
        """See `Evaluators.confirm`."""
        return self._separated(program)

    def close(self) -> None:
        """End both jails; idempotent."""
        self._dismiss("it was closed")
        self._sandbox.close()

    def _open(self) -> Talk:
        """The host, started if there is none."""
        if self._talk is None:
            self._talk, _ = open_host(self._problem)
        return self._talk

    def _dismiss(self, words: str) -> None:
        talk, self._talk = self._talk, None
        if talk:
            talk.end(words)

    def _separated(self, program: str) -> Evaluation:
        """By the evaluator; once more when its host died: perhaps of what other programs left."""
        started = time.monotonic()
        for _ in range(2):
            stage = self._stage(program, _ACROSS)
            try:
                verdict, printed = self._heard(stage, program)
            except BaseException:
                self._dismiss("nobody waits for it any more")
                raise
            finally:
                stage.close()
            if not self._died:
                break
        return self._made(stage, verdict, _ACROSS, started=started, printed=printed)

    def _inside(self, program: str) -> Evaluation:
        """The whole of it in the program's jail: fast, and as true as the program is honest."""
        started = time.monotonic()
        stage = self._stage(program, _INSIDE)
        try:
            verdict = run_inside(self._problem, stage)
        finally:
            stage.close()
        return self._made(stage, verdict, _INSIDE, started=started)

    def _made(
        self, stage: Stage, verdict: Verdict, way: str, *, started: float, printed: str = ""
    ) -> Evaluation:
        seconds = time.monotonic() - started
        made = evaluation(self._problem, stage, verdict, printed=printed, seconds=seconds)
        if made.score is not None:
            self._patience.note(way, seconds)
        return made

    def _stage(self, program: str, way: str) -> Stage:
        self._token += 1
        seconds = self._patience.limit_s(way)
        return Stage(
            self._sandbox,
            program,
            token=self._token,
            shared=self._shared,
            seconds=seconds,
            load_cpu_s=min(_MOST_LOAD_S, seconds / 2),
        )

    def _heard(self, stage: Stage, program: str) -> tuple[Verdict, str]:
        """The verdict; of a cascade whose later stage failed, that of the stages before it."""
        try:
            talk = self._open()
        except UsageError as error:  # it could be loaded once
            return Verdict(error=str(error)), ""
        self._died = False
        so_far: Verdict | None = None
        stage.prolong()
        talk.say(stage, standin.text(program, token=stage.token, shared=self._shared))
        while True:
            try:
                said = talk.hear(stage.ends - time.monotonic())
            except TimeoutError:
                if stage.ends > time.monotonic():
                    continue
                self._dismiss("it took too long")
                return _ended(so_far, f"it took longer than {stage.seconds:.3g} s"), ""
            match said:
                case messages.Done(token, verdict, printed) if token == stage.token:
                    return verdict, printed
                case messages.Staged(_, verdict):
                    so_far = verdict
                case None:
                    self._dismiss("it has ended")
                    self._died = True
                    return _ended(so_far, f"the evaluator ended: {talk.ending}"), ""


def _ended(so_far: Verdict | None, words: str) -> Verdict:
    if so_far is None:
        return Verdict(error=words)
    text = {**so_far.text, f"stage {so_far.stage + 1}": words}
    return Verdict(
        metrics=so_far.metrics,
        score=so_far.score,
        text=text,
        refused=so_far.refused,
        stage=so_far.stage + 1,
    )
