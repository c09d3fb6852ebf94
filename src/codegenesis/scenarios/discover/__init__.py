"""Open-ended discovery: evolve a program against a score, not a function against itself."""
