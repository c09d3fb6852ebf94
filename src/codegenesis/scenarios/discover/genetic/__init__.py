"""Programs by typed genetic programming, from the program's own ingredients."""

from codegenesis.scenarios.discover.genetic.proposer import Genetic

__all__ = ["Genetic"]
