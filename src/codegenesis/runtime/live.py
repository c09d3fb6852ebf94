"""A gene in this very process: which code its function runs, and the stores that change it.

`function.__code__` is the only thing that callers ever see change, and all stores to it are in
this module. What can stand in it:

    Version.code           the original or a variant, with nothing in front: the normal state
    a trampoline           to an `Overlay` in front of it, for a while (burst, router, guard)

Two-version rule (Erlang): at most the current version and the one before it exist; a third has to
wait until the last frame has left the old one. Each version is a private `code.replace()` copy, so
a weak reference to that code object says when nobody runs it any more. Going *back* never waits.

The lock is only ever held for a few stores, never across I/O or a call of the function. It is
re-entrant because a signal handler or a `__del__` may call the function in the middle of a store.
"""

from __future__ import annotations

import sys
import threading
import types
import weakref
from collections.abc import Callable
from typing import Literal, Protocol

from codegenesis.fragment import Definition, aim, locate, mangle, template
from codegenesis.model import digest

#: Values of the free variables of one closure, in the order of its code's names.
Cells = tuple[types.CellType, ...] | None


class Version:
    """One program that the function can run.

    Attributes:
        variant: `Variant.id`, empty for the original.
        loaded: digest of the fragment's source, empty for the original.
        release: `Release.id` that brought it.
    """

    __slots__ = ("code", "loaded", "release", "variant")

    def __init__(
        self, code: types.CodeType, *, variant: str = "", loaded: str = "", release: str = ""
    ) -> None:
        self.code = code.replace()
        self.variant = variant
        self.loaded = loaded
        self.release = release


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


class LiveGene:
    """One evolvable function of this process.

    Attributes:
        current: the version that runs when nothing stands in front.
        overlay: what stands in front now, if anything.
        recursive: a call was seen inside a call (or is to be expected), so trampolines step aside
            while an outermost call runs: the application's recursion depth must not change.
        seen_errors: exception types that the original was seen to raise here.
    """

    def __init__(self, function: types.FunctionType, *, owner: type | None = None) -> None:
        self.function = function
        self.module = _module_name(function)
        self.qualname = function.__qualname__
        self.lock = threading.RLock()
        self.overlay: Overlay | None = None
        self.seen_errors: set[str] = set()
        self.recursive = "." not in self.qualname and self.name in _all_names(function.__code__)
        self._owner = owner
        self._definition: Definition | None = None
        self._master = function.__code__
        self._leaving: list[weakref.ref[types.CodeType]] = []
        self._template: types.CodeType | None = None
        self._front: types.CodeType | None = None
        self.current = Version(self._master)
        function.__code__ = self.current.code

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
        return self._master.co_filename

    @property
    def owner(self) -> type | None:
        """The class that it is a method of; found late, because `@evolvable` runs before it is."""
        if self._owner is None and "." in self.qualname:
            found = _look_up(self.module, self.qualname.split(".")[:-1])
            self._owner = found if isinstance(found, type) else None
        return self._owner

    @property
    def definition(self) -> Definition:
        """Source and line of the `def`, read once.

        Raises:
            FragmentError: there is no source, or the file no longer says what runs.
        """
        if self._definition is None:
            self._definition = locate(self.bare(self._master))
        return self._definition

    @property
    def base(self) -> str:
        """Digest of the source that this process was started with (`Gene.base`)."""
        return digest(self.definition.source)

    def standing(self) -> Literal["there", "missing", "other"]:
        """What stands under the gene's name: this function, nothing (yet), or something else."""
        *outer, name = self.qualname.split(".")
        found = _look_up(self.module, [*outer, mangle(name, outer[-1]) if outer else name])
        if found is None:
            return "missing"
        return "there" if found is self.function else "other"

    def original(self) -> Version:
        """A fresh version of the original code."""
        return Version(self._master)

    @property
    def free(self) -> tuple[str, ...]:
        """Names of the free variables, without `__class__`; empty for what is no closure."""
        return tuple(name for name in self._master.co_freevars if name != "__class__")

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
        return made

    # --- the stores ------------------------------------------------------------------------------

    def switch(self, version: Version, *, overlay: Overlay | None = None) -> None:
        """Make `version` current: one store.

        Args:
            overlay: what shall stand in front of it from the first call on.
        """
        with self.lock:
            before, self.current = self.current, version
            self._show(overlay)
            self._leave(before)

    def fall_back(self, version: Version, *, to: Version) -> None:
        """Make `to` current in the place of `version`, unless that is not current any more."""
        with self.lock:
            if self.current is version:
                self.switch(to)

    def cover(self, overlay: Overlay) -> None:
        """Put an overlay in front of the current version."""
        with self.lock:
            self._show(overlay)

    def uncover(self, overlay: Overlay | None = None) -> bool:
        """Take the overlay away (only if it is `overlay`, when given); was one taken away?"""
        with self.lock:
            if self.overlay is None or (overlay is not None and self.overlay is not overlay):
                return False
            self._show(None)
            return True

    def step_aside(self, overlay: Overlay, code: types.CodeType) -> None:
        """Let calls run `code` with nothing in front, while an outermost call is on its way."""
        with self.lock:
            if self.overlay is overlay:
                self.function.__code__ = code

    def within(self, overlay: Overlay, running: types.FunctionType) -> types.FunctionType:
        """A call inside a call was met: go on with what runs already, with nothing in front."""
        self.recursive = True
        self.step_aside(overlay, running.__code__)
        return running

    def step_back(self, overlay: Overlay) -> None:
        """Stand in front again, unless something else does by now."""
        with self.lock:
            front = self._front
            if self.overlay is overlay and front and self.function.__code__ is not front:
                self.function.__code__ = front

    def _show(self, overlay: Overlay | None) -> None:
        front = aim(self._trampoline(), overlay.entry()) if overlay else None
        before, self.overlay, self._front = self.overlay, overlay, front
        self.function.__code__ = front or self.current.code
        if before and before.brings:
            self._leave(before.brings)

    def _leave(self, version: Version) -> None:
        if version is not self.current:
            self._leaving.append(weakref.ref(version.code))

    def _trampoline(self) -> types.CodeType:
        if self._template is None:
            self._template = template(self._master)
        return self._template

    def drained(self) -> bool:
        """Has the last frame left every version that does not run any more?"""
        with self.lock:
            self._leaving = [each for each in self._leaving if each() is not None]
            return not self._leaving

    def after_fork(self) -> None:
        """In a child: threads that held the lock, or had stepped aside for a call, are not here."""
        self.lock = threading.RLock()
        self._show(self.overlay.after_fork() if self.overlay else None)


def _module_name(function: types.FunctionType) -> str:
    return "__main__" if function.__module__ == "__mp_main__" else function.__module__


def _all_names(code: types.CodeType) -> set[str]:
    """Names of globals and attributes that `code`, or code nested in it, uses."""
    names = set(code.co_names)
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            names |= _all_names(const)
    return names


def _look_up(module: str, path: list[str]) -> object:
    """What stands under a dotted name; plain dict look-ups, so that no descriptor runs."""
    found: object = sys.modules.get(module)
    for part in path:
        space = getattr(found, "__dict__", {}) if found is not None else {}
        found = space.get(part)
    return found
