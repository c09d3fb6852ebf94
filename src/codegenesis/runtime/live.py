"""A gene in this very process: which code its function runs, and the stores that change it.

`function.__code__` is the only thing that callers ever see change, and all stores to it are in
this module and in `seats`. What can stand in it:

    Version.code           the original or a variant, with nothing in front: the normal state
    a trampoline           to an `Overlay` in front of it, for a while (burst, router, guard)

Two-version rule (Erlang): at most the current version and the one before it exist; a third has to
wait until the last frame has left the old one. Each version is a private `code.replace()` copy, so
a weak reference to that code object says when nobody runs it any more. Going *back* never waits.

A `def` inside a function is one gene, however many functions are made of it. Its `outer` is a gene
too (that nobody need have registered): its code holds the inner one as a constant, so whatever runs
there is "dressed" with what the inner genes run, a variant of the outer function as well, where
it kept that `def`. Locks are taken from the inside out.

The lock is only ever held for a few stores, never across I/O or a call of the function. It is
re-entrant because a signal handler or a `__del__` may call the function in the middle of a store.
"""

from __future__ import annotations

import logging
import threading
import types
from collections.abc import Callable, Iterator
from typing import Literal

from codegenesis.fragment import (
    LOCALS,
    Definition,
    aim,
    give_defaults,
    inner,
    innermost,
    locate,
    prototype,
    same_program,
    template,
)
from codegenesis.model import digest
from codegenesis.runtime.doors import door
from codegenesis.runtime.naming import Cache, caches, look_up, module_name, names_itself
from codegenesis.runtime.overlays import Cells, Overlay
from codegenesis.runtime.seats import BARE, Alone, Everywhere, gather
from codegenesis.runtime.versions import Departed, Version

__all__ = ["Cells", "LiveGene", "Overlay", "Version"]

log = logging.getLogger("codegenesis")


