"""Native backends: variants that are compiled, behind guarded entries."""
