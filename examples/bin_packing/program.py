"""Online bin packing: which open bin an item should go into."""

import numpy as np


# EVOLVE-BLOCK-START
def priority(item: int, bins: np.ndarray) -> np.ndarray:
    """How much each bin is wanted for the item; higher is better.

    Args:
        item: its size.
        bins: remaining capacities of bins that it fits into.
    """
    return -(bins - item)


# EVOLVE-BLOCK-END


def preferences(capacity: int) -> np.ndarray:
    """Priorities of all remaining capacities (columns) for all sizes of items (rows)."""
    table = np.full((capacity + 1, capacity + 1), -np.inf)
    for item in range(1, capacity + 1):
        table[item, item:] = priority(item, np.arange(item, capacity + 1))
    return table
