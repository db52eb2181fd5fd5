"""What is missing is proven by sequences, and what was dropped is told; neither is invented."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from pulsemon_sinks.clickhouse.connection import NativeStore
from pulsemon_sinks.clickhouse.migrate import migrate
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from pulsemon_sinks.reader.alerts import asker
from pulsemon_sinks.reader.completeness import Completeness, completeness
from support.clickhouse import Engine

pytestmark = pytest.mark.clickhouse

START_MS = (int(time.time()) // 3600 - 3) * 3_600_000
END_MS = START_MS + 3_600_000
DAY_MS = 86_400_000


@dataclass
class Batches:
    settings: ClickHouseSettings
    store: NativeStore = field(init=False)

    def __post_init__(self) -> None:
        self.store = NativeStore(self.settings)
        migrate(self.settings, self.store)

    def put(
        self,
        producer: str,
        sequences: range | list[int],
        *,
        server: str = "web-1",
        start_ms: int = START_MS,
        previous: tuple[str, int] = ("", -1),
        dropped: Mapping[int, Mapping[str, int]] | None = None,
    ) -> None:
        """Ten samples a batch, ten seconds apart by their number."""
        columns = "server_id, producer_id, sequence, source, previous_producer_id, previous_sequence, precedence, "
        rows = [
            (
                server, producer, one, "agent", *previous, -one,
                datetime.fromtimestamp(start_ms / 1000 + 10 * one, UTC), 10, dict((dropped or {}).get(one, {})),
            )
            for one in sequences
        ]  # fmt: skip
        self.store.insert(
            f"INSERT INTO {self.settings.database}.batches ({columns} recorded_at, samples, dropped) VALUES", rows
        )

    def ask(self, server: str | None = "web-1", kept_from_ms: int = START_MS - 10 * DAY_MS) -> Completeness:
        (found,) = completeness(
            asker(self.store, self.settings.database),
            START_MS,
            END_MS,
            None if server is None else [server],
            kept_from_ms,
        )
        return found


@pytest.fixture(scope="module")
def migrated(clickhouse: Engine) -> Iterator[Batches]:
    made = Batches(clickhouse.fresh_database())
    yield made
    made.store.close()
    clickhouse.drop(made.settings)


@pytest.fixture
def batches(migrated: Batches) -> Batches:
    migrated.store.rows(f"TRUNCATE TABLE {migrated.settings.database}.batches")
    return migrated


def test_a_whole_history_is_complete_and_copies_are_not_counted(batches: Batches) -> None:
    batches.put("p1", range(100))
    batches.put("p1", range(50, 60))
    found = batches.ask()
    assert (found.is_complete, found.share, found.batches, found.samples) == (True, 1.0, 100, 1000)


def test_a_hole_says_how_many_are_missing_and_when(batches: Batches) -> None:
    batches.put("p1", [*range(20), *range(23, 300)])
    found = batches.ask()
    (hole,) = found.missing
    assert (hole.kind, hole.batches, hole.producer_id) == ("hole", 3, "p1")
    assert (hole.after_ms, hole.before_ms) == (START_MS + 190_000, START_MS + 230_000)
    assert found.share == pytest.approx(297 / 300)


def test_a_lost_end_is_proven_by_the_next_producer(batches: Batches) -> None:
    batches.put("p1", range(50))
    batches.put("p2", range(10), start_ms=START_MS + 600_000, previous=("p1", 54))
    (end,) = batches.ask().missing
    assert (end.kind, end.batches, end.producer_id) == ("end", 5, "p1")
    assert (end.after_ms, end.before_ms) == (START_MS + 490_000, START_MS + 600_000)


def test_a_lost_beginning_is_seen_unless_it_may_have_been_kept_no_longer(batches: Batches) -> None:
    batches.put("p1", range(4, 50))
    (beginning,) = batches.ask().missing
    assert (beginning.kind, beginning.batches, beginning.after_ms) == ("beginning", 4, None)
    assert batches.ask(kept_from_ms=START_MS - DAY_MS // 2).is_complete


def test_a_producer_that_began_before_the_window_is_whole(batches: Batches) -> None:
    batches.put("p1", range(200), start_ms=START_MS - 1_000_000)
    found = batches.ask()
    assert (found.is_complete, found.batches) == (True, 100)
    batches.put("p2", [*range(90), *range(105, 110)], server="web-2", start_ms=START_MS - 1_000_000)
    (hole,) = batches.ask("web-2").missing
    assert (hole.batches, hole.after_ms) == (15, START_MS - 110_000), "it reaches into the window"


def test_what_an_agent_dropped_is_told_with_its_reason_and_time(batches: Batches) -> None:
    batches.put("p1", range(100), dropped={40: {"spool_full": 30, "queue_full": 0}})
    found = batches.ask()
    (drop,) = found.dropped
    assert (drop.reason, drop.samples, drop.after_ms, drop.told_ms) == (
        "spool_full", 30, START_MS + 390_000, START_MS + 400_000,
    )  # fmt: skip
    assert found.dropped_by_reason == {"spool_full": 30}
    assert found.share == pytest.approx(1000 / 1030)


def test_all_servers_at_once(batches: Batches) -> None:
    batches.put("p1", range(10))
    batches.put("p2", [0, 2], server="web-2")
    found = completeness(asker(batches.store, batches.settings.database), START_MS, END_MS, None, 0)
    assert [(one.server_id, one.missing_batches) for one in found] == [("web-1", 0), ("web-2", 1)]
