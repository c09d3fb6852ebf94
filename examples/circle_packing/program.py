"""26 circles in the unit square: where their centres are."""

import numpy as np


# EVOLVE-BLOCK-START
def centres() -> np.ndarray:
    """Two coordinates for each circle."""
    return np.array(
        [
            [0.1, 0.1], [0.3, 0.1], [0.5, 0.1], [0.7, 0.1], [0.9, 0.1],
            [0.1, 0.3], [0.3, 0.3], [0.5, 0.3], [0.7, 0.3], [0.9, 0.3],
            [0.1, 0.5], [0.3, 0.5], [0.5, 0.5], [0.7, 0.5], [0.9, 0.5],
            [0.1, 0.7], [0.3, 0.7], [0.5, 0.7], [0.7, 0.7], [0.9, 0.7],
            [0.1, 0.9], [0.3, 0.9], [0.5, 0.9], [0.7, 0.9], [0.9, 0.9],
            [0.4, 0.4],
        ]
    )  # fmt: skip


# EVOLVE-BLOCK-END
