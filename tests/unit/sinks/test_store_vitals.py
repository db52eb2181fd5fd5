"""What the engine tells of itself is asked once a minute, and is no reason to stop storing."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from pulsemon_sinks.clickhouse.connection import Columns, Row, Store
from pulsemon_sinks.clickhouse.errors import StoreRefusedError
from pulsemon_sinks.store_vitals import StoreVitals


class Engine(Store):
    """Answers as system.parts and system.events do."""

    def __init__(self, parts: int = 7, refuses: bool = False) -> None:
        self.parts = parts
        self.refuses = refuses
        self.asked = 0

    def rows(
        self, sql: str, parameters: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None
    ) -> list[Row]:
        self.asked += 1
        if self.refuses:
            raise StoreRefusedError(497, "not enough privileges")
        return [(self.parts,)] if "system.parts" in sql else [("RejectedInserts", 3), ("Query", 9)]

    def columns(
        self, sql: str, parameters: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None
    ) -> Columns:
        raise NotImplementedError

    def insert(self, sql: str, rows: Sequence[Row], settings: Mapping[str, Any] | None = None) -> None:
        raise NotImplementedError

    def insert_columns(
        self, sql: str, columns: Sequence[Sequence[Any]], settings: Mapping[str, Any] | None = None
    ) -> None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


def told(vitals: StoreVitals) -> dict[str, float]:
    return {one.name: one.value for one in vitals.samples()}


def test_parts_and_what_is_not_taken_are_told_once_there_is_an_answer() -> None:
    vitals = StoreVitals(Engine(), "pulsemon")
    assert told(vitals) == {}
    vitals.ask(100.0)
    assert told(vitals) == {
        "pulsemon.store.parts": 7.0,
        "pulsemon.store.inserts.delayed": 0.0,
        "pulsemon.store.inserts.rejected": 3.0,
    }


def test_it_asks_once_a_minute() -> None:
    engine = Engine()
    vitals = StoreVitals(engine, "pulsemon")
    for now_seconds in range(100, 160):
        vitals.ask(float(now_seconds))
    assert engine.asked == 2
    engine.parts = 8
    vitals.ask(160.0)
    assert told(vitals)["pulsemon.store.parts"] == 8.0


def test_a_login_that_may_not_ask_is_told_once_and_no_trouble(caplog: pytest.LogCaptureFixture) -> None:
    vitals = StoreVitals(Engine(refuses=True), "pulsemon")
    for now_seconds in (0.0, 60.0, 120.0):
        vitals.ask(now_seconds)
    assert told(vitals) == {}
    (record,) = caplog.records
    assert "storing goes on" in record.message
