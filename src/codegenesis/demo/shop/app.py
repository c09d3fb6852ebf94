"""Routes of the shop."""

from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route

from . import catalogue, checkout, pricing, render, reviews, search
from .cart import parse_lines, repeated_skus
from .database import Database
from .seed import DEPARTMENTS

REVIEWS_SINCE = "2024-07-01"


@asynccontextmanager
async def lifespan(app):
    app.state.database = Database.from_environment()
    yield
    app.state.database.close()


async def home(request):
    names = request.app.state.database.categories()
    return HTMLResponse(render.page("Welcome", render.links("/category/", names)))


async def category(request):
    database = request.app.state.database
    name = request.path_params["name"]
    products = database.products_in(name)
    if not products:
        raise HTTPException(404, f"no category {name!r}")
    available = database.skus_in_stock(database.department_of(name))
    tags = catalogue.facets(catalogue.tag_list(products))
    shown = catalogue.in_stock(products, available)
    table = render.ProductTable(name)
    body = render.links("?tag=", tags) + table.render(shown)
    return HTMLResponse(render.page(name, body))


async def find(request):
    database = request.app.state.database
    department = request.query_params.get("department", "workshop")
    if department not in DEPARTMENTS:
        raise HTTPException(404, f"no department {department!r}")
    query = request.query_params.get("q", "")
    titles = search.matching_titles(database.titles(department), query)
    products = database.products_titled(department, titles)
    table = render.ProductTable(f"{len(products)} results for {query}")
    return HTMLResponse(render.page("Search", table.render(products)))


async def product(request):
    database = request.app.state.database
    item = database.product(request.path_params["sku"])
    if item is None:
        raise HTTPException(404, "no such product")
    written = database.reviews(item["sku"])
    rating = reviews.average_rating([review["rating"] for review in written])
    recent = reviews.recent_reviews(written, REVIEWS_SINCE)
    return HTMLResponse(render.page(item["title"], render.product_body(item, rating, recent)))


def cart_of(request):
    database = request.app.state.database
    lines = database.cart(request.cookies.get("session", ""))
    products = database.products([line["sku"] for line in lines])
    rows = checkout.order_rows(lines, products)
    return rows, checkout.shipping_cost(checkout.crates(rows))


async def show_cart(request):
    rows, shipping = cart_of(request)
    return HTMLResponse(render.page("Cart", render.cart_body(rows, shipping)))


async def check_reorder(request):
    """Customers paste their whole reorder list and want to know what is wrong with it."""
    skus = [line["sku"] for line in parse_lines(await request.json())]
    known = request.app.state.database.skus()
    unknown = [sku for sku in skus if sku not in known]
    return JSONResponse({"repeated": repeated_skus(skus), "unknown": unknown})


async def add_to_cart(request):
    lines = parse_lines(await request.json())
    request.app.state.database.add_to_cart(request.cookies.get("session", ""), lines)
    return JSONResponse({"added": len(lines)})


async def place_order(request):
    rows, shipping = cart_of(request)
    total = pricing.order_total(rows) + shipping
    database = request.app.state.database
    number = database.place_order(request.cookies.get("session", ""), total, len(rows))
    return JSONResponse({"order": number, "total": total})


app = Starlette(
    routes=[
        Route("/", home),
        Route("/category/{name}", category),
        Route("/search", find),
        Route("/product/{sku}", product),
        Route("/cart", show_cart),
        Route("/cart", add_to_cart, methods=["POST"]),
        Route("/reorder/check", check_reorder, methods=["POST"]),
        Route("/checkout", place_order, methods=["POST"]),
    ],
    lifespan=lifespan,
)
