"""Measurements, a command each: a table for people, JSON with `--json FILE`."""
