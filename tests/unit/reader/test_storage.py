"""When the disk is full, from what is stored."""

from datetime import UTC, datetime, timedelta

from pulsemon_sinks.reader.storage import Disk, Storage, StoredTable

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def table(days: float, kept: float | None, bytes_a_day: float = 100.0) -> StoredTable:
    return StoredTable("t", 10, int(days * bytes_a_day), NOW - timedelta(days=days), NOW, "", kept)


def test_a_table_without_an_end_fills_the_disk() -> None:
    assert Storage((table(5, None),), Disk(1000, 5000)).days_until_full() == 10


def test_a_table_grows_until_it_holds_what_it_may_keep() -> None:
    assert Storage((table(5, 14),), Disk(1000, 5000)).days_until_full() is None
    assert Storage((table(5, 14),), Disk(500, 5000)).days_until_full() == 5
    assert Storage((table(5, 14), table(5, None)), Disk(1000, 5000)).days_until_full() == 5
    assert Storage((table(14, 14),), Disk(1, 5000)).days_until_full() is None


def test_too_little_history_says_nothing() -> None:
    young = table(0.1, None)
    assert young.bytes_a_day is None
    assert Storage((young,), Disk(1, 5000)).days_until_full() is None
    assert StoredTable("t", 0, 0, None, None, "", None).bytes_a_row is None
