"""What a worker tells about itself, in the metrics topic as everything else: by partition, which has one owner."""

from collections.abc import Iterator

from pulsemon_schemas.runtime.own_metrics import Sample, sample

from pulsemon_stream_processors.progress import PartitionProgress, Progress

PREFIX = "pulsemon.processor"


def samples(progress: Progress, idle_seconds: float, wall_ms: int) -> list[Sample]:
    """All series. The longest times are since the last call.

    Where nothing came for ``idle_seconds``, which Ticks should have prevented, the lag grows with the clock.
    """
    return [
        sample(f"{PREFIX}.{name}", value, partition=str(partition))
        for partition, one in list(progress.partitions.items())
        for name, value in _values(one, idle_seconds, wall_ms)
    ]


def _values(one: PartitionProgress, idle_seconds: float, wall_ms: int) -> Iterator[tuple[str, float]]:
    transaction_seconds, slice_seconds = one.take_longest()
    since_append_seconds = (wall_ms - one.append_time_ms) / 1000
    is_idle = one.append_time_ms >= 0 and since_append_seconds > idle_seconds
    yield "lag", since_append_seconds if is_idle else one.lag_seconds
    yield "records", float(one.applied)
    yield "outputs", float(one.outputs)
    yield "dead_letters", float(one.dead_letters)
    yield "rule_errors", float(one.rule_errors)
    yield "transactions", float(one.transactions)
    yield "transaction.duration", transaction_seconds
    yield "restores", float(one.restores)
    yield "restore.duration", one.restore_seconds
    yield "snapshots", float(one.snapshots)
    yield "rounds", float(one.rounds)
    yield "round.duration", one.round_seconds
    yield "round.slice.duration", slice_seconds
