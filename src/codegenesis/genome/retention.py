"""What is kept for how long: single calls for days, minutes for hours, days for months.

Values of calls are the most telling and the largest, so they go first; what they added up to stays.
Nothing is deleted before it is rolled up.
"""

from __future__ import annotations

import time

from codegenesis.config import Config
from codegenesis.genome.learning import learn_ages, learn_told
from codegenesis.genome.rollup import DAY_NS, KEEP_NS
from codegenesis.genome.survey import survey
from codegenesis.model import Record
from codegenesis.store import Store

#: Calls that one round rolls up; where there are more, nothing is deleted yet.
MOST = 200_000
#: Genes whose age is looked up in one round.
_AGED = 200


class Tidied(Record, frozen=True, kw_only=True):
    """What a round has deleted.

    Attributes:
        waiting: whether calls are left to be rolled up, so that nothing was deleted.
    """

    waiting: bool = False
    calls: int = 0
    buckets: int = 0
    rewards: int = 0
    events: int = 0


def tidy(store: Store, config: Config, *, now_ns: int | None = None) -> Tidied:
    """Roll up what is new, and delete what is older than the owner wants to keep.

    Raises:
        StoreError: the store cannot be read or written.
    """
    now = time.time_ns() if now_ns is None else now_ns
    if survey(store, now_ns=now, most=MOST).calls >= MOST:
        return Tidied(waiting=True)
    learn_ages(store, now_ns=now, most=_AGED)
    learn_told(store, now_ns=now)
    history = now - int(config.keep_history_days * DAY_NS)
    kept = {**{width: now - keep for width, keep in KEEP_NS.items()}, DAY_NS: history}
    return Tidied(
        calls=store.prune(before_ns=now - int(config.keep_calls_days * DAY_NS)),
        buckets=sum(
            store.buckets.prune(width_ns=width, before_ns=before) for width, before in kept.items()
        ),
        rewards=store.rewards.prune(before_ns=history),
        events=store.events.prune(before_ns=history),
    )
