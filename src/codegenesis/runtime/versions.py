"""The programs that a gene can run, and when nobody runs one any more."""

from __future__ import annotations

import types
import weakref
from collections.abc import Callable

from codegenesis.fragment import exchange


class Version:
    """One program that the function can run.

    Attributes:
        code: what runs; the functions inside run what their own genes say.
        variant: `Variant.id`, empty for the original.
        loaded: digest of the fragment's source, empty for the original.
        release: `Release.id` that brought it.
    """

    __slots__ = ("_former", "_program", "code", "loaded", "release", "variant")

    def __init__(
        self, code: types.CodeType, *, variant: str = "", loaded: str = "", release: str = ""
    ) -> None:
        self.code = self._program = code.replace()
        self._former: list[weakref.ref[types.CodeType]] = []
        self.variant = variant
        self.loaded = loaded
        self.release = release

    def dress(self, by: Callable[[types.CodeType], types.CodeType | None]) -> None:
        """Let the functions inside run other code."""
        before, self.code = self.code, exchange(self._program, by)
        if before is not self.code:
            self._former = [each for each in self._former if each() is not None]
            self._former.append(weakref.ref(before))

    def codes(self) -> list[weakref.ref[types.CodeType]]:
        """All code objects in which frames may run it."""
        return [*self._former, weakref.ref(self.code)]


class Departed:
    """Versions that do not run any more, but in frames that are on their way.

    Attributes:
        codes: what such frames run.
        unswept: what they leave in caches has not been emptied yet.
    """

    def __init__(self) -> None:
        self.codes: list[weakref.ref[types.CodeType]] = []
        self.unswept = False

    def add(self, version: Version) -> None:
        """It has just been taken out."""
        self.codes += version.codes()
        self.unswept = True

    def drained(self) -> bool:
        """Has the last frame left?"""
        self.codes = [each for each in self.codes if each() is not None]
        return not self.codes
