"""Scores centres of 26 circles in the unit square by the sum of the largest radii that fit.

The radii are a linear program, which scipy solves.
"""

import importlib.util

import numpy as np
from scipy.optimize import linprog

NUMBER = 26
_PAIRS = np.array([(i, j) for i in range(NUMBER) for j in range(i)])
_SUMS = np.zeros((len(_PAIRS), NUMBER))
_SUMS[np.arange(len(_PAIRS)), _PAIRS[:, 0]] = _SUMS[np.arange(len(_PAIRS)), _PAIRS[:, 1]] = 1


def evaluate(program_path: str) -> dict[str, float]:
    """The sum of radii; nothing for centres outside of the square."""
    spec = importlib.util.spec_from_file_location("program", program_path)
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    centres = np.asarray(program.centres(), dtype=float)
    if centres.shape != (NUMBER, 2) or not ((centres > 0) & (centres < 1)).all():
        raise ValueError("expected 26 points within the unit square")
    total = radii_of(centres).sum()
    return {"combined_score": float(total), "sum_radii": float(total)}


def radii_of(centres: np.ndarray) -> np.ndarray:
    """The radii with the largest sum that neither overlap nor leave the square."""
    edge = np.minimum(centres, 1 - centres).min(axis=1)
    apart = np.linalg.norm(centres[_PAIRS[:, 0]] - centres[_PAIRS[:, 1]], axis=1)
    near = apart < edge[_PAIRS].sum(axis=1)
    solved = linprog(
        -np.ones(NUMBER),
        A_ub=_SUMS[near] if near.any() else None,
        b_ub=apart[near] if near.any() else None,
        bounds=np.column_stack([np.zeros(NUMBER), edge]),
    )
    return solved.x
