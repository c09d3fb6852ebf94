"""The net under new code: what happens when it raises where the old code might not have.

The old code may answer instead only when nothing has happened yet: the gene was measured free of
effects (`Release.pure`), and the arguments still are what they were before the call. Otherwise the
caller gets the exception. Either way new code that fails where the old did not, or in a way that
the old was never seen to, is taken out at once, in this process, without asking anybody.
"""

from __future__ import annotations

import time
import types
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from codegenesis import wire
from codegenesis.errors import WireError
from codegenesis.model import Release
from codegenesis.runtime.closures import immutable, with_free
from codegenesis.runtime.fingerprint import error_name
from codegenesis.runtime.live import Cells, LiveGene, Overlay
from codegenesis.runtime.local import local

#: Encoded arguments that are compared, at most; a call with larger ones is not repeated.
_COMPARED_BYTES = 16 << 10

Args = tuple[object, ...]
Kwargs = dict[str, object]


class Fall(NamedTuple):
    """New code was taken out in this process, and why."""

    gene: LiveGene
    release: str
    error: str
    reason: str
    at_ns: int


class Net:
    """Runs new code; when it falls, catches what can be caught.

    Args:
        overlay: what stands in front of the gene while the net is needed.
        old: the code to answer in its place.
        take_out: puts the old code back, here and now.
        falls: where the agent learns of it.
        cells: free variables, which are part of the call like arguments.
    """

    def __init__(
        self,
        gene: LiveGene,
        *,
        overlay: Overlay,
        release: Release,
        old: types.FunctionType,
        take_out: Callable[[], object],
        falls: deque[Fall],
        cells: Cells = None,
    ) -> None:
        self.gene = gene
        self.overlay = overlay
        self.release = release
        self.old = old
        self.take_out = take_out
        self.falls = falls
        self.cells = cells

    def before(self, args: Args, kwargs: Kwargs) -> bytes | None:
        """What tells later whether the arguments are unchanged; None: no second try."""
        return self._snapshot(args, kwargs) if self.release.pure else None

    def call(
        self,
        new: Callable[..., object],
        args: Args,
        kwargs: Kwargs,
        *,
        before: bytes | None,
        caught: Callable[[], object] = lambda: None,
    ) -> object:
        """`new(*args, **kwargs)`, or the old code's answer.

        Args:
            caught: called when the old code returned what the new one did not.
        """
        try:
            return new(*args, **kwargs)
        except Exception as error:
            if not self.may_answer(error, args, kwargs, before=before):
                raise
            name = error_name(type(error))
        # Outside the handler: if the old code raises, that is what the caller sees, no context.
        local.inside[self.gene] = self.old
        self.gene.step_aside(self.overlay, self.old.__code__, self.old.__closure__)
        result = self.old(*args, **kwargs)
        caught()
        self.rescued(name)
        return result

    def may_answer(
        self, error: Exception, args: Args, kwargs: Kwargs, *, before: bytes | None
    ) -> bool:
        """The new code raised: may the old code answer? If not, the error may take it out."""
        if before is not None and self._snapshot(args, kwargs) == before:
            return True
        self.blame(error)
        return False

    def blame(self, error: Exception) -> None:
        """The caller gets this error of the new code; if the old never raised it, that was it."""
        name = error_name(type(error))
        if name not in self.gene.seen_errors:
            self._fell(name, f"raised {name}, which the old code was never seen to raise")

    def rescued(self, name: str) -> None:
        """The old code answered where the new one had raised an exception of this name."""
        self._fell(name, f"raised {name} where the old code returned")

    def _fell(self, error: str, reason: str) -> None:
        """Take the new code out, and leave word for the agent."""
        self.take_out()
        self.falls.append(Fall(self.gene, self.release.id, error, reason, time.time_ns()))

    def _snapshot(self, args: Args, kwargs: Kwargs) -> bytes | None:
        if self.cells is not None:
            return _encoded(args, with_free(kwargs, self.gene, self.cells))
        if immutable(args) and immutable(kwargs.values()):
            return b""
        return _encoded(args, kwargs)


def _encoded(args: Args, kwargs: Kwargs) -> bytes | None:
    try:
        return wire.encode_call(args, kwargs, max_bytes=_COMPARED_BYTES)
    except WireError:
        return None
