"""What became of earlier variants, and what that says about the next ones."""

from codegenesis.core.experience.book import Book, Lesson, beginning, book, default_path, digest_of
from codegenesis.core.experience.features import describe, shape
from codegenesis.core.experience.foresight import (
    Belief,
    Foresight,
    Learner,
    lessons_of,
    revised,
    together,
)

__all__ = [
    "Belief",
    "Book",
    "Foresight",
    "Learner",
    "Lesson",
    "beginning",
    "book",
    "default_path",
    "describe",
    "digest_of",
    "lessons_of",
    "revised",
    "shape",
    "together",
]
