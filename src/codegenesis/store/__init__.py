"""The store: where everything the house knows survives the processes that found it out.

`Store` brings in SQLAlchemy, so it comes when it is asked for: agents do without (see
`runtime.outlet`), and use only the light modules of this room.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codegenesis.store.facade import Store

__all__ = ["Store"]


def __getattr__(name: str) -> object:
    if name != "Store":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from codegenesis.store.facade import Store

    globals()["Store"] = Store
    return Store
