"""A silent server says which alert about its environment speaks for it, while that one is open."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pulsemon_schemas.records import AlertEvent
from pulsemon_sinks.clickhouse.connection import NativeStore
from pulsemon_sinks.reader import alerts
from pulsemon_sinks.reader.alerts import Ask, asker
from support.alerts import transition
from support.clickhouse import Engine
from support.sinks import AT_MS
from support.stored_alerts import StoredAlerts

pytestmark = pytest.mark.clickhouse

PRODUCTION = "_env:production"


@pytest.fixture(name="stored")
def stored_alerts(clickhouse: Engine) -> Iterator[StoredAlerts]:
    made = StoredAlerts(clickhouse.fresh_database())
    for offset, (server_id, environment) in enumerate([("web-1", "production"), ("t-1", "test")]):
        row = ("log", offset, datetime.now(UTC), "server", server_id, "put", -1, str(offset))
        columns = "topic_id, offset, append_time, entity_type, entity_id, operation, expected_version, change_id, body"
        made.store.insert(
            f"INSERT INTO {made.settings.database}.control ({columns}) VALUES",
            [(*row, json.dumps({"environment": environment}))],
        )
    yield made
    made.close()
    clickhouse.drop(made.settings)


@pytest.fixture(name="ask")
def ask_as_reader(clickhouse: Engine, stored: StoredAlerts) -> Iterator[Ask]:
    store = NativeStore(clickhouse.reader_of(stored.settings))
    yield asker(store, stored.settings.database)
    store.close()


def silence(server: str, alert: str, number: int = 0, **changes: Any) -> AlertEvent:
    return transition(server, alert, number, **{"metric": "", "labels": "", "suppressed_by": (), **changes})


def suppressors(ask: Ask, **options: Any) -> dict[str, tuple[str, ...]]:
    return {one.alert_id: one.suppressed_by for one in alerts.open_alerts(ask, **options)}


def test_silent_servers_of_the_environment_name_its_alert(stored: StoredAlerts, ask: Ask) -> None:
    stored.put(silence("web-1", "down-1"), silence("t-1", "down-2"), transition("web-1", "disk"))
    nothing: dict[str, tuple[str, ...]] = {"down-1": (), "down-2": (), "disk": ("silence/night",)}
    assert suppressors(ask) == nothing
    stored.put(silence(PRODUCTION, "most", state="pending"))
    assert suppressors(ask) == {**nothing, "down-1": ("alert/most",)}
    stored.put(silence(PRODUCTION, "most", 1))
    assert suppressors(ask) == {**nothing, "down-1": ("alert/most",), "most": ()}
    assert suppressors(ask, server_ids=["web-1"])["down-1"] == ("alert/most",)
    stored.put(silence(PRODUCTION, "most", 2, state="resolved"))
    assert suppressors(ask) == nothing


def test_silences_are_named_beside_it(stored: StoredAlerts, ask: Ask) -> None:
    stored.put(silence("web-1", "down-1", suppressed_by=("silence/night",)), silence(PRODUCTION, "most"))
    assert suppressors(ask)["down-1"] == ("alert/most", "silence/night")


def test_servers_that_nobody_registered_are_the_environment_without_a_name(stored: StoredAlerts, ask: Ask) -> None:
    stored.put(silence("stranger", "down-1"), silence("web-1", "down-2"), silence("_env:", "most"))
    assert suppressors(ask) == {"down-1": ("alert/most",), "down-2": (), "most": ()}


def test_history_and_shown_steps_name_the_alert_that_was_there_then(stored: StoredAlerts, ask: Ask) -> None:
    stored.put(silence(PRODUCTION, "most", 0, started_at_ms=AT_MS), silence("web-1", "down", 1, state="pending"))
    stored.put(silence("web-1", "down", 3), transition("web-1", "disk", 3))
    stored.put(silence(PRODUCTION, "most", 5, state="resolved", started_at_ms=AT_MS))
    stored.put(silence("web-1", "down", 7, state="resolved"))

    def steps() -> dict[int, tuple[str, ...]]:
        return {one.transition: one.suppressed_by for one in alerts.transitions(ask, "down")}

    assert steps() == {1: ("alert/most",), 3: ("alert/most",), 7: ()}
    told = alerts.history(ask, "web-1", AT_MS, AT_MS + 100_000)
    assert {(one.alert_id, one.transition): one.suppressed_by for one in told} == {
        ("down", 1): ("alert/most",),
        ("down", 3): ("alert/most",),
        ("down", 7): (),
        ("disk", 3): ("silence/night",),
    }


def test_an_alert_that_is_open_says_what_inhibits_it_now(stored: StoredAlerts, ask: Ask) -> None:
    stored.put(silence("web-1", "down", 3), silence(PRODUCTION, "most", 5, started_at_ms=AT_MS + 40_000))

    def of_server() -> tuple[str, ...]:
        (one,) = alerts.alerts_of(ask, "web-1", AT_MS, AT_MS + 100_000)
        (step,) = alerts.transitions(ask, "down")
        assert step.suppressed_by == one.suppressed_by
        return one.suppressed_by

    assert of_server() == ("alert/most",)
    stored.put(silence(PRODUCTION, "most", 6, state="resolved", started_at_ms=AT_MS + 40_000))
    assert of_server() == ()


def test_an_alert_that_never_fired_has_inhibited_nobody(stored: StoredAlerts, ask: Ask) -> None:
    stored.put(silence(PRODUCTION, "most", 4, state="expired", previous_state="pending"))
    stored.put(silence("web-1", "down", 3), silence("web-1", "down", 6, state="resolved"))
    assert [one.suppressed_by for one in alerts.transitions(ask, "down")] == [(), ()]
