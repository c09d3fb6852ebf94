"""The demo in five acts: before, evolve, after, a bad release, the record.

Every act is the real thing: a real server, real HTTP, the real engine, and figures that come out of
the store. If evolving takes longer than its share of the time, the demo says what is still under
way instead of waiting for a better picture.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from codegenesis.delivery import Delivery
from codegenesis.demo.board import FunctionRow, board, settled
from codegenesis.demo.sabotage import BadRelease, force_bad_release
from codegenesis.demo.scene import Scene, environment_note
from codegenesis.demo.traffic import Phase
from codegenesis.ledger import KeyRing, Ledger, Report, verify_all
from codegenesis.model import Record
from codegenesis.store import Store

#: Seconds of traffic for each measurement of what the shoppers feel.
MEASURE_S = 5.0
#: Longest time that evolving may take before the demo goes on.
EVOLVE_S = 62.0
#: The same while nothing is live yet: on a slow or busy machine the first swap takes longer.
PATIENCE_S = 180.0
#: The same state for this long, with nothing under way, counts as settled.
QUIET_S = 3.0


class DemoReport(Record, frozen=True, kw_only=True):
    """What the demo measured.

    Attributes:
        first_swap_s: seconds from the first request after the engine's start to the first
            promoted version at work in the server; None when none was.
        seconds: length of the whole demo.
    """

    machine: str
    directory: str
    functions: tuple[FunctionRow, ...]
    before: Phase
    after: Phase
    bad_release: BadRelease
    verified: Report
    first_swap_s: float | None
    seconds: float


Tell = Callable[[str, tuple[FunctionRow, ...]], None]


def play(directory: Path, *, tell: Tell, seed: int = 0) -> DemoReport:
    """Play the demo in `directory` and report what was measured.

    Args:
        directory: empty or new; keeps the store, the keys and the logs.
        tell: called with the act under way and the state of the functions, often.
        seed: seed of the shoppers.

    Raises:
        UnhealthyError: the shop does not start.
        SandboxUnavailableError: this machine cannot isolate code.
    """
    started = time.monotonic()
    scene = Scene(directory)
    tell("serving the shop as it is, measuring how that is", ())
    with scene.serving(watched=False):
        before = scene.measure(MEASURE_S, seed=seed)
    tell("serving it again, watched by CodeGenesis", ())
    with scene.serving(watched=True), Store.open(scene.config.database) as store:
        with scene.evolving():
            first_swap_s = _evolve(scene, store, tell, seed + 1)
        rows = board(store)
        tell("measuring how it is after, with what is live by now", rows)
        store.freeze("the demo measures: no canary, no engine, only what is live")
        after = scene.measure(MEASURE_S, seed=seed)
        store.thaw()
        tell("forcing a bad release into the running server", rows)
        keys = KeyRing(scene.config.database.parent / "keys")
        ledger = Ledger(store, keys)
        delivery = Delivery(store, ledger, scene.config)
        with scene.evolving(), scene.shoppers(seed=seed + 2):
            bad = force_bad_release(store, ledger, delivery)
        tell("verifying the record", rows)
        verified = verify_all(store, keys)
    return DemoReport(
        machine=environment_note(),
        directory=str(directory),
        functions=rows,
        before=before,
        after=after,
        bad_release=bad,
        verified=verified,
        first_swap_s=first_swap_s,
        seconds=time.monotonic() - started,
    )


def _evolve(scene: Scene, store: Store, tell: Tell, seed: int) -> float | None:
    """Let shoppers and engine at it until all is settled; seconds to the first promoted swap."""
    started = time.monotonic()
    first_swap_s: float | None = None
    quiet_since = started
    with scene.shoppers(seed=seed):
        while time.monotonic() - started < (EVOLVE_S if first_swap_s else PATIENCE_S):
            rows = board(store)
            tell("evolving while it serves", rows)
            if first_swap_s is None and any(row.stage == "live" for row in rows):
                first_swap_s = time.monotonic() - started
            if not settled(store, rows):
                quiet_since = time.monotonic()
            if time.monotonic() - quiet_since > QUIET_S:
                break
            time.sleep(0.25)
    return first_swap_s
