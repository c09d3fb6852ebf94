"""Which models a command or an engine asks, for as long as it runs.

Models that a person's command may use are not all that an engine beside a live app may: a server
that merely runs on this machine, or an embedded model, would take its CPU from the app. There
(`unattended`) only endpoints that the owner has named are asked, and paid ones only within a budget
that the owner has named as well, because an engine runs for weeks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from codegenesis.config import Config
from codegenesis.core.budget import Budget, Meter
from codegenesis.core.coders.memory import Memory
from codegenesis.lifecycle.asking.authors import Authors

#: An engine without a budget of money may not spend any; an exact zero would end free calls too.
_NOTHING_PAID_USD = 1e-9

Tell = Callable[[str], None]


@contextmanager
def authors(
    config: Config, *, meter: Meter | None = None, unattended: bool = False, tell: Tell
) -> Iterator[Authors | None]:
    """The models that the settings name, for as long as this lasts; None where there are none.

    Args:
        meter: of the command; money, tokens and calls are counted there.
        unattended: nobody is waiting for it: an engine beside a live app.
        tell: told in words what is wrong with an endpoint.

    Raises:
        ConfigError: the settings name a model that there is not.
    """
    wanted = _named(config) if unattended else config
    if wanted.models == ("off",) or not config.model_share:
        yield None
        return
    from codegenesis.core.models.fleet import fleet  # brings an HTTP client along

    spending = meter or Meter(_unattended(config) if unattended else Budget())
    found = fleet(wanted, meter=spending, tell=tell)
    if found is None:
        yield None
        return
    memory = Memory(config.experience)
    with found:
        writing = Authors(
            found,
            stronger=found.stronger,
            parallel=found.parallel,
            reward=found.reward,
            seed=config.seed,
            habits=memory.recall(),
        )
        try:
            yield writing
        finally:
            memory.keep(writing.coder.habits)


def _named(config: Config) -> Config:
    """The settings with only those models that the owner has named."""
    if "auto" not in config.models:
        return config
    others = [name for name in config.models if name != "auto"]
    named = [name for name, table in config.endpoints.items() if table.model]
    return msgspec.structs.replace(config, models=(*others, *named) or ("off",))


def _unattended(config: Config) -> Budget:
    """What an engine may spend on models in its life; its time is the loop's affair."""
    given = Budget.parse(config.budget) if config.budget else Budget()
    usd = given.usd if math.isfinite(given.usd) else _NOTHING_PAID_USD
    return msgspec.structs.replace(given, usd=usd, seconds=math.inf, trials=math.inf)
