"""Harbour & Mill: a small wholesale web shop.

An ordinary Starlette application over a SQLite catalogue. It knows nothing of CodeGenesis, which is
the point: it is what the demo observes and evolves.
"""
