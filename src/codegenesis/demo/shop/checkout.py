"""From a cart to an order."""

CRATE_GRAMS = 250000
PARCELS = ((1, 690), (2, 1190), (3, 1590), (5, 2290))


def order_rows(lines, products):
    """Cart lines with the title, price and weight of their products."""
    rows = []
    for line in lines:
        for product in products:
            if product["sku"] == line["sku"]:
                rows.append(
                    {
                        "sku": line["sku"],
                        "title": product["title"],
                        "price": product["price"],
                        "weight": product["weight"],
                        "quantity": line["quantity"],
                    }
                )
    return rows


def crates(rows):
    """Number of crates that an order fills."""
    grams = sum(row["weight"] * row["quantity"] for row in rows)
    return min(14, -(-grams // CRATE_GRAMS))


def shipping_cost(crates):
    """Cheapest way to send so many crates, over all combinations of parcel sizes."""
    if crates <= 0:
        return 0
    return min(price + shipping_cost(crates - size) for size, price in PARCELS)
