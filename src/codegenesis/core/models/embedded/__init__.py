"""A small model for those who have no key: fetched once, run on this machine (DESIGN §8)."""
