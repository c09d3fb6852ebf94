"""The sandbox as other rooms have it: candidates on demand, and nothing left behind."""

from __future__ import annotations

from typing import Self

from codegenesis.sandbox.candidate import JailedCandidate
from codegenesis.sandbox.environment import Environment
from codegenesis.sandbox.executor import Limits
from codegenesis.sandbox.kernel import require_platform
from codegenesis.sandbox.warden import Warden


class Sandbox:
    """An executor whose candidates run jailed: DESIGN §6, tier L3.

    One zygote per environment; candidates may be asked for and used from several threads.

    Raises:
        SandboxUnavailableError: this machine cannot isolate code; says what is missing.
        SandboxImportError: the target's module cannot be imported in the jail.
    """

    def __init__(self, environment: Environment, *, limits: Limits | None = None) -> None:
        require_platform()
        self._limits = limits or Limits()
        self._candidates: dict[JailedCandidate, int] = {}
        self._warden = Warden(environment, self._limits)

    def candidate(self, qualname: str, source: str | None) -> JailedCandidate:
        """See `Executor.candidate`."""
        channel, name = self._warden.start(self._limits)
        candidate = JailedCandidate(channel, self._limits, bury=self._bury)
        self._candidates[candidate] = name
        try:
            candidate.setup(qualname, source)
        except BaseException:
            candidate.close()
            raise
        return candidate

    def _bury(self, candidate: JailedCandidate) -> int:
        return self._warden.reap(self._candidates.pop(candidate))

    def close(self) -> None:
        """End every candidate and the zygote; idempotent."""
        for candidate in list(self._candidates):
            candidate.close()
        self._warden.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
