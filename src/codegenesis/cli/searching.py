"""A search while it runs: what it says is shown, and Ctrl-C ends it with what it has found."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from rich.console import Console
from rich.status import Status

from codegenesis.cli.output import printable, talk, wants_json

_STOPPING = (signal.SIGINT, signal.SIGTERM)


class Search:
    """The people's side of a search under way."""

    def __init__(self, console: Console, status: Status, title: str) -> None:
        self._console, self._status, self._title = console, status, title
        self._stop: Callable[[], None] | None = None

    def tell(self, words: str) -> None:
        """Show what is being done."""
        said = printable(words)
        self._status.update(f"{self._title}: {said}")
        if not self._console.is_terminal and not wants_json():
            self._console.print(said, markup=False)

    def on_stop(self, stop: Callable[[], None]) -> None:
        """What ends it, keeping what was found."""
        self._stop = stop

    def stop(self) -> None:
        """End it; raises KeyboardInterrupt where nothing has begun that could be ended."""
        if self._stop is None:
            raise KeyboardInterrupt
        self._stop()
        self._console.print("stopping; what was found is kept")


@contextmanager
def searching(title: str) -> Iterator[Search]:
    """While a search runs: a second Ctrl-C ends it at once."""
    console = talk()
    with console.status(title) as status:
        search = Search(console, status, title)
        if threading.current_thread() is not threading.main_thread():
            yield search  # signals are the main thread's
            return

        def stop(number: int, _frame: FrameType | None) -> None:
            signal.signal(number, signal.default_int_handler)
            search.stop()

        before = {number: signal.signal(number, stop) for number in _STOPPING}
        try:
            yield search
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
