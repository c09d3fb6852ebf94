"""Scores a rule for online bin packing by how many bins it needs beyond the lower bound.

The rule is asked once for every size of item and every remaining capacity, and must depend on
nothing else, so that thousands of items are packed with one table. Bins of equal remaining
capacity are the same to such a rule, so they are counted; an empty bin is always open.
"""

import importlib.util

import numpy as np

#: "uniform" (OR-Library) or "weibull"; and which training instances.
LAW = "uniform"
SEED = 1
CAPACITY = {"uniform": 150, "weibull": 100}[LAW]
#: Instances and items of each, for the first look and for the whole of training.
FEW, MANY = {"uniform": ((20, 500), (200, 500)), "weibull": ((20, 1000), (24, 2500))}[LAW]


def instances(law: str, number: int, items: int, *, seed: int) -> np.ndarray:
    """Sizes of items, one instance a row."""
    chance = np.random.default_rng(seed)
    if law == "uniform":
        return chance.integers(20, 101, size=(number, items))
    return np.clip(np.floor(45 * chance.weibull(3, size=(number, items))), 1, 100).astype(int)


def excess(table: np.ndarray, sizes: np.ndarray, capacity: int) -> float:
    """Bins used beyond the lower bound, in per cent of it; all instances side by side."""
    bound = np.ceil(sizes.sum(axis=1) / capacity).sum()
    return float(100 * (bins_used(table, sizes, capacity) - bound) / bound)


def bins_used(table: np.ndarray, sizes: np.ndarray, capacity: int) -> int:
    """Pack each row of `sizes` in order; bins that were opened, over all rows."""
    ranks = np.argsort(np.argsort(table, axis=1, kind="stable"), axis=1).astype(np.int16) + 1
    ranks = np.triu(ranks)  # whatever the rule says of bins that are too full
    rows = np.arange(len(sizes)) * (capacity + 1)
    count = np.zeros(len(sizes) * (capacity + 1), dtype=int)
    is_open = np.zeros((len(sizes), capacity + 1), dtype=np.int16)
    is_open[:, capacity] = -1  # all bits: whatever rank it has counts
    flat, used = is_open.reshape(-1), 0
    for item in np.ascontiguousarray(sizes.T):
        best = (ranks[item] & is_open).argmax(axis=1)
        used += int((best == capacity).sum())
        old, new = rows + best, rows + best - item
        count[old] -= 1
        count[new] += 1
        flat[old] = -(count[old] > 0).astype(np.int16)
        flat[new] = -1
        is_open[:, capacity] = -1
    return used


FIRST, WHOLE = instances(LAW, *FEW, seed=SEED), instances(LAW, *MANY, seed=SEED + 1000)


def evaluate_stage1(program_path: str) -> dict[str, float]:
    """A few instances, to sort out most rules."""
    return _score(program_path, FIRST)


def evaluate(program_path: str) -> dict[str, float]:
    """All instances for training."""
    return _score(program_path, WHOLE)


def evaluate_stage2(program_path: str) -> dict[str, float]:
    """All instances, for rules that did well on a few."""
    return evaluate(program_path)


def table_of(program_path: str) -> np.ndarray:
    """What the rule prefers.

    Raises:
        ValueError: it is no table of numbers.
    """
    spec = importlib.util.spec_from_file_location("program", program_path)
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    table = np.asarray(program.preferences(CAPACITY), dtype=float)
    if table.shape != (CAPACITY + 1, CAPACITY + 1) or np.isnan(table).any():
        raise ValueError("expected a number for each item and each remaining capacity")
    return table


def _score(program_path: str, sizes: np.ndarray) -> dict[str, float]:
    percent = excess(table_of(program_path), sizes, CAPACITY)
    return {"combined_score": -percent, "excess_percent": percent}
