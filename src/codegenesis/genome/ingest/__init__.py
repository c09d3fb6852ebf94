"""Telemetry that the user already has, as events: OTLP in, traits out."""

from codegenesis.genome.ingest import logs, metrics, spans
from codegenesis.genome.ingest.desk import Desk, Taken
from codegenesis.genome.ingest.histogram import Histogram
from codegenesis.genome.ingest.places import Places, Spot

__all__ = ["Desk", "Histogram", "Places", "Spot", "Taken", "logs", "metrics", "spans"]
