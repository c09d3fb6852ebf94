"""A search while it runs: what it says is shown, and Ctrl-C ends it with what it has found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from codegenesis.cli.interrupting import stopped_by_signals
from codegenesis.cli.output import printable, talk, wants_json
from codegenesis.core.budget import Meter

Tell = Callable[[str], None]


@contextmanager
def searching(title: str, meter: Meter) -> Iterator[Tell]:
    """While a search runs on this meter; gives what to tell its progress to."""
    console = talk()

    def stop() -> None:
        meter.cancel("it was stopped")
        console.print("stopping; what was found is kept")

    with console.status(title) as status, stopped_by_signals(stop):

        def tell(words: str) -> None:
            said = printable(words)
            status.update(f"{title}: {said}")
            if not console.is_terminal and not wants_json():
                console.print(said, markup=False)

        yield tell
