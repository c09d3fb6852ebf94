"""The canary's router: each outermost call is drawn, by chance, to the old code or to the new.

The draw is independent of everything, so a difference between the arms is the code's. Chance comes
from a generator of our own: the application may have seeded the global one. Where the application
works for somebody (`context.Context.key`), the draw is made for them, by a hash, the same in all
processes: their calls see one arm, and who sees the new code still does when its share grows.

What a call costs is read with the same two clocks around either arm, without what the router itself
takes. Calls are drawn always, but only `quota` of them between two visits of the agent are
measured; those that suspend count by their first step.

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
from hashlib import blake2b

from codegenesis.model import Arm, Release
from codegenesis.runtime.closures import nested
from codegenesis.runtime.context import current
from codegenesis.runtime.course import Course
from codegenesis.runtime.fingerprint import error_name
from codegenesis.runtime.live import Cells, LiveGene, Version
from codegenesis.runtime.local import Cost, Purse, local, now, since, watched
from codegenesis.runtime.meter import Meter
from codegenesis.runtime.net import Args, Fall, Kwargs, Net
from codegenesis.runtime.suspending import driven, suspends

#: Samples between two visits of the agent, at most: some 500 a second, 6 ms of CPU.
QUOTA = 100
_ARMS: tuple[Arm, Arm] = ("control", "variant")


class Drawn:
    """One measured call of a canary, on its way to the agent."""

    __slots__ = (
        "arm", "at_ns", "cost", "error", "key", "regression", "release", "segment",
    )  # fmt: skip

    def __init__(self, release: str, arm: Arm) -> None:
        context = current()
        self.release = release
        self.arm: Arm = arm
        self.at_ns = time.time_ns()
        self.cost = Cost(0, 0)
        self.error = ""
        self.regression = False
        self.segment = context.segment if context else ""
        self.key = context.key if context else ""  # as it is: it goes no further than the agent

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
        self._seen = 0
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
        gene = self.gene
        control = gene.bare(gene.current.code, cells)
        variant = gene.bare(self.brings.code, cells)
        net = self._net(control, cells)
        through = self._driven if suspends(control.__code__) else self._called

        def route(*args: object, **kwargs: object) -> object:
            within = local.inside.get(gene)
            if within is not None:
                return nested(gene, self, within, cells)(*args, **kwargs)
            return through(control, variant, net, args, kwargs)

        return route

    def _draw(self) -> bool:
        """Is it the variant's turn?"""
        context = current()
        if context is None:
            return self._chance.random() < self.weight
        if context.key:
            drawn = share_of(context.key, self.release.id) < self.weight
        else:
            drawn = self._chance.random() < self.weight
        context.arms[self.release.id] = _ARMS[drawn]
        return drawn

    def _called(
        self,
        control: types.FunctionType,
        variant: types.FunctionType,
        net: Net,
        args: Args,
        kwargs: Kwargs,
    ) -> object:
        gene, alone = self.gene, self._alone
        steps_aside = gene.recursive
        if steps_aside and not alone.acquire(blocking=False):
            return self._beside(control, args, kwargs)
        run = variant if self._draw() else control
        try:
            if steps_aside:
                gene.step_aside(self, run.__code__, run.__closure__)
            local.inside[gene] = run
            return self._run(run, run is variant, net, args, kwargs)
        finally:
            local.inside.pop(gene, None)
            gene.step_back(self, run.__closure__)
            if steps_aside:
                alone.release()

    def _driven(
        self,
        control: types.FunctionType,
        variant: types.FunctionType,
        net: Net,
        args: Args,
        kwargs: Kwargs,
    ) -> object:
        """A call that suspends; arms of a recursive gene mix only where threads do."""
        entered, drawn = now(), self._draw()
        measured = self.quota > 0
        self.quota -= measured
        self._seen += measured
        # A recursion shows in the calls that are measured; if there was none, nobody need look.
        unseen = not measured and self._seen >= QUOTA and not self.gene.recursive
        if unseen and not drawn:
            return control(*args, **kwargs)
        before = net.before(args, kwargs) if drawn or measured else None
        course = Course(
            self, self.gene, variant if drawn else control, (args, kwargs),
            listener=_Sampling(self, _ARMS[drawn]) if measured else None,
            meter=Meter(self.purse) if measured else None,
            net=net if drawn else None, before=before, steps=1 if unseen else None,
            alone=self._alone,
        )  # fmt: skip
        if measured:
            self.purse.spend(watched(entered, Cost(0, 0)))
        return driven(course)

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
            self.sampled(drawn)

    def sampled(self, drawn: Drawn) -> None:
        """A measured call has ended."""
        self._samples.append(drawn)

    def _net(self, control: types.FunctionType, cells: Cells) -> Net:
        return Net(
            self.gene,
            overlay=self,
            release=self.release,
            old=control,
            take_out=lambda: self.gene.uncover(self),
            falls=self._falls,
            cells=cells,
        )


class _Sampling:
    """One measured call that suspends; `course.Listener`."""

    __slots__ = ("drawn", "router")

    def __init__(self, router: Router, arm: Arm) -> None:
        self.router = router
        self.drawn = Drawn(router.release.id, arm)

    def returned(self, course: Course, _result: object) -> None:
        self.left(course)

    def raised(self, course: Course, _error: Exception) -> None:
        if self.drawn.arm == "control":
            self.router.gene.seen_errors.add(course.failure)
        self.left(course)

    def left(self, course: Course) -> None:
        drawn = self.drawn
        drawn.cost, drawn.error, drawn.regression = course.cost, course.failure, course.rescued
        if not course.blurred:
            self.router.sampled(drawn)


def share_of(key: str, release: str) -> float:
    """Where in [0, 1) a key stands for a release: the same in all processes."""
    told = f"{release}\0{key}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(told, digest_size=7).digest(), "big") / (1 << 56)


def _timed(drawn: Drawn, run: types.FunctionType, /, *args: object, **kwargs: object) -> object:
    began = now()
    try:
        return run(*args, **kwargs)
    except Exception as error:
        drawn.error = error_name(type(error))
        raise
    finally:
        drawn.cost = since(began)
