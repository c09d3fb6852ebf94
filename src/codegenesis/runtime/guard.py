"""The guard: stands in front of code that has just gone live, for its first calls."""

from __future__ import annotations

import itertools
import types
from collections import deque
from collections.abc import Callable

from codegenesis.model import Release
from codegenesis.runtime.closures import nested
from codegenesis.runtime.course import Course
from codegenesis.runtime.live import Cells, LiveGene, Version
from codegenesis.runtime.local import local
from codegenesis.runtime.net import Args, Fall, Kwargs, Net
from codegenesis.runtime.suspending import driven, suspends

#: Calls until new code is trusted to run bare.
CALLS = 1000


class Guard:
    """Catches `new` when it fails where the original would not; goes away after some calls.

    Args:
        new: the version that goes live.
        falls: where the agent learns that it was taken out.
    """

    def __init__(
        self,
        gene: LiveGene,
        *,
        release: Release,
        new: Version,
        falls: deque[Fall],
        calls: int = CALLS,
    ) -> None:
        self.gene = gene
        self.brings = None
        self.release = release
        self.new = new
        self.calls = calls
        self._falls = falls
        self._take = itertools.count().__next__  # here, for each closure has an entry of its own

    def entry(self, cells: Cells = None) -> Callable[..., object]:
        """The guarded call."""
        gene, new = self.gene, self.gene.bare(self.new.code, cells)
        net = self._net(cells)
        through = self._driven if suspends(new.__code__) else self._called

        def guarded(*args: object, **kwargs: object) -> object:
            within = local.inside.get(gene)
            if within is not None:
                return nested(gene, self, within, cells)(*args, **kwargs)
            if self._take() >= self.calls:
                gene.uncover(self)
                return new(*args, **kwargs)
            return through(new, net, args, kwargs)

        return guarded

    def _called(self, new: types.FunctionType, net: Net, args: Args, kwargs: Kwargs) -> object:
        gene = self.gene
        if gene.recursive:
            gene.step_aside(self, new.__code__, new.__closure__)
        local.inside[gene] = new
        try:
            return net.call(new, args, kwargs, before=net.before(args, kwargs))
        finally:
            local.inside.pop(gene, None)
            gene.step_back(self, new.__closure__)

    def _driven(self, new: types.FunctionType, net: Net, args: Args, kwargs: Kwargs) -> object:
        before = net.before(args, kwargs)
        return driven(Course(self, self.gene, new, (args, kwargs), net=net, before=before))

    def after_fork(self) -> Guard:
        """A child guards by itself."""
        return self

    def _net(self, cells: Cells) -> Net:
        gene, original = self.gene, self.gene.original()
        return Net(
            gene,
            overlay=self,
            release=self.release,
            old=gene.bare(original.code, cells),
            take_out=lambda: gene.fall_back(self.new, to=original),
            falls=self._falls,
            cells=cells,
        )
