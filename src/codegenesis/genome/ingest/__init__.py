"""Telemetry that the user already has, as events: OTLP in, traits out."""

from codegenesis.genome.ingest import logs, metrics, spans
from codegenesis.genome.ingest.desk import Desk, Taken
from codegenesis.genome.ingest.places import Places, Spot
from codegenesis.genome.ingest.rollup import distribution
from codegenesis.genome.ingest.told import told

__all__ = ["Desk", "Places", "Spot", "Taken", "distribution", "logs", "metrics", "spans", "told"]
