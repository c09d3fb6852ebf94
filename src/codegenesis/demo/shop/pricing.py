"""Prices, in cents."""

DISCOUNTS = ((500, 15), (100, 10), (20, 5))


def line_total(price, quantity):
    """Price of one line after the quantity discount."""
    for threshold, percent in DISCOUNTS:
        if quantity >= threshold:
            return price * quantity * (100 - percent) // 100
    return price * quantity


def order_total(rows):
    """Price of a whole order, before shipping."""
    return sum(line_total(row["price"], row["quantity"]) for row in rows)


def money(cents):
    """Cents as people write them."""
    return f"£{cents // 100:,}.{cents % 100:02}"
