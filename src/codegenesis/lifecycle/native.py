"""Compiled versions of one gene: built in the workshop, then judged like any other variant.

Off by default: a compiled version cannot be interrupted, and a mistake in it may take the process
down, so it is the owner who asks for it, and unless they say otherwise, who approves it.
"""

from __future__ import annotations

from collections.abc import Sequence

from codegenesis.compiler.native import Built, build_variants
from codegenesis.config import Config
from codegenesis.lifecycle.jails import open_sandbox
from codegenesis.model import Gene, Variant
from codegenesis.sandbox import Limits, Workshop

#: A traced program takes many times what it takes by itself.
_OBSERVING = Limits(cpu_s=20.0, wall_s=40.0, setup_s=5.0)

#: What numba's versions need in a process before they can be compiled there.
_PRELOADED = {"numba": ("numba",)}


def compiled(gene: Gene, calls: Sequence[bytes], config: Config, *, source: str | None) -> Built:
    """Versions by every backend that is installed.

    Args:
        calls: recorded calls; types are observed on some of them.
        source: fragment to compile; the function as it stands when None.

    Raises:
        SandboxUnavailableError: this machine cannot isolate code.
    """
    with open_sandbox(gene, config, limits=_OBSERVING) as executor:
        return build_variants(
            gene,
            calls,
            artifacts=config.artifacts,
            workshop=Workshop(),
            source=source,
            executor=executor,
        )


def preload(variants: Sequence[Variant]) -> tuple[str, ...]:
    """Modules that a zygote should import first, so that not every candidate does."""
    backends = {variant.backend for variant in variants}
    return tuple(name for backend in sorted(backends) for name in _PRELOADED.get(backend, ()))
