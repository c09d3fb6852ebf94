"""The shopping cart, and the reorder lists that trade customers paste."""


def repeated_skus(skus):
    """Article numbers that were entered more than once, to be merged."""
    seen = []
    repeated = []
    for sku in skus:
        if sku in seen:
            if sku not in repeated:
                repeated.append(sku)
        else:
            seen.append(sku)
    return repeated


def parse_lines(data):
    """Cart lines from the JSON body of a request."""
    lines = []
    for line in data["lines"]:
        quantity = int(line["quantity"])
        if quantity > 0:
            lines.append({"sku": str(line["sku"]), "quantity": quantity})
    return lines
