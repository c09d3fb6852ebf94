"""One call that suspends, from its first step to its end.

Between two steps other tasks run in the same thread, or the same task in another one. So nothing of
the call is left in the thread: what a thread is inside of holds for one step. That makes recursion
what it is for plain functions: a call that begins in a step of another one. A `ContextVar` was
rejected for this: tasks inherit it, and a handler that a watched call has started would pass for
its recursion as long as it lives.

A call ends by a result, by an error, or because nobody wants more of it: closed, cancelled, thrown
out of by its consumer, or collected without ever being finished. The last are no errors of its own.
"""

from __future__ import annotations

import threading
import types
from collections.abc import Callable
from typing import Any, Protocol

from codegenesis.runtime.fingerprint import error_name
from codegenesis.runtime.live import LiveGene, Overlay
from codegenesis.runtime.local import Cost, local
from codegenesis.runtime.meter import Meter
from codegenesis.runtime.net import Args, Kwargs, Net

#: Steps that are seen: at some 1 us for each, nobody wants a million of them.
DRIVEN = 2048


class Listener(Protocol):
    """Who wants to know how a call ended; told once, and never raises."""

    def returned(self, course: Course, result: object, /) -> None:
        """It returned; of a generator, which has given its items by then, the result is None."""

    def raised(self, course: Course, error: Exception, /) -> None:
        """It raised an error of its own."""

    def left(self, course: Course) -> None:
        """Nobody wants more of it."""


class Course:
    """One call on its way.

    Args:
        overlay: what stands in front of the gene for its sake.
        run: what it runs.
        call: the arguments.
        meter: counts what `run` takes; None when nobody wants to know.
        net: under `run`, if any.
        before: what the net knows of the arguments.
        steps: so many are seen, at most, unless calls are made in calls.
        alone: held while a recursive gene runs bare, so that two arms do not mix.

    Attributes:
        inner: the coroutine or generator that runs.
        cost: of `run`, once that has ended.
        rests: so many steps were seen that the others may go by unseen.
        has_given: some of the items are with the caller.
        failure: type of the error that `run` raised, empty when it did not; also that of a
            cancellation, which is told as `left`.
        rescued: the old code answered where `run` had failed.
        blurred: part of it may have run in the other arm.
    """

    __slots__ = (
        "_alone",
        "_aside",
        "_before",
        "_call",
        "_failed_net",
        "_gene",
        "_left",
        "_listener",
        "_meter",
        "_net",
        "_overlay",
        "blurred",
        "cost",
        "failure",
        "has_given",
        "inner",
        "rescued",
        "rests",
        "run",
    )  # fmt: skip

    def __init__(
        self,
        overlay: Overlay,
        gene: LiveGene,
        run: types.FunctionType,
        call: tuple[Args, Kwargs],
        *,
        listener: Listener | None = None,
        meter: Meter | None = None,
        net: Net | None = None,
        before: bytes | None = None,
        steps: int | None = None,
        alone: threading.Lock | None = None,
    ) -> None:
        self.run = run
        self.inner: Any = run(*call[0], **call[1])
        self.cost, self.failure = Cost(0, 0), ""
        self.rescued = self.blurred = False
        self.rests = False
        self._overlay, self._gene, self._call = overlay, gene, call
        self._listener, self._meter = listener, meter
        self._net, self._before, self._alone = net, before, alone
        self._failed_net: Net | None = None
        self._aside = self.has_given = False
        self._left = DRIVEN if steps is None else steps

    def step(self, advance: Callable[..., Any], *sent: object) -> Any:
        """Let the code run until it suspends; only then is this thread inside of the gene."""
        gene, inside, meter = self._gene, local.inside, self._meter
        outer = inside.get(gene)
        if outer is None and gene.recursive:
            self._step_aside()
        inside[gene] = self.run
        try:
            return advance(*sent) if meter is None else meter.run(advance, *sent)
        finally:
            if outer is not None:
                inside[gene] = outer
            else:
                inside.pop(gene, None)
                if gene.recursive:
                    self._step_back()
            self._left -= 1
            if self._left == 0 and not gene.recursive:
                self._rest()

    def gave(self) -> None:
        """An item goes to whoever asked for it."""
        self.has_given = True
        self._note_rescue()

    def returned(self, result: object) -> None:
        """The code came to its end by itself."""
        self._stop()
        self._note_rescue()
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.returned(self, result)

    def left(self) -> None:
        """Nobody wants more of it."""
        self._stop()
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.left(self)

    def goes_on(self, error: BaseException, *, thrown: BaseException | None) -> bool:
        """The code raised: is there other code to go on with, in `inner`?

        Args:
            thrown: what the consumer of a generator has thrown in just now; that is no failure.
        """
        outside = error is thrown or isinstance(error, GeneratorExit)
        if not outside:
            self.failure = self.failure or error_name(type(error))
        if outside or not isinstance(error, Exception):
            self.left()
            return False
        self._stop()
        if self._is_caught(error):
            return True
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.raised(self, error)
        return False

    def _is_caught(self, error: Exception) -> bool:
        net, self._net = self._net, None
        if net is None:
            return False
        if self.has_given:  # part of the answer is with the caller: nobody else can finish it
            net.blame(error)
            return False
        args, kwargs = self._call
        if not net.may_answer(error, args, kwargs, before=self._before):
            return False
        self._failed_net, self.run = net, net.old
        self.inner = net.old(*args, **kwargs)
        return True

    def _note_rescue(self) -> None:
        net, self._failed_net = self._failed_net, None
        if net is not None:
            self.rescued = True
            net.rescued(self.failure)

    def _rest(self) -> None:
        """Where calls are made in calls, each step must be seen, to know them for what they are."""
        self.rests = True
        if self._meter is not None:
            self._meter.rest()

    def _stop(self) -> None:
        meter, self._meter = self._meter, None
        if meter is not None:
            self.cost = meter.cost()

    def _step_aside(self) -> None:
        if self._alone is None or self._alone.acquire(blocking=False):
            self._aside = True
            self._gene.step_aside(self._overlay, self.run.__code__, self.run.__closure__)
        else:
            self.blurred = True

    def _step_back(self) -> None:
        self._gene.step_back(self._overlay, self.run.__closure__)
        if self._aside:
            self._aside = False
            if self._alone is not None:
                self._alone.release()
