"""Benchmarks of the product on this machine: each prints one object that others can compare with."""

from pulsemon_deploy.bench.runner import BENCHES, run

__all__ = ["BENCHES", "run"]
