"""The demo: a small real shop, shoppers, and the whole life of a change played on them.

Nothing is imported here: the shop must run, and be jailed, without the rest of the house.
"""

__all__: list[str] = []
