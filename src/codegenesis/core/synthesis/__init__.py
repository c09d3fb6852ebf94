"""Functions without a body, filled from examples of what they are to return.

The search itself runs in the workshop (`codegenesis.arena.synthesis`), next to the user's module.
Here is what starts it, listens, ranks what it found and writes it into the `def`. What is found
agrees with the examples as far as the workshop can tell: it is plausible, and the evidence decides.
"""

from codegenesis.core.synthesis.holes import is_hole
from codegenesis.core.synthesis.run import Filled, Synthesis, synthesise
from codegenesis.core.synthesis.stated import stated

__all__ = ["Filled", "Synthesis", "is_hole", "stated", "synthesise"]
