"""Repair: from failing cases to versions that pass them all, the likeliest first."""

