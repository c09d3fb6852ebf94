"""What a category page needs to know about its products."""


def tag_list(products):
    """All tags of a list of products, with repeats."""
    return [tag for product in products for tag in product["tags"].split(",")]


def facets(tags):
    """The tags a shopper can filter by, in order of first appearance."""
    names = []
    for tag in tags:
        if tag not in names:
            names.append(tag)
    return names


def in_stock(products, available):
    """The products that can be shipped today."""
    shown = []
    for product in products:
        if product["sku"] in available:
            shown.append(product)
    return shown
