"""Reports: comprehensions and built-ins, by someone who likes few lines."""

from __future__ import annotations

from random import Random


def departments(people):
    return {d: [p["name"] for p in people if p["dept"] == d] for d in {p["dept"] for p in people}}


def ranked(scores):
    return [sorted(scores, reverse=True).index(score) + 1 for score in scores]


def percentages(values):
    return [100 * value / sum(values) for value in values]


def both(left, right):
    return [x for x in left if x in right]


def missing(expected, got):
    return [x for x in expected if x not in got]


def first_of_each(rows):
    return [row for i, row in enumerate(rows) if row not in rows[:i]]


def titles(rows):
    return ", ".join([row["title"].upper() for row in rows])


def any_negative(values):
    return len([v for v in values if v < 0]) > 0


def positions(names, wanted):
    return [names.index(name) for name in wanted if name in names]


def table(rows):
    html = "<table>"
    for row in rows:
        html += "<tr>"
        for cell in row:
            html += "<td>" + str(cell) + "</td>"
        html += "</tr>"
    return html + "</table>"


def normalised(values):
    return [(v - min(values)) / (max(values) - min(values)) for v in values]


def tally(names):
    return {name: names.count(name) for name in names}


def weekend(day):
    return day in ["saturday", "sunday"]


def deepest(rows):
    return max([len(row) for row in rows])


def matched(payments, invoices):
    return [(p[0], i[0]) for p in payments for i in invoices if p[1] == i[1]]


def _values(chance: Random, count: int) -> list[int]:
    return [chance.randrange(-5, 500) for _ in range(count)]


CALLS = {
    "departments": lambda r: ([{"name": f"n{k}", "dept": r.randrange(25)} for k in range(150)],),
    "ranked": lambda r: (_values(r, 60),),
    "percentages": lambda r: ([1 + abs(v) for v in _values(r, 150)],),
    "both": lambda r: (_values(r, 200), _values(r, 200)),
    "missing": lambda r: ([str(v) for v in _values(r, 200)], [str(v) for v in _values(r, 200)]),
    "first_of_each": lambda r: ([[v, v] for v in _values(r, 80)],),
    "titles": lambda r: ([{"title": f"t {v}"} for v in _values(r, 150)],),
    "any_negative": lambda r: (_values(r, 300),),
    "positions": lambda r: ([str(v) for v in range(200)], [str(v) for v in _values(r, 60)]),
    "table": lambda r: ([_values(r, 8) for _ in range(40)],),
    "normalised": lambda r: (_values(r, 100),),
    "tally": lambda r: ([str(v % 40) for v in _values(r, 200)],),
    "weekend": lambda r: (r.choice(["monday", "sunday", "friday"]),),
    "deepest": lambda r: ([_values(r, r.randrange(9)) for _ in range(60)] + [[1]],),
    "matched": lambda r: (
        [[k, v] for k, v in enumerate(_values(r, 90))],
        [[k, v] for k, v in enumerate(_values(r, 90))],
    ),
}
