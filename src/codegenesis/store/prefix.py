"""Ids as people type them: whole, or as many characters as it takes to be unique."""

from __future__ import annotations

from sqlalchemy import Connection, RowMapping, Table, select

from codegenesis.errors import TargetError


def by_prefix(connection: Connection, table: Table, prefix: str) -> RowMapping | None:
    """The row whose `id` is `prefix`, or the only one whose id begins with it.

    Raises:
        TargetError: when several ids begin so.
    """
    if not prefix:
        return None
    query = select(table).where(table.c.id.startswith(prefix, autoescape=True))
    found = connection.execute(query.order_by(table.c.id).limit(4)).mappings().all()
    whole = [row for row in found if row["id"] == prefix]
    if len(whole or found) > 1:
        some = ", ".join(row["id"] for row in found[:3])
        raise TargetError(
            f"{prefix!r} is the beginning of several ids: {some}{' …' if len(found) > 3 else ''}",
            remedy="Give more characters.",
        )
    return next(iter(whole or found), None)