class LiveGene:
    """One evolvable `def` of this process.

    Args:
        outer: the gene whose function makes it, where it is inside one; then `function` is a
            prototype of what is made.

    Attributes:
        master: what the `def` was compiled to.
        current: the version that runs when nothing stands in front.
        overlay: what stands in front now, if anything.
        recursive: a call was seen inside a call (or is to be expected), so trampolines step aside
            while an outermost call runs: the application's recursion depth must not change.
        seen_errors: exception types that the original was seen to raise here.
        blind: sampled calls in a row whose arguments could not be written down.
        strayed: there are, or may be, functions of an inner `def` that are not known yet.
    """

    def __init__(
        self,
        function: types.FunctionType,
        *,
        owner: type | None = None,
        outer: LiveGene | None = None,
    ) -> None:
        self.function = function
        self.outer = outer
        self.module: str = outer.module if outer else module_name(function)
        self.qualname = function.__code__.co_qualname
        self.lock = threading.RLock()
        self.overlay: Overlay | None = None
        self.seen_errors: set[str] = set()
        self.blind = 0
        self.recursive = names_itself(function.__code__)
        self.strayed = outer is not None
        self._owner = owner
        self._definition: Definition | None = None
        self.master = function.__code__
        self._inner: dict[str, LiveGene] = {}
        self._departed = Departed()
        self._template: types.CodeType | None = None
        self._front: types.CodeType | None = None
        self._seats: Alone | Everywhere = Everywhere(function, outer) if outer else Alone(function)
        self.current = Version(self.master)
        self._seats.put(self.current.code)

    def __repr__(self) -> str:
        return f"<LiveGene {self.target}>"

    @property
    def name(self) -> str:
        """The bare name of the `def`."""
        return self.qualname.rpartition(".")[2]

    @property
    def target(self) -> str:
        """`module:qualname`."""
        return f"{self.module}:{self.qualname}"

    @property
    def path(self) -> str:
        """The file that defines it, as the interpreter knows it."""
        return self.master.co_filename

    @property
    def owner(self) -> type | None:
        """The class that it is, or lies in, a method of; found late: `@evolvable` runs before."""
        classes = self.qualname.partition(LOCALS)[0].split(".")[:-1]
        if self._owner is None and classes:
            found = look_up(self.module, classes)
            self._owner = found if isinstance(found, type) else None
        return self._owner

    @property
    def definition(self) -> Definition:
        """Source and line of the `def`, read once.

        Raises:
            FragmentError: there is no source, or the file no longer says what runs.
        """
        if self._definition is None:
            found = locate(self.bare(self.master))
            if self.outer:
                give_defaults(self.function, found)
            self._definition = found
        return self._definition

    @property
    def base(self) -> str:
        """Digest of the source that this process was started with (`Gene.base`)."""
        return digest(self.definition.source)

    def standing(self) -> Literal["there", "missing", "other"]:
        """What stands under the gene's name: this function, nothing (yet), or something else."""
        if self.outer:
            return self.outer.standing()
        found = self._named()
        if found is None:
            return "missing"
        return "there" if innermost(found, self.qualname) is self.function else "other"

    def original(self) -> Version:
        """A fresh version of the original code."""
        version = Version(self.master)
        self._dress(version)
        return version

    @property
    def free(self) -> tuple[str, ...]:
        """Names of the free variables, without `__class__`; empty for what is no closure."""
        return tuple(name for name in self.master.co_freevars if name != "__class__")

    def bare(self, code: types.CodeType, cells: Cells = None) -> types.FunctionType:
        """A function that runs `code` as this one would, whatever stands in front of this one.

        Args:
            cells: of the closure that it shall be; those of `function` when left out.
        """
        ours = self.function
        closure = ours.__closure__ if cells is None else cells
        made = types.FunctionType(code, ours.__globals__, ours.__name__, ours.__defaults__, closure)
        made.__kwdefaults__ = ours.__kwdefaults__
        made.__qualname__ = ours.__qualname__
        made.__module__ = ours.__module__
        if self.outer:
            made.__dict__[BARE] = True
        return made

    # --- the stores ------------------------------------------------------------------------------

    def switch(self, version: Version, *, overlay: Overlay | None = None) -> None:
        """Make `version` current: one store.

        Args:
            overlay: what shall stand in front of it from the first call on.
        """
        with self.lock:
            self._switch(version, overlay)
        if self.outer:
            gather([self])
        self.sweep()

    def fall_back(self, version: Version, *, to: Version) -> None:
        """Make `to` current in the place of `version`, unless that is not current any more."""
        with self.lock:
            if self.current is not version:
                return
            self._switch(to, None)
        self.sweep()

    def cover(self, overlay: Overlay) -> None:
        """Put an overlay in front of the current version."""
        with self.lock:
            self._show(overlay)

    def uncover(self, overlay: Overlay | None = None) -> bool:
        """Take the overlay away (only if it is `overlay`, when given); was one taken away?"""
        with self.lock:
            before = self.overlay
            if before is None or (overlay is not None and before is not overlay):
                return False
            self._show(None)
        if before.brings:
            self.sweep()
        return True

    def step_aside(self, overlay: Overlay, code: types.CodeType, cells: Cells = None) -> None:
        """Let calls run `code` with nothing in front, while an outermost call is on its way.

        Args:
            cells: the free variables of the function that was called, where it is a closure; of
                those only the called one steps aside.
        """
        self._store(overlay, code, cells)

    def within(self, overlay: Overlay, running: types.FunctionType) -> types.FunctionType:
        """A call inside a call was met: go on with what runs already, with nothing in front."""
        self.recursive = True
        self.step_aside(overlay, running.__code__, running.__closure__)
        return running

    def step_back(self, overlay: Overlay, cells: Cells = None) -> None:
        """Stand in front again, unless something else does by now."""
        self._store(overlay, None, cells)

    def _store(self, overlay: Overlay, code: types.CodeType | None, cells: Cells) -> None:
        with self.lock:
            function = self._seats.at(cells) if self.overlay is overlay else None
            code = code or self._front
            if function is not None and code is not None and function.__code__ is not code:
                function.__code__ = code

    def _switch(self, version: Version, overlay: Overlay | None) -> None:
        before, self.current = self.current, version
        self._dress(version)
        self._show(overlay)
        self._leave(before)

    def _show(self, overlay: Overlay | None) -> None:
        if overlay and overlay.brings:
            self._dress(overlay.brings)
        front = self._trampoline(overlay) if overlay else None
        before, self.overlay, self._front = self.overlay, overlay, front
        self._seats.put(front or self.current.code)
        if before and before is not overlay and before.brings:
            self._leave(before.brings)

    def _leave(self, version: Version) -> None:
        if version is not self.current:
            self._departed.add(version)

    def _trampoline(self, overlay: Overlay) -> types.CodeType:
        if self._template is None:
            made = template(self.master, closing=self.outer is not None)
            self._template = aim(made, door(self, self._enter)) if self.outer else made
        return self._template if self.outer else aim(self._template, door(self, overlay.entry()))

    def _enter(self, holder: types.FunctionType) -> Callable[..., object]:
        """What a function made of an inner `def` goes to, if its code is a trampoline."""
        overlay = self.overlay
        if overlay is not None:
            return overlay.entry(holder.__closure__)
        self.strayed = True
        return self.bare(self.current.code, holder.__closure__)

    def drained(self) -> bool:
        """Has the last frame left every version that does not run any more?"""
        with self.lock:
            return self._departed.drained()

    def after_fork(self) -> None:
        """In a child: threads that had stepped aside for a call are not here."""
        self._show(self.overlay.after_fork() if self.overlay else None)

    # --- what old code leaves behind -------------------------------------------------------------

    @property
    def restless(self) -> bool:
        """Is there something that `tidy` may have to do?"""
        return self._departed.unswept or self.strayed

    def tidy(self) -> bool:
        """Look after what runs old code still; are there functions that have to be found?"""
        departed = self._departed
        if departed.unswept and self.drained():
            departed.unswept = False
            self.sweep()
        return self.strayed or (departed.unswept and self.outer is not None)

    def sweep(self) -> None:
        """Empty the caches around it, so that no result of other code outlives that code.

        Done at each swap, and when the last frame has left the old code: it may have stored one.
        """
        for clear in self._caches():
            try:
                clear()
            except Exception:
                log.debug("a cache around %s cannot be emptied", self.target, exc_info=True)

    def _caches(self) -> list[Callable[[], object]]:
        if isinstance(self._seats, Everywhere):
            return self._seats.caches()
        return list(caches(self._named(), self.function))

    def _named(self) -> object:
        return look_up(self.module, self.qualname.split("."))

    # --- functions inside ------------------------------------------------------------------------

    def inside(self, name: str) -> LiveGene | None:
        """The gene of the `def` of this name in this function; the last, as it wins."""
        codes = [code for code in inner(self.master) if code.co_name == name]
        if not codes:
            return None
        if name not in self._inner:
            made = prototype(codes[-1], self.function.__globals__, module=self.module)
            made.__dict__[BARE] = True
            with self.lock:
                self._inner[name] = LiveGene(made, outer=self)
            self.redress()
        return self._inner[name]

    @property
    def root(self) -> LiveGene:
        """The outermost of the functions that it is inside of; itself when it is in none."""
        return self.outer.root if self.outer else self

    @property
    def has_inside(self) -> bool:
        """Are there genes in it?"""
        return bool(self._inner)

    def family(self) -> Iterator[LiveGene]:
        """It, and all that are inside, registered or not."""
        yield self
        for gene in list(self._inner.values()):
            yield from gene.family()

    def forget(self, gene: LiveGene) -> None:
        """Make the functions of an inner `def` as they stand in the source."""
        with self.lock:
            self._inner.pop(gene.name, None)
        self.redress()

    def redress(self) -> None:
        """What the functions inside run has changed."""
        with self.lock:
            self._dress(self.current)
            self._show(self.overlay)

    def makes(self, code: types.CodeType) -> bool:
        """Is this the program of the `def`, or one of those that run in its place?"""
        if any(code is each for each in self.codes()):
            return True
        ours = self.master
        same = (code.co_freevars, code.co_flags) == (ours.co_freevars, ours.co_flags)
        return same and same_program(code, ours)

    def codes(self) -> list[types.CodeType]:
        """All that functions of it may run."""
        with self.lock:
            versions = [self.current, self.overlay and self.overlay.brings]
            known = [ref for each in versions if each for ref in each.codes()]
            found = [ref() for ref in (*known, *self._departed.codes)]
        return [code for code in (self.master, self._template, *found) if code is not None]

    def take_in(self, function: types.FunctionType, *, around: object = None) -> bool:
        """A function that was made of the inner `def` runs what they all do; was it new?

        Args:
            around: it, or a cache around it.
        """
        seats = self._seats
        if not isinstance(seats, Everywhere):
            return False
        with self.lock:
            if type(around) is Cache:
                seats.surround(around)
            return seats.add(function)

    def _dress(self, version: Version) -> None:
        if self._inner:
            version.dress(self._running)

    def _running(self, code: types.CodeType) -> types.CodeType | None:
        gene = self._inner.get(code.co_name)
        return gene.function.__code__ if gene and gene.makes(code) else None
