"""What an engine's own definition of a table says about how long rows stay."""

import pytest
from pulsemon_sinks.clickhouse.ttl import DAY_SECONDS, parse

ENGINE = "ReplacingMergeTree PARTITION BY toDate(recorded_at) ORDER BY (name, recorded_at)"
SETTINGS = " SETTINGS ttl_only_drop_parts = 1, index_granularity = 8192"


@pytest.mark.parametrize(
    ("ttl", "seconds"),
    [
        ("", None),
        (" TTL toDateTime(recorded_at) + toIntervalDay(14)", 14 * DAY_SECONDS),
        (" TTL starts_at + toIntervalYear(2)", 730 * DAY_SECONDS),
        (" TTL a + toIntervalDay(7) TO DISK 'cold', a + toIntervalDay(30)", 30 * DAY_SECONDS),
        (" TTL a + toIntervalDay(7) TO VOLUME 'cold' ", None),
        (" TTL toStartOfDay(a) + something(3)", 0),  # nothing is certain
    ],
)
def test_a_definition_is_read(ttl: str, seconds: int | None) -> None:
    assert parse(ENGINE + ttl + SETTINGS).seconds == seconds
