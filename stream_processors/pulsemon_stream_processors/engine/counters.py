"""What went through an engine."""

from dataclasses import dataclass


@dataclass(slots=True)
class Counters:
    """Since the engine was made; no part of its state. ``failures`` are records that could not be applied."""

    batches: int = 0
    samples: int = 0
    duplicates: int = 0
    late_batches: int = 0
    dead_letters: int = 0
    ticks: int = 0
    failures: int = 0
