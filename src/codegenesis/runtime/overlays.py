"""What may stand in front of a gene's code for a while."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from codegenesis.runtime.versions import Version

#: Values of the free variables of one closure, in the order of its code's names.
Cells = tuple[types.CellType, ...] | None


class Overlay(Protocol):
    """Something that stands in front of a gene's code for a while.

    It must not keep its own trampoline: the cycle would keep an old version alive until the garbage
    collector comes by, and a third version would wait for that.
    """

    @property
    def brings(self) -> Version | None:
        """A version that it lets calls run beside the current one."""

    def entry(self, cells: Cells = None) -> Callable[..., object]:
        """What calls shall go to while it stands there.

        Args:
            cells: the free variables of the very function that is called, where it is a closure:
                then it is asked anew for each call, so what is counted belongs to the overlay.
        """

    def after_fork(self) -> Overlay | None:
        """What stands there in a forked child."""
