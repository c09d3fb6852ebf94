"""Fill an empty database with a catalogue; the same seed gives the same shop."""

import os
import random
import sqlite3
from datetime import date, timedelta
from pathlib import Path

TODAY = date(2025, 6, 30)

DEPARTMENTS = {
    "workshop": ["hand-tools", "power-tools", "fixings", "adhesives"],
    "kitchen": ["cookware", "cutlery", "storage", "small-appliances"],
    "garden": ["planting", "watering", "furniture", "lighting"],
    "office": ["paper", "writing", "desks", "filing"],
}
MATERIALS = "steel oak brass copper walnut ceramic linen rubber glass bamboo cork slate".split()
FINISHES = "matt polished brushed raw oiled black white forged woven ribbed".split()
NOUNS = {
    "hand-tools": "hammer chisel plane spanner saw",
    "power-tools": "drill sander router grinder planer",
    "fixings": "screws bolts hinges brackets hooks",
    "adhesives": "glue tape putty filler sealant",
    "cookware": "pan pot casserole wok griddle",
    "cutlery": "knife fork spoon ladle tongs",
    "storage": "jar tin basket crate canister",
    "small-appliances": "kettle toaster mixer scale mill",
    "planting": "planter trowel dibber tray cloche",
    "watering": "can hose sprinkler butt nozzle",
    "furniture": "bench chair table lounger stool",
    "lighting": "lantern lamp torch spotlight candle",
    "paper": "notebook pad envelope card ream",
    "writing": "pen pencil marker crayon fountain-pen",
    "desks": "desk riser shelf drawer footrest",
    "filing": "folder binder box divider label",
}
BRANDS = "Aldgate Birch&Co Calder Dunmore Elmfield Fenwick Garrick Holt Irwell Jarrow".split()
REMARKS = [
    "Does what it should.",
    "Sturdier than it looks.",
    "Arrived a day late, well packed.",
    "Bought forty, all fine.",
    "Smaller than I thought.",
    "Would order again.",
]
PRODUCTS_PER_CATEGORY = 125

SCHEMA = """
CREATE TABLE products (
    sku TEXT PRIMARY KEY, title TEXT, brand TEXT, department TEXT, category TEXT,
    price INTEGER, weight INTEGER, tags TEXT
);
CREATE INDEX products_by_category ON products (category);
CREATE TABLE stock (sku TEXT PRIMARY KEY, warehouse TEXT, quantity INTEGER);
CREATE TABLE reviews (sku TEXT, author TEXT, rating INTEGER, written TEXT, remark TEXT);
CREATE INDEX reviews_by_product ON reviews (sku);
CREATE TABLE cart_lines (
    id INTEGER PRIMARY KEY, session TEXT, sku TEXT, quantity INTEGER
);
CREATE INDEX cart_by_session ON cart_lines (session);
CREATE TABLE orders (id INTEGER PRIMARY KEY, session TEXT, total INTEGER, parcels INTEGER);
"""


def create(path: Path, seed: int) -> None:
    """Create the database at `path`, unless another worker was quicker."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    connection = sqlite3.connect(draft)
    connection.executescript(SCHEMA)
    fill(connection, random.Random(seed))
    connection.commit()
    connection.close()
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def fill(connection: sqlite3.Connection, chance: random.Random) -> None:
    number = 10000
    for department, categories in DEPARTMENTS.items():
        for category in categories:
            for _ in range(PRODUCTS_PER_CATEGORY):
                number += chance.randint(1, 9)
                add_product(connection, chance, f"HM-{number}", department, category)


def add_product(connection, chance, sku, department, category):
    material, finish = chance.choice(MATERIALS), chance.choice(FINISHES)
    noun = chance.choice(NOUNS[category].split())
    title = f"{finish} {material} {noun} {chance.randint(1, 60) * 5} mm".capitalize()
    tags = [
        material,
        finish,
        noun,
        f"{material}-{noun}",
        f"{finish}-{material}",
        f"{finish}-{noun}",
    ]
    connection.execute(
        "INSERT INTO products VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            sku,
            title,
            chance.choice(BRANDS),
            department,
            category,
            chance.randint(90, 24900),
            chance.randint(20, 9000),
            ",".join(tags),
        ),
    )
    quantity = 0 if chance.random() < 0.1 else chance.randint(1, 400)
    connection.execute("INSERT INTO stock VALUES (?, ?, ?)", (sku, department, quantity))
    if chance.random() >= 0.03:
        add_reviews(connection, chance, sku, chance.randint(20, 60))


def add_reviews(connection, chance, sku, count):
    rows = [
        (
            sku,
            f"buyer {chance.randint(1, 999)}",
            chance.choice([3, 4, 4, 5, 5, 2, 1]),
            (TODAY - timedelta(days=chance.randint(0, 700))).strftime("%d.%m.%Y"),
            chance.choice(REMARKS),
        )
        for _ in range(count)
    ]
    connection.executemany("INSERT INTO reviews VALUES (?, ?, ?, ?, ?)", rows)
