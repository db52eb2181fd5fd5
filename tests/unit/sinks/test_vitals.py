from pulsemon_schemas.catalogue import METRICS
from pulsemon_sinks.vitals import PREFIX, Vitals


def values(vitals: Vitals, lag_seconds: float = 0.0) -> dict[str, float]:
    return {one.name.removeprefix(f"{PREFIX}."): one.value for one in vitals.samples(lag_seconds, 7)}


def test_the_names_are_those_of_the_catalogue() -> None:
    listed = {one.name.removeprefix(f"{PREFIX}.") for one in METRICS if one.name.startswith(f"{PREFIX}.")}
    assert values(Vitals("t")).keys() | {"troubles"} == listed


def test_counts_grow_and_the_longest_time_is_told_once() -> None:
    vitals = Vitals("pulsemon.metrics")
    vitals.stored(rows=100, dead_letters=2, seconds=0.5)
    vitals.stored(rows=10, dead_letters=0, seconds=0.1)
    told = values(vitals, lag_seconds=1.5)
    assert told == {
        "lag": 1.5,
        "buffer.bytes": 7.0,
        "rows": 110.0,
        "dead_letters": 2.0,
        "flushes": 2.0,
        "flush.duration": 0.5,
    }
    assert (values(vitals)["flush.duration"], values(vitals)["rows"]) == (0.0, 110.0)
    assert {one.labels for one in vitals.samples(0.0, 0)} == {"topic=pulsemon.metrics"}
