"""Numbers in programs, by CMA-ES through the loop."""

from codegenesis.scenarios.discover.constants.proposer import Constants

__all__ = ["Constants"]
