"""The reader's questions about alerts to the real engine, asked with the login that may only read."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pulsemon_schemas.records import AlertEvent
from pulsemon_schemas.rules import default_rules, rule_body
from pulsemon_sinks.clickhouse.connection import NativeStore
from pulsemon_sinks.reader import alerts
from pulsemon_sinks.reader.alerts import Ask, asker
from pulsemon_sinks.reader.choice import Window
from pulsemon_sinks.reader.reader import Reader
from support.alerts import state, transition
from support.clickhouse import Engine
from support.sinks import AT_MS
from support.stored_alerts import StoredAlerts

pytestmark = pytest.mark.clickhouse

STATES = ("pending", "firing", "acknowledged", "resolved")


@pytest.fixture(name="stored")
def stored_alerts(clickhouse: Engine) -> Iterator[StoredAlerts]:
    made = StoredAlerts(clickhouse.fresh_database())
    yield made
    made.close()
    clickhouse.drop(made.settings)


@pytest.fixture(name="ask")
def ask_as_reader(clickhouse: Engine, stored: StoredAlerts) -> Iterator[Ask]:
    store = NativeStore(clickhouse.reader_of(stored.settings))
    yield asker(store, stored.settings.database)
    store.close()


def life(alert: str, last: str, server: str = "web-1", **changes: Any) -> list[AlertEvent]:
    """The transitions of an alert up to the state ``last``."""
    states = STATES[: STATES.index(last) + 1]
    return [
        transition(server, alert, number, state=one, previous_state=states[number - 1] if number else "", **changes)
        for number, one in enumerate(states)
    ]


def test_open_alerts_are_the_newest_transition_of_each_worst_first(stored: StoredAlerts, ask: Ask) -> None:
    stored.put(*life("ended", "resolved"), *life("held", "acknowledged"), *life("young", "pending"))
    stored.put(*life("mild", "firing", "db-1", level="warning", started_at_ms=AT_MS - 5000))
    stored.put(*life("older", "firing", "db-1", started_at_ms=AT_MS - 1000))
    found = alerts.open_alerts(ask)
    assert [(one.alert_id, one.transition, one.state) for one in found] == [
        ("older", 1, "firing"),
        ("held", 2, "acknowledged"),
        ("mild", 1, "firing"),
    ]
    assert [one.alert_id for one in alerts.open_alerts(ask, with_pending=True)] == ["older", "held", "young", "mild"]
    assert [one.alert_id for one in alerts.open_alerts(ask, ["db-1"])] == ["older", "mild"]
    assert [one.alert_id for one in alerts.open_alerts(ask, level="warning")] == ["mild"]
    assert alerts.open_alerts(ask, []) == ()


def test_an_alert_tells_all_that_led_to_it(stored: StoredAlerts, ask: Ask) -> None:
    stored.put(transition(number=0), transition(number=1, state="unknown", value=None, calm_value=None, late=True))
    (found,) = alerts.open_alerts(ask)
    assert (found.server_id, found.rule_id, found.rule_version, found.rule_author) == ("web-1", "fs_space", 7, "ann")
    assert (found.metric, found.labels) == ("system.filesystem.utilization", "device=a,mountpoint=/")
    assert (found.value, found.limit, found.late, found.suppressed_by) == (None, 0.95, True, ("silence/night",))
    assert (found.started_at_ms, found.occurred_at_ms, found.ended_at_ms) == (AT_MS, AT_MS + 10_000, None)
    assert (found.first_offset, found.last_offset, found.control_offset) == (3, 5, 12)


def test_a_transition_that_was_delivered_late_takes_nothing_back(stored: StoredAlerts, ask: Ask) -> None:
    events = life("a1", "resolved")
    stored.put(events[3], events[1], events[0], events[2], events[1])
    assert alerts.open_alerts(ask) == ()
    assert [one.transition for one in alerts.transitions(ask, "a1")] == [0, 1, 2, 3]


def test_the_alerts_of_a_server_that_were_open_in_a_time(stored: StoredAlerts, ask: Ask) -> None:
    stored.put(*life("before", "resolved", started_at_ms=AT_MS - 60_000))  # ends at AT_MS + 30 s
    stored.put(*life("open", "firing", started_at_ms=AT_MS + 100_000), *life("young", "pending"))
    stored.put(*life("other", "firing", "db-1"))
    stored.put(transition(alert="never", number=0, state="pending"))
    stored.put(transition(alert="never", number=1, state="expired", previous_state="pending"))

    def ids(start_ms: int, end_ms: int) -> list[str]:
        return [one.alert_id for one in alerts.alerts_of(ask, "web-1", AT_MS + start_ms, AT_MS + end_ms)]

    assert ids(0, 200_000) == ["open", "before"]
    assert ids(30_001, 100_000) == []
    assert ids(30_000, 100_001) == ["open", "before"]
    assert ids(500_000, 600_000) == ["open"]
    (before,) = alerts.alerts_of(ask, "web-1", AT_MS, AT_MS + 1)
    assert before.ended_at_ms == AT_MS + 30_000


def test_the_history_of_a_server_is_its_transitions_newest_first(stored: StoredAlerts, ask: Ask) -> None:
    stored.put(*life("a1", "resolved"), *life("other", "firing", "db-1"))
    found = alerts.history(ask, "web-1", AT_MS, AT_MS + 30_000)
    assert [(one.alert_id, one.state) for one in found] == [
        ("a1", one) for one in ("acknowledged", "firing", "pending")
    ]
    assert len(alerts.history(ask, "web-1", AT_MS, AT_MS + 60_000, limit=2)) == 2


def test_states_are_the_newest_of_each_server_over_all_lives_of_the_topic(stored: StoredAlerts, ask: Ask) -> None:
    stored.put(state("web-1", "critical"), state("web-1", "ok", firing={}), state("gone"), state("db-1", "new"))
    stored.put(state("gone", "purged"), state("db-1", "down", last_seen_at_ms=0), log_id="another")
    found = alerts.server_states(ask)
    assert {server_id: one.status for server_id, one in found.items()} == {"web-1": "ok", "db-1": "down"}
    assert found["db-1"].last_seen_ms is None
    assert (found["db-1"].firing, found["web-1"].firing) == ({"critical": 1}, {})
    assert found["web-1"].last_seen_ms == found["web-1"].changed_at_ms == AT_MS
    assert set(alerts.server_states(ask, ["web-1", "nobody"])) == {"web-1"}


def test_pages_ask_the_same_through_the_reader(clickhouse: Engine, stored: StoredAlerts) -> None:
    stored.put(*life("a1", "firing"), state())
    reader = Reader(clickhouse.reader_of(stored.settings))
    assert [one.alert_id for one in reader.open_alerts()] == ["a1"]
    assert [one.alert_id for one in reader.alerts_of("web-1", AT_MS, AT_MS + 1)] == ["a1"]
    assert len(reader.alert_history("web-1", AT_MS, AT_MS + 60_000)) == 2
    assert reader.server_states()["web-1"].status == "critical"
    reader.close()


def test_alerts_are_counted_by_when_they_began_and_by_their_worst_level(
    clickhouse: Engine, stored: StoredAlerts
) -> None:
    hour_ms = 3_600_000
    first = AT_MS // hour_ms * hour_ms
    stored.put(*life("a1", "resolved", started_at_ms=first), *life("young", "pending", started_at_ms=first))
    stored.put(*life("a2", "firing", "db-1", started_at_ms=first + 2 * hour_ms, level="warning"))
    stored.put(transition("db-1", "a2", 2, started_at_ms=first + 2 * hour_ms))
    stored.put(*life("mild", "firing", started_at_ms=first + 2 * hour_ms, level="warning"))
    stored.put(*life("note", "firing", started_at_ms=first, level="info"))
    reader = Reader(clickhouse.reader_of(stored.settings))
    window = Window(first, first + 3 * hour_ms, 3600)

    assert reader.alerts_opened(window).to_pydict() == {
        "x": [float(first + hour * hour_ms) for hour in range(3)],
        "critical": [1.0, 0.0, 1.0],
        "warning": [0.0, 0.0, 1.0],
    }
    assert reader.alerts_opened(window, ["db-1"]).to_pydict()["critical"] == [0.0, 0.0, 1.0]
    assert reader.alerts_opened(window, []).to_pydict()["critical"] == [0.0] * 3
    assert reader.first_alert_ms() == first
    reader.close()


def test_the_rules_in_force_are_the_newest_that_can_be_read(clickhouse: Engine, stored: StoredAlerts) -> None:
    body = rule_body(next(rule for rule in default_rules() if rule.id == "fs_space"))
    for offset, (rule_id, operation, text, void) in enumerate(
        [
            ("disk", "put", json.dumps(body), 0),
            ("disk", "put", json.dumps({**body, "summary": "newer"}), 0),
            ("disk", "put", "{}", 1),
            ("gone", "put", json.dumps(body), 0),
            ("gone", "delete", "", 0),
            ("odd", "put", "[]", 0),
        ]
    ):
        row = ("log", offset, datetime.now(UTC), "rule", rule_id, operation, -1, str(offset), "ann", text, offset, void)
        columns = "topic_id, offset, append_time, entity_type, entity_id, operation, expected_version, change_id"
        stored.store.insert(
            f"INSERT INTO {stored.settings.database}.control ({columns}, author, body, version, void) VALUES", [row]
        )
    reader = Reader(clickhouse.reader_of(stored.settings))

    (rule,) = reader.rules()

    assert (rule.id, rule.version, rule.author, rule.summary) == ("disk", 1, "ann", "newer")
    reader.close()


def test_the_newest_tick_tells_until_when_rules_were_judged(clickhouse: Engine, stored: StoredAlerts) -> None:
    reader = Reader(clickhouse.reader_of(stored.settings))
    assert reader.judged_ms(0) is None
    assert reader.first_alert_ms() is None
    rows = [("log", 0, place, datetime.fromtimestamp(1_800_000_000 + place, UTC), [0.0]) for place in range(3)]
    columns = "topic_id, partition, offset, append_time, values"
    stored.store.insert(f"INSERT INTO {stored.settings.database}.ticks ({columns}) VALUES", rows)

    assert reader.judged_ms(0) == 1_800_000_002_000
    assert reader.judged_ms(1_800_000_003_000) is None
    reader.close()
