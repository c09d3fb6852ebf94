"""The store: where everything the house knows survives the processes that found it out."""

from codegenesis.store.facade import Store

__all__ = ["Store"]
