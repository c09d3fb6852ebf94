"""Genetic edits: small changes of a function, the plausible first, and how two versions cross."""

from codegenesis.core.genetic.crossover import crossover
from codegenesis.core.genetic.edit import Edit, applied
from codegenesis.core.genetic.identity import identity
from codegenesis.core.genetic.ingredients import Ingredients, ingredients
from codegenesis.core.genetic.registry import edits

__all__ = ["Edit", "Ingredients", "applied", "crossover", "edits", "identity", "ingredients"]
