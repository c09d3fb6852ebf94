"""Language models as authors of versions: asked beside the rules, believed no more than they."""

from codegenesis.lifecycle.asking.asked import Asked, together
from codegenesis.lifecycle.asking.asking import Asking
from codegenesis.lifecycle.asking.authors import Authors
from codegenesis.lifecycle.asking.opening import authors
from codegenesis.lifecycle.asking.round import OPERATOR, Round, round_of

__all__ = ["OPERATOR", "Asked", "Asking", "Authors", "Round", "authors", "round_of", "together"]
