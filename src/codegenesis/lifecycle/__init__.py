"""The autonomous loop: what happens when, from a recorded call to a release under way."""

from codegenesis.lifecycle.engine import Engine
from codegenesis.lifecycle.evolution import Evolver
from codegenesis.lifecycle.evolved import Evolution
from codegenesis.lifecycle.inputs import calls_of, observe
from codegenesis.lifecycle.launch import engine_beside, run_command, start_engine, stop_engine
from codegenesis.lifecycle.lock import EngineLock
from codegenesis.lifecycle.schedule import next_gene, recent, refresh
from codegenesis.lifecycle.snapshot import Snapshot, snapshot
from codegenesis.lifecycle.targets import locate

__all__ = [
    "Engine",
    "EngineLock",
    "Evolution",
    "Evolver",
    "Snapshot",
    "calls_of",
    "engine_beside",
    "locate",
    "next_gene",
    "observe",
    "recent",
    "refresh",
    "run_command",
    "snapshot",
    "start_engine",
    "stop_engine",
]
