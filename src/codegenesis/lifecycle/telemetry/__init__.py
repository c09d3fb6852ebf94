"""Telemetry in and out: a receiver for OTLP/HTTP, and figures for Prometheus and OpenTelemetry.

It runs in a process of its own (`codegenesis telemetry serve`), so that applications pay nothing
for it. Its libraries are the extra `telemetry`; modules here import them at their top and are
themselves imported where they are used.
"""
