from pulsemon_schemas.catalogue import METRICS
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.records import LogRecord
from pulsemon_schemas.topics import METRICS as TOPIC
from pulsemon_schemas.validity import check
from pulsemon_stream_processors.own_metrics import PREFIX, OwnMetrics, samples
from pulsemon_stream_processors.progress import PartitionProgress, Progress
from pulsemon_stream_processors.publisher import Addressed

NOW_MS = 1_780_000_003_210
ALIGNED_MS = 1_780_000_000_000


def progress() -> Progress:
    return Progress(
        {1: PartitionProgress(applied=5, append_time_ms=NOW_MS - 40), 0: PartitionProgress(lag_seconds=0.25)}
    )


def values(found: Progress, name: str, wall_ms: int = NOW_MS) -> dict[str, float]:
    return {one.labels: one.value for one in samples(found, 15.0, wall_ms) if one.name == f"{PREFIX}.{name}"}


def test_the_names_are_those_of_the_catalogue() -> None:
    listed = {metric.name for metric in METRICS if metric.name.startswith(f"{PREFIX}.")}
    assert {one.name for one in samples(progress(), 15.0, NOW_MS)} == listed
    assert all(set(metric.attributes) == {"partition"} for metric in METRICS if metric.name in listed)


def test_a_batch_is_valid_and_of_a_service() -> None:
    sent: list[Addressed] = []

    def send(one: Addressed) -> bool:
        sent.append(one)
        return True

    OwnMetrics("web-1", "producer", 10.0, send).step(progress(), 15.0, NOW_MS)
    (one,) = sent
    record = LogRecord(TOPIC.name, partition_for(one.key, 4), 0, NOW_MS, one.key, one.value)
    head = check(record, 4)
    assert (head.server_id, head.source, head.recorded_at_ms, head.sent_at_ms) == (
        "web-1",
        "service",
        ALIGNED_MS,
        NOW_MS,
    )


def test_one_batch_an_interval_and_a_number_only_for_what_was_taken() -> None:
    sent: list[Addressed] = []
    is_full = True

    def send(one: Addressed) -> bool:
        if not is_full:
            sent.append(one)
        return not is_full

    own = OwnMetrics("web-1", "producer", 10.0, send)
    own.step(progress(), 15.0, NOW_MS)
    is_full = False
    for step in range(30):
        own.step(progress(), 15.0, NOW_MS + step * 1000)
    heads = [
        check(LogRecord(TOPIC.name, partition_for(one.key, 4), 0, NOW_MS + 60_000, one.key, one.value), 4)
        for one in sent
    ]
    assert [(head.sequence, head.recorded_at_ms - ALIGNED_MS) for head in heads] == [
        (0, 10_000),
        (1, 20_000),
        (2, 30_000),
    ]


def test_nothing_is_told_without_a_partition() -> None:
    OwnMetrics("web-1", "producer", 10.0, lambda _: (_ for _ in ()).throw(AssertionError)).step(
        Progress(), 15.0, NOW_MS
    )


def test_the_lag_grows_with_the_clock_where_nothing_comes() -> None:
    assert values(progress(), "lag") == {"partition=0": 0.25, "partition=1": 0.0}
    assert values(progress(), "lag", NOW_MS + 20_000)["partition=1"] == 20.04


def test_the_longest_times_are_told_once() -> None:
    found = Progress({0: PartitionProgress(longest_transaction_seconds=0.5, longest_slice_seconds=0.1)})
    assert values(found, "transaction.duration") == {"partition=0": 0.5}
    assert values(found, "transaction.duration") == {"partition=0": 0.0}


def test_partitions_that_went_away_are_forgotten() -> None:
    found = progress()
    found.keep_only({1})
    assert list(found.partitions) == [1]
    assert found.of(0).applied == 0
