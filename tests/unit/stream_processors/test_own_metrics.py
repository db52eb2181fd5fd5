from pulsemon_schemas.catalogue import METRICS
from pulsemon_stream_processors.own_metrics import PREFIX, samples
from pulsemon_stream_processors.progress import PartitionProgress, Progress

NOW_MS = 1_780_000_003_210


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


def test_nothing_is_told_without_a_partition() -> None:
    assert samples(Progress(), 15.0, NOW_MS) == []


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
