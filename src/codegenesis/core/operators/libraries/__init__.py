"""Rewrite rules for code that uses numpy and pandas one element at a time."""
