"""The shop's weaknesses under other names, in other shapes, on other data."""

import re
from datetime import datetime


def twice_booked(rooms):
    """Nested index loops instead of two lists."""
    clashes = set()
    for i in range(len(rooms)):
        for j in range(i + 1, len(rooms)):
            if rooms[i] == rooms[j]:
                clashes.add(rooms[i])
    return sorted(clashes)


def open_seats(plan, taken):
    """A comprehension instead of a loop."""
    return [seat for seat in plan if seat not in taken]


def without_repeats(tracks):
    """`while` with a counter, and the test the other way round."""
    kept = []
    position = 0
    while position < len(tracks):
        track = tracks[position]
        position += 1
        if track in kept:
            continue
        kept.append(track)
    return kept


def lines_about(lines, topics):
    """One pattern of many alternatives, put together anew for every line."""
    hits = []
    for number, line in enumerate(lines):
        wanted = re.compile("|".join(sorted(topics)), re.IGNORECASE)
        if wanted.match(line):
            hits.append(number)
    return hits


def assignments(workers, shifts):
    """Nested loops over attributes of tuples, with an early `continue`."""
    plan = []
    for shift in shifts:
        for worker in workers:
            if worker["badge"] != shift["badge"]:
                continue
            plan.append((worker["name"], shift["day"]))
    return plan


def lattice_paths(rows, columns):
    """Two parameters, and the base case first."""
    if rows == 0 or columns == 0:
        return 1
    return lattice_paths(rows - 1, columns) + lattice_paths(rows, columns - 1)


class Report:
    """A method that grows an attribute inside a nested loop."""

    def __init__(self, title):
        self.title = title
        self.body = ""

    def write(self, table):
        self.body = self.title + "\n"
        for row in table:
            for cell in row:
                self.body = self.body + cell + ";"
            self.body += "\n"
        return len(self.body)


def days_late(dates, due):
    """strptime in a loop, of which one does not change."""
    late = []
    for text in dates:
        limit = datetime.strptime(due, "%Y-%m-%d")
        late.append((datetime.strptime(text, "%Y-%m-%d") - limit).days)
    return late


def fill_rate(orders):
    """Crashes where there is nothing to divide by."""
    filled = 0
    for order in orders:
        filled += order["filled"]
    return filled / sum(order["asked"] for order in orders)
