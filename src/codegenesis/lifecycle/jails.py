"""Sandboxes for genes, under the owner's settings: fresh ones, and ones kept warm.

A zygote costs an import of the target's module, a candidate only a fork, so the engine keeps those
that it used last.
"""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from codegenesis.config import Config
from codegenesis.errors import FragmentError, NotEvolvableError, SandboxError
from codegenesis.model import Gene, Observation, Outcome
from codegenesis.sandbox import Environment, Executor, Limits, Sandbox

#: A candidate may use so many times the CPU and memory of the dearest recorded call, but this at
#: least.
HEADROOM = 100
LEAST_CPU_S = 0.5
MEMORY_HEADROOM = 20
LEAST_BYTES = 128 << 20
#: CPU seconds in which a version may be compiled when a process loads it.
NATIVE_SETUP_S = 20.0

#: Zygotes that are kept; each holds the target's modules in memory.
KEPT = 4


def open_sandbox(
    gene: Gene, config: Config, *, limits: Limits | None = None, preload: tuple[str, ...] = ()
) -> Sandbox:
    """A sandbox for the gene, as its owner wants it; the caller closes it.

    Args:
        preload: modules to import before the target's.

    Raises:
        SandboxUnavailableError: this machine cannot isolate code.
        SandboxImportError: the module cannot be imported in the jail.
    """
    environment = Environment.for_gene(
        gene,
        setup=config.sandbox_setup,
        preload=preload,
        artifacts=_artifacts(config),
    )
    return Sandbox(environment, limits=limits, tier=config.tier)


def require_found(gene: Gene, executor: Executor) -> None:
    """See that the gene's function is there once its module is imported.

    Raises:
        NotEvolvableError: something else stands under its name.
    """
    try:
        executor.candidate(gene.qualname, None).close()
    except FragmentError as error:
        raise NotEvolvableError(
            f"{gene.target} is not evolved: {error}",
            remedy="Let what decorates it say what it wraps (functools.wraps), or evolve what it "
            "calls.",
        ) from error


def _artifacts(config: Config) -> str:
    """Where compiled versions are, or will be; empty where there are to be none."""
    if config.native != "off":
        config.artifacts.mkdir(mode=0o755, parents=True, exist_ok=True)
    return str(config.artifacts) if config.artifacts.is_dir() else ""


def limits_for(observations: Sequence[Observation], *, native: bool = False) -> Limits:
    """Limits from what the original itself used: a fresh input may cost far more than any seen,
    but a variant (or the original, on an input nobody sends) need not be waited for forever.

    Args:
        native: variants may be compiled while they are set up.
    """
    dearest_ns = max((each.cpu_ns for each in observations), default=0)
    cpu_s = min(max(HEADROOM * dearest_ns / 1e9, LEAST_CPU_S), Limits().cpu_s)
    return Limits(cpu_s=cpu_s, setup_s=NATIVE_SETUP_S if native else Limits().setup_s)


def bounded(limits: Limits, outcomes: Iterable[Outcome]) -> Limits:
    """The same limits, with real memory in proportion to what the original took in the jail."""
    peak = max((outcome.peak_bytes for outcome in outcomes), default=0)
    wanted = max(MEMORY_HEADROOM * peak, LEAST_BYTES)
    return msgspec.structs.replace(limits, real_bytes=min(wanted, limits.real_bytes))


class Jails:
    """Keeps the zygotes of the genes asked for last; one thread at a time."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._warm: OrderedDict[tuple[str, str], Sandbox] = OrderedDict()

    @contextlib.contextmanager
    def borrow(self, gene: Gene) -> Iterator[Executor]:
        """An executor for the gene's environment, warm if it was used lately; raises like
        `open_sandbox`."""
        # A changed source needs a fresh import, so it is part of the key.
        key = (gene.path, gene.base)
        sandbox = self._warm.pop(key, None) or open_sandbox(gene, self._config)
        try:
            yield sandbox
        except SandboxError:
            sandbox.close()  # it may be the zygote that failed: do not keep it
            raise
        self._warm[key] = sandbox
        while len(self._warm) > KEPT:
            self._warm.popitem(last=False)[1].close()

    def close(self) -> None:
        """End all of them."""
        while self._warm:
            self._warm.popitem()[1].close()
