"""The canary's router: each outermost call is drawn, by chance, to the old code or to the new.

The draw is independent of everything, so a difference between the arms is the code's. Chance comes
from a generator of our own: the application may have seeded the global one. What a call costs is
read with the same two clocks around either arm, without what the router itself takes. Calls are
drawn always, but only `quota` of them between two visits of the agent are measured.

A gene that calls itself runs with nothing in front while its outermost call is on its way, in the
code of the arm that was drawn; other threads' calls go to that code meanwhile, unmeasured.
"""

from __future__ import annotations

import random
import threading
import time
import types
from collections import deque
from collections.abc import Callable
from functools import partial

from codegenesis.model import Arm, Release
from codegenesis.runtime.fingerprint import error_name
from codegenesis.runtime.live import Cells, LiveGene, Version
from codegenesis.runtime.local import Cost, local, now, since, watched
from codegenesis.runtime.net import Args, Fall, Kwargs, Net
from codegenesis.runtime.probe import Purse

#: Samples between two visits of the agent, at most: some 500 a second, 6 ms of CPU.
QUOTA = 100


class Drawn:
    """One measured call of a canary, on its way to the agent."""

    __slots__ = ("arm", "at_ns", "cost", "error", "regression", "release")

    def __init__(self, release: str, arm: Arm) -> None:
        self.release = release
        self.arm: Arm = arm
        self.at_ns = time.time_ns()
        self.cost = Cost(0, 0)
        self.error = ""
        self.regression = False

    def regressed(self) -> None:
        """Note that the old code, tried again, returned."""
        self.regression = True


class Router:
    """Draws between the current version and a candidate.

    Args:
        release: in stage canary; its `weight` is the candidate's share of the calls.
        samples: where measured calls go.
        falls: where the agent learns that the candidate was taken out.
    """

    def __init__(
        self,
        gene: LiveGene,
        *,
        release: Release,
        candidate: Version,
        samples: deque[Drawn],
        falls: deque[Fall],
        purse: Purse,
    ) -> None:
        self.gene = gene
        self.release = release
        self.brings = candidate
        self.weight = release.weight
        self.quota = QUOTA
        self._samples = samples
        self._falls = falls
        self.purse = purse
        self._chance = random.Random()  # seeded from the system
        self._alone = threading.Lock()

    def renew(self) -> None:
        """Let the next calls be measured; called at each visit of the agent."""
        self.quota = QUOTA

    def after_fork(self) -> Router:
        """A child draws by itself, and has a lock that nobody holds."""
        self._chance.seed()
        self._alone = threading.Lock()
        return self

    def entry(self, cells: Cells = None) -> Callable[..., object]:
        """The drawn call."""
        gene, alone = self.gene, self._alone
        control = gene.bare(gene.current.code, cells)
        variant = gene.bare(self.brings.code, cells)
        net = self._net(control)

        def route(*args: object, **kwargs: object) -> object:
            within = local.inside.get(gene)
            if within is not None:
                return gene.within(self, within)(*args, **kwargs)
            steps_aside = gene.recursive
            if steps_aside and not alone.acquire(blocking=False):
                return self._beside(control, args, kwargs)
            run = variant if self._chance.random() < self.weight else control
            try:
                if steps_aside:
                    gene.step_aside(self, run.__code__)
                local.inside[gene] = run
                return self._run(run, run is variant, net, args, kwargs)
            finally:
                local.inside.pop(gene, None)
                gene.step_back(self)
                if steps_aside:
                    alone.release()

        return route

    def _beside(self, control: types.FunctionType, args: Args, kwargs: Kwargs) -> object:
        """A recursive gene is on its way in another thread: the old code, unmeasured."""
        local.inside[self.gene] = control
        try:
            return control(*args, **kwargs)
        finally:
            local.inside.pop(self.gene, None)

    def _run(
        self, run: types.FunctionType, variant: bool, net: Net, args: Args, kwargs: Kwargs
    ) -> object:
        if self.quota > 0:
            self.quota -= 1
            return self._measured(run, variant, net, args, kwargs)
        if variant:
            return net.call(run, args, kwargs, before=net.before(args, kwargs))
        return run(*args, **kwargs)

    def _measured(
        self, run: types.FunctionType, variant: bool, net: Net, args: Args, kwargs: Kwargs
    ) -> object:
        entered = now()
        drawn = Drawn(self.release.id, "variant" if variant else "control")
        before = net.before(args, kwargs)  # in both arms, so that it warms the caches of both
        timed = partial(_timed, drawn, run)
        try:
            if variant:
                return net.call(timed, args, kwargs, before=before, caught=drawn.regressed)
            return timed(*args, **kwargs)
        except Exception:
            if not variant:
                self.gene.seen_errors.add(drawn.error)
            raise
        finally:
            self.purse.spend(watched(entered, drawn.cost))
            self._samples.append(drawn)

    def _net(self, control: types.FunctionType) -> Net:
        return Net(
            self.gene,
            overlay=self,
            release=self.release,
            old=control,
            take_out=lambda: self.gene.uncover(self),
            falls=self._falls,
        )


def _timed(drawn: Drawn, run: types.FunctionType, /, *args: object, **kwargs: object) -> object:
    began = now()
    try:
        return run(*args, **kwargs)
    except Exception as error:
        drawn.error = error_name(type(error))
        raise
    finally:
        drawn.cost = since(began)
