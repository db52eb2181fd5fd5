"""How far a worker is in each of its partitions, for the watchdog and the worker's own metrics."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class PartitionProgress:
    """Written by the worker, read by other threads, which need no more than one number at a time.

    ``next_offset`` is the next record to apply, -1 while that is not known. ``failing_rules`` are those that the log
    has told of, by id and version. Counts are since the worker got the
    partition; the longest times since somebody asked with ``take_longest``.
    """

    next_offset: int = -1
    applied: int = 0
    dead_letters: int = 0
    failures: int = 0
    rule_errors: int = 0
    transactions: int = 0
    restores: int = 0
    outputs: int = 0
    snapshots: int = 0
    rounds: int = 0
    append_time_ms: int = -1
    lag_seconds: float = 0.0
    restore_seconds: float = 0.0
    longest_transaction_seconds: float = 0.0
    longest_slice_seconds: float = 0.0
    round_seconds: float = 0.0
    failing_rules: set[tuple[str, int]] = field(default_factory=set)

    def take_longest(self) -> tuple[float, float]:
        """The longest transaction and the longest slice of a round since the last call."""
        longest = self.longest_transaction_seconds, self.longest_slice_seconds
        self.longest_transaction_seconds = self.longest_slice_seconds = 0.0
        return longest


@dataclass(slots=True)
class Progress:
    """The partitions of one worker."""

    partitions: dict[int, PartitionProgress] = field(default_factory=dict)

    def of(self, partition: int) -> PartitionProgress:
        """The progress of a partition, made at the first call."""
        return self.partitions.setdefault(partition, PartitionProgress())

    def keep_only(self, partitions: set[int]) -> None:
        """Forgets partitions that are another worker's now."""
        for gone in set(self.partitions) - partitions:
            self.partitions.pop(gone, None)
