"""Graphs and puzzles, from a textbook: queues as lists, recursion, visited lists."""

from __future__ import annotations

from random import Random


def reachable(graph: dict[int, list[int]], start: int) -> list[int]:
    queue = [start]
    visited: list[int] = []
    while queue:
        node = queue.pop(0)
        if node not in visited:
            visited.append(node)
            queue.extend(graph[node])
    return visited


def paths(rows: int, columns: int) -> int:
    if rows == 0 or columns == 0:
        return 1
    return paths(rows - 1, columns) + paths(rows, columns - 1)


def degree(edges: list[list[int]], node: int) -> int:
    count = 0
    for a, b in edges:
        if a == node:
            count = count + 1
        if b == node:
            count = count + 1
    return count


def has_pair(numbers: list[int], wanted: int) -> bool:
    for i in range(len(numbers)):
        for j in range(i + 1, len(numbers)):
            if numbers[i] + numbers[j] == wanted:
                return True
    return False


def has_duplicate(numbers: list[int]) -> bool:
    for i in range(len(numbers)):
        for j in range(i + 1, len(numbers)):
            if numbers[i] == numbers[j]:
                return True
    return False


def shared_edges(left: list[list[int]], right: list[list[int]]) -> list[list[int]]:
    return [edge for edge in left if edge in right]


def isolated(nodes: list[int], edges: list[list[int]]) -> list[int]:
    alone = []
    for node in nodes:
        touched = False
        for edge in edges:
            if edge[0] == node or edge[1] == node:
                touched = True
        if not touched:
            alone.append(node)
    return alone


def fibonacci(n: int) -> int:
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def merge(left: list[int], right: list[int]) -> list[int]:
    merged = []
    while left and right:
        if left[0] <= right[0]:
            merged.append(left.pop(0))
        else:
            merged.append(right.pop(0))
    return merged + left + right


def neighbours(grid: list[list[int]], row: int, column: int) -> int:
    total = 0
    for dr in (-1, 0, 1):
        for dc in (-1, 0, 1):
            if (dr, dc) != (0, 0):
                r, c = row + dr, column + dc
                if 0 <= r < len(grid) and 0 <= c < len(grid[0]):
                    total += grid[r][c]
    return total


def topological(graph: dict[int, list[int]]) -> list[int]:
    order: list[int] = []
    nodes = list(graph)
    while nodes:
        free = [n for n in nodes if all(m in order or m == n for m in graph[n])]
        if not free:
            return order
        for node in free:
            nodes.remove(node)
            order.append(node)
    return order


def flatten(nested: list[list[int]]) -> list[int]:
    flat: list[int] = []
    for part in nested:
        flat = flat + part
    return flat


def _graph(chance: Random, count: int) -> dict[int, list[int]]:
    return {n: [chance.randrange(count) for _ in range(3)] for n in range(count)}


def _edges(chance: Random, count: int) -> list[list[int]]:
    return [[chance.randrange(60), chance.randrange(60)] for _ in range(count)]


CALLS = {
    "reachable": lambda r: (_graph(r, 200), 0),
    "paths": lambda r: (r.randrange(3, 7), r.randrange(3, 7)),
    "degree": lambda r: (_edges(r, 200), r.randrange(60)),
    "has_pair": lambda r: ([r.randrange(10**6) for _ in range(70)], 7),
    "has_duplicate": lambda r: (r.sample(range(10**6), 80),),
    "shared_edges": lambda r: (_edges(r, 100), _edges(r, 100)),
    "isolated": lambda r: (list(range(90)), _edges(r, 60)),
    "fibonacci": lambda r: (r.randrange(8, 17),),
    "merge": lambda r: (
        sorted(r.randrange(999) for _ in range(300)),
        sorted(r.randrange(999) for _ in range(300)),
    ),
    "neighbours": lambda r: ([[r.randrange(2) for _ in range(9)] for _ in range(9)], 4, 8),
    "topological": lambda r: (
        {n: [r.randrange(n) for _ in range(2)] if n > 2 else [] for n in range(60)},
    ),
    "flatten": lambda r: ([[r.randrange(9) for _ in range(10)] for _ in range(60)],),
}
