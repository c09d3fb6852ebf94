"""Everything that talks to SQLite."""

import os
import sqlite3
from pathlib import Path

from . import seed


class Database:
    def __init__(self, path: Path, *, seed_value: int = 0):
        if not path.exists():
            seed.create(path, seed_value)
        self.connection = sqlite3.connect(path, check_same_thread=False, timeout=10)
        self.connection.row_factory = sqlite3.Row
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = OFF")
        self._titles: dict[str, list[str]] = {}
        self._skus: set[str] = set()

    @classmethod
    def from_environment(cls) -> "Database":
        path = Path(os.environ.get("SHOP_DATABASE", "shop.sqlite3"))
        return cls(path, seed_value=int(os.environ.get("SHOP_SEED", "0")))

    def close(self) -> None:
        self.connection.close()

    def categories(self) -> list[str]:
        rows = self.connection.execute("SELECT DISTINCT category FROM products ORDER BY category")
        return [row["category"] for row in rows]

    def products_in(self, category: str) -> list[dict]:
        rows = self.connection.execute(
            "SELECT sku, title, brand, price, tags FROM products WHERE category = ? ORDER BY sku",
            (category,),
        )
        return [dict(row) for row in rows]

    def department_of(self, category: str) -> str:
        row = self.connection.execute(
            "SELECT department FROM products WHERE category = ?", (category,)
        ).fetchone()
        return row["department"] if row else ""

    def titles(self, department: str) -> list[str]:
        if department not in self._titles:
            rows = self.connection.execute(
                "SELECT title FROM products WHERE department = ? ORDER BY sku", (department,)
            )
            self._titles[department] = [row["title"] for row in rows]
        return self._titles[department]

    def skus(self) -> set[str]:
        if not self._skus:
            self._skus = {row["sku"] for row in self.connection.execute("SELECT sku FROM products")}
        return self._skus

    def products_titled(self, department: str, titles: list[str]) -> list[dict]:
        marks = ",".join("?" * len(titles))
        rows = self.connection.execute(
            "SELECT sku, title, brand, price FROM products"
            f" WHERE department = ? AND title IN ({marks}) ORDER BY sku",
            (department, *titles),
        )
        return [dict(row) for row in rows]

    def product(self, sku: str) -> dict | None:
        row = self.connection.execute("SELECT * FROM products WHERE sku = ?", (sku,)).fetchone()
        return dict(row) if row else None

    def products(self, skus: list[str]) -> list[dict]:
        marks = ",".join("?" * len(skus))
        rows = self.connection.execute(
            f"SELECT sku, title, price, weight FROM products WHERE sku IN ({marks}) ORDER BY title",
            skus,
        )
        return [dict(row) for row in rows]

    def skus_in_stock(self, warehouse: str) -> list[str]:
        rows = self.connection.execute(
            "SELECT sku FROM stock WHERE warehouse = ? AND quantity > 0", (warehouse,)
        )
        return [row["sku"] for row in rows]

    def reviews(self, sku: str) -> list[dict]:
        rows = self.connection.execute(
            "SELECT author, rating, written, remark FROM reviews WHERE sku = ? ORDER BY rowid",
            (sku,),
        )
        return [dict(row) for row in rows]

    def cart(self, session: str) -> list[dict]:
        rows = self.connection.execute(
            "SELECT sku, quantity FROM cart_lines WHERE session = ? ORDER BY id", (session,)
        )
        return [dict(row) for row in rows]

    def add_to_cart(self, session: str, lines: list[dict]) -> None:
        with self.connection:
            self.connection.executemany(
                "INSERT INTO cart_lines (session, sku, quantity) VALUES (?, ?, ?)",
                [(session, line["sku"], line["quantity"]) for line in lines],
            )

    def place_order(self, session: str, total: int, parcels: int) -> int:
        with self.connection:
            self.connection.execute("DELETE FROM cart_lines WHERE session = ?", (session,))
            cursor = self.connection.execute(
                "INSERT INTO orders (session, total, parcels) VALUES (?, ?, ?)",
                (session, total, parcels),
            )
        return cursor.lastrowid
