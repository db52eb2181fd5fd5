"""Prometheus' text format 0.0.4 and the basics of OpenMetrics: what other programs say, as points."""
