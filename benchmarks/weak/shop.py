"""An online shop: loops over records, membership in lists, joins by hand."""

from __future__ import annotations

from random import Random
from typing import Any


def unique_customers(orders):
    seen = []
    for order in orders:
        if order["customer"] not in seen:
            seen.append(order["customer"])
    return seen


def orders_with_names(orders, customers):
    rows = []
    for order in orders:
        for customer in customers:
            if order["customer"] == customer["id"]:
                rows.append((order["number"], customer["name"]))
    return rows


def blocked_orders(orders, blocked):
    return [order["number"] for order in orders if order["customer"] in blocked]


def order_total(lines):
    total = 0
    for line in lines:
        total += line[0] * line[1]
    return total


def receipt(lines):
    text = ""
    for name, price in lines:
        text += name + " " + str(price) + "\n"
    return text


def cheapest(prices, count):
    return sorted(prices)[:count]


def cheapest_first(prices):
    return sorted(prices)[0]


def count_by_kind(items):
    counts = {}
    for item in items:
        if item in counts:
            counts[item] += 1
        else:
            counts[item] = 1
    return counts


def group_by_initial(names):
    groups = {}
    for name in names:
        if name[0] not in groups:
            groups[name[0]] = []
        groups[name[0]].append(name)
    return groups


def is_free_shipping(country):
    return country in ["de", "at", "ch"]


def first_expensive(prices, limit):
    found = [price for price in prices if price > limit]
    if len(found) > 0:
        return found[0]
    return None


def discount(price, level):
    if level in (1, 2):
        return price * 9 // 10
    return price


def common_products(left, right):
    both = []
    for product in left:
        if product in right and product not in both:
            both.append(product)
    return both


def basket_tags(baskets):
    tags = []
    for basket in baskets:
        for tag in basket:
            if tag not in tags:
                tags.append(tag)
    return tags


def _orders(chance: Random, count: int = 150) -> list[dict[str, Any]]:
    return [{"number": n, "customer": chance.randrange(count)} for n in range(count)]


CALLS = {
    "unique_customers": lambda r: (_orders(r, 300),),
    "orders_with_names": lambda r: (
        _orders(r),
        [{"id": n, "name": f"customer {n}"} for n in r.sample(range(200), 120)],
    ),
    "blocked_orders": lambda r: (_orders(r, 300), [r.randrange(300) for _ in range(120)]),
    "order_total": lambda r: ([[r.randrange(9), r.randrange(900)] for _ in range(200)],),
    "receipt": lambda r: ([[f"thing {r.randrange(99)}", r.randrange(999)] for _ in range(200)],),
    "cheapest": lambda r: ([r.randrange(10**6) for _ in range(2000)], 3),
    "cheapest_first": lambda r: ([r.randrange(10**6) for _ in range(2000)],),
    "count_by_kind": lambda r: ([f"kind {r.randrange(30)}" for _ in range(500)],),
    "group_by_initial": lambda r: (
        [r.choice("abcdefgh") + str(r.randrange(99)) for _ in range(300)],
    ),
    "is_free_shipping": lambda r: (r.choice(["de", "fr", "at", "us", "jp"]),),
    "first_expensive": lambda r: ([r.randrange(1000) for _ in range(500)], r.choice([100, 950])),
    "discount": lambda r: (r.randrange(10**4), r.randrange(4)),
    "common_products": lambda r: (
        [r.randrange(400) for _ in range(200)],
        [r.randrange(400) for _ in range(200)],
    ),
    "basket_tags": lambda r: ([[[r.randrange(9), 1] for _ in range(5)] for _ in range(20)],),
}
