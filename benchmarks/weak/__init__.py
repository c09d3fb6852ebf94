"""Small projects with weak and with healthy functions, as people write them, and calls for them.

Each module is a project of its own: its functions were written in one style. Each has `CALLS`: a
function of the module by name → what makes the arguments of one call from a source of chance.
Inputs are as large as such functions get at work (some are deliberately tiny: there, nothing is to
be gained), and some hold what a rewrite easily gets wrong (unhashable items, NaN, mixed types).
"""

PROJECTS = ("shop", "logs", "graphs", "reports", "games", "science")
