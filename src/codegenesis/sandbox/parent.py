"""The sandbox as other rooms have it: candidates on demand, and nothing left behind."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Self

from codegenesis.errors import UsageError
from codegenesis.sandbox.candidate import JailedCandidate
from codegenesis.sandbox.environment import Environment
from codegenesis.sandbox.executor import Limits, Tier
from codegenesis.sandbox.kernel import ONLY_L3, TIERS, MissingFeatureError, require_platform
from codegenesis.sandbox.warden import Warden

_log = logging.getLogger("codegenesis")


class Sandbox:
    """An executor whose candidates run jailed: DESIGN §6.

    One zygote per environment; candidates may be asked for and used from several threads.

    Args:
        limits: what a candidate may use, and the import.
        tier: the lowest tier to be content with. L2 is for machines without user namespaces: they
            get Landlock and seccomp only, others get L3 all the same.
        highest: the highest tier to try.
        told: is told in words when the tier is lower than the highest; a warning in the log
            when None.

    Attributes:
        tier: the tier that it has.

    Raises:
        SandboxUnavailableError: this machine cannot isolate code so well; says what is missing.
        SandboxImportError: the target's module cannot be imported in the jail.
        UsageError: the lowest tier is above the highest.
    """

    def __init__(
        self,
        environment: Environment,
        *,
        limits: Limits | None = None,
        tier: Tier = "L3",
        highest: Tier = "L3",
        told: Callable[[str], None] | None = None,
    ) -> None:
        require_platform()
        if tier > highest:
            raise UsageError(
                f"the lowest tier {tier} is above the highest, {highest}", remedy="swap them"
            )
        self._limits = limits or Limits()
        self._candidates: dict[JailedCandidate, int] = {}
        self.tier = highest
        try:
            self._warden = Warden(environment, self._limits, highest)
        except MissingFeatureError as error:
            if tier == highest or error.step not in ONLY_L3:
                raise
            self._warden = Warden(environment, self._limits, tier)
            self.tier = tier
            (told or _log.warning)(
                f"the sandbox has tier {tier} only ({TIERS[tier]}), because {error}; {error.remedy}"
            )

    @property
    def limits(self) -> Limits:
        """What candidates may use."""
        return self._limits

    def limit(self, limits: Limits) -> None:
        """Give candidates other limits from now on; the import had its own."""
        self._limits = limits

    def candidate(self, qualname: str, source: str | None) -> JailedCandidate:
        """See `Executor.candidate`."""
        return self._started(lambda candidate: candidate.setup(qualname, source))

    def conversation(self, qualname: str) -> JailedCandidate:
        """A candidate that converses (`JailedCandidate.say`) instead of answering calls.

        Args:
            qualname: the function of the module, or `module:qualname`, that is spoken to.

        Raises:
            SandboxError: the sandbox itself has ended, or the candidate did not come up.
        """
        return self._started(lambda candidate: candidate.converse(qualname))

    def _started(self, begin: Callable[[JailedCandidate], None]) -> JailedCandidate:
        channel, name = self._warden.start(self._limits)
        candidate = JailedCandidate(channel, self._limits, bury=self._bury)
        self._candidates[candidate] = name
        try:
            begin(candidate)
        except BaseException:
            candidate.close()
            raise
        return candidate

    def _bury(self, candidate: JailedCandidate, asked: bool) -> int:
        name = self._candidates.pop(candidate)
        if asked:
            return self._warden.reap(name)
        self._warden.forget(name)
        return 0

    def close(self) -> None:
        """End every candidate and the zygote; idempotent."""
        for candidate in list(self._candidates):
            candidate.close()
        self._warden.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
