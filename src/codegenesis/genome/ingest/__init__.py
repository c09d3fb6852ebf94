"""Telemetry that the user already has, as events: OTLP in, traits out."""

from codegenesis.genome.ingest import logs, metrics, spans
from codegenesis.genome.ingest.desk import Desk, Taken
from codegenesis.genome.ingest.hearing import hear
from codegenesis.genome.ingest.places import Places, Spot
from codegenesis.genome.ingest.rollup import COARSE_NS, distribution, folded
from codegenesis.genome.ingest.told import told

__all__ = [
    "COARSE_NS",
    "Desk",
    "Places",
    "Spot",
    "Taken",
    "distribution",
    "folded",
    "hear",
    "logs",
    "metrics",
    "spans",
    "told",
]
