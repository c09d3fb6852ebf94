"""HTML."""

from html import escape

from .pricing import line_total, money


class ProductTable:
    """The list of products on category and search pages."""

    def __init__(self, caption):
        self.caption = caption
        self.html = ""

    def render(self, products):
        self.html = '<table class="products">'
        self.html += "<caption>" + escape(self.caption) + "</caption>"
        for product in products:
            self.html += '<tr><td class="sku">'
            self.html += '<a href="/product/' + product["sku"] + '">' + product["sku"] + "</a>"
            self.html += '</td><td class="title">'
            self.html += escape(product["title"])
            self.html += '</td><td class="brand">'
            self.html += escape(product["brand"])
            self.html += '</td><td class="price">'
            self.html += money(product["price"])
            self.html += "</td></tr>\n"
        self.html += "</table>"
        return self.html


def page(title, body):
    """A whole page."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)} | Harbour &amp; Mill</title></head>"
        f"<body><h1>{escape(title)}</h1>{body}</body></html>"
    )


def links(prefix, names):
    """A list of links."""
    items = [f'<li><a href="{prefix}{escape(name)}">{escape(name)}</a></li>' for name in names]
    return f"<ul>{''.join(items)}</ul>"


def product_body(product, rating, reviews):
    """The middle of a product page."""
    written = "".join(
        f"<li>{review['rating']} stars, {review['written']}: {escape(review['remark'])}</li>"
        for review in reviews
    )
    return (
        f"<p>{escape(product['brand'])}, {money(product['price'])}, {product['weight']} g</p>"
        f"<p>{rating} stars</p><ul>{written}</ul>"
    )


def cart_body(rows, shipping):
    """The middle of the cart page."""
    items = "".join(
        f"<tr><td>{row['sku']}</td><td>{escape(row['title'])}</td><td>{row['quantity']}</td>"
        f"<td>{money(line_total(row['price'], row['quantity']))}</td></tr>"
        for row in rows
    )
    return f"<table>{items}</table><p>Shipping {money(shipping)}</p>"
