"""What lives inside the user's process: observe its functions and change them while they run.

`live` holds all stores to `__code__`; `probe`, `router` and `guard` stand in front of a function
for a while; `session` is what the `agent`'s thread does between two sleeps, `loader` the part of it
that obeys signed releases. Nothing here may cost much, and nothing may take the application down.
"""

from codegenesis.runtime.agent import Agent
from codegenesis.runtime.install import begin, evolve, launch_environment
from codegenesis.runtime.live import LiveGene, Version
from codegenesis.runtime.registry import Registry, register

__all__ = [
    "Agent",
    "LiveGene",
    "Registry",
    "Version",
    "begin",
    "evolve",
    "launch_environment",
    "register",
]
