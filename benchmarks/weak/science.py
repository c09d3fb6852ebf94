"""Numbers in plain Python: vectors, matrices, samples."""

from __future__ import annotations

import math
from random import Random


def dot(xs, ys):
    total = 0
    for i in range(len(xs)):
        total += xs[i] * ys[i]
    return total


def product(a, b):
    result = []
    for i in range(len(a)):
        row = []
        for j in range(len(b[0])):
            total = 0
            for k in range(len(b)):
                total += a[i][k] * b[k][j]
            row.append(total)
        result.append(row)
    return result


def variance(xs):
    return sum((x - sum(xs) / len(xs)) ** 2 for x in xs) / len(xs)


def nearest(points, wanted):
    best = None
    for p in points:
        d = math.sqrt((p[0] - wanted[0]) ** 2 + (p[1] - wanted[1]) ** 2)
        if best is None or d < best[0]:
            best = (d, p)
    return best


def mode(xs):
    best = xs[0]
    for x in xs:
        if xs.count(x) > xs.count(best):
            best = x
    return best


def closest_below(sorted_xs, wanted):
    found = None
    for x in sorted_xs:
        if x <= wanted:
            found = x
    return found


def moving(xs, width):
    means = []
    for i in range(len(xs) - width + 1):
        means.append(sum(xs[i : i + width]) / width)
    return means


def distances(points):
    out = []
    for i in range(len(points)):
        for j in range(len(points)):
            out.append(math.hypot(points[i][0] - points[j][0], points[i][1] - points[j][1]))
    return out


def without(samples, outliers):
    return [s for s in samples if s not in outliers]


def binomial(n, k):
    if k in (0, n):
        return 1
    return binomial(n - 1, k - 1) + binomial(n - 1, k)


def transpose(rows):
    out = []
    for j in range(len(rows[0])):
        column = []
        for i in range(len(rows)):
            column.append(rows[i][j])
        out.append(column)
    return out


def cumulative(xs):
    return [sum(xs[: i + 1]) for i in range(len(xs))]


def median(xs):
    ordered = sorted(xs)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _floats(chance: Random, count: int) -> list[float]:
    return [round(chance.uniform(-9, 9), 2) for _ in range(count)]


CALLS = {
    "dot": lambda r: (_floats(r, 300), _floats(r, 300)),
    "product": lambda r: ([_floats(r, 9) for _ in range(9)], [_floats(r, 9) for _ in range(9)]),
    "variance": lambda r: (_floats(r, 120),),
    "nearest": lambda r: ([_floats(r, 2) for _ in range(100)], _floats(r, 2)),
    "mode": lambda r: ([r.randrange(20) for _ in range(120)],),
    "closest_below": lambda r: (sorted(_floats(r, 400)), r.uniform(-9, 9)),
    "moving": lambda r: (_floats(r, 200), 25),
    "distances": lambda r: ([_floats(r, 2) for _ in range(25)],),
    "without": lambda r: ([*_floats(r, 200), math.nan], [*_floats(r, 100), math.nan]),
    "binomial": lambda r: (r.randrange(6, 13), 4),
    "transpose": lambda r: ([_floats(r, 20) for _ in range(20)],),
    "cumulative": lambda r: (_floats(r, 120),),
    "median": lambda r: (_floats(r, 150),),
}
