"""What can be tuned in a function, and the function with other values in it."""

from codegenesis.core.tuning.site import Site, Value, tuned
from codegenesis.core.tuning.sites import Tune, propose_tuning, sites

__all__ = ["Site", "Tune", "Value", "propose_tuning", "sites", "tuned"]
