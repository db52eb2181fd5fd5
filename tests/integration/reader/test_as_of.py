"""What was configured when, and what is found by a part of its name, by the login that may only read."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from pulsemon_sinks.reader.reader import Reader
from pulsemon_sinks.reader.search import Found
from support.alerts import transition
from support.clickhouse import Engine
from support.stored_alerts import StoredAlerts

pytestmark = pytest.mark.clickhouse

AT = int(time.time()) // 3600 * 3600 - 3600
RULE = '{"metric": "system.cpu.busy", "window": {"function": "avg", "seconds": 60}, "operator": ">=", "levels": %s}'
SILENCE = '{"scope": {"kind": "server", "value": "web-1"}, "intervals": [[%d, %d]]}'
# offset: type, id, body ("" ends it), void
LOG = [
    ("server", "web-1", '{"name": "Web 1", "environment": "staging"}', 0),
    ("rule", "cpu", 'RULE {"info": {"limit": 0.7}}', 0),
    ("silence", "s1", SILENCE % ((AT + 30) * 1000, (AT + 50) * 1000), 0),
    ("server", "web-1", '{"name": "Web 1", "environment": "production"}', 0),
    ("server", "web-1", '{"name": "wrong", "environment": "production"}', 1),
    ("rule", "cpu", 'RULE {"info": {"limit": 0.9}}', 0),
    ("server", "web-1", "", 0),
    ("rule", "broken", "{}", 0),
]
STEP = 10


@pytest.fixture(scope="module")
def reader(clickhouse: Engine) -> Iterator[Reader]:
    stored = StoredAlerts(clickhouse.fresh_database())
    database = stored.settings.database
    columns = "topic_id, offset, append_time, entity_type, entity_id, operation, change_id, author, body, version, void"
    for offset, (kind, name, body, void) in enumerate(LOG):
        written = RULE % body.removeprefix("RULE ") if body.startswith("RULE") else body
        at = datetime.fromtimestamp(AT + offset * STEP, UTC)
        row = ("log", offset, at, kind, name, "put" if body else "delete", f"c{offset}", "ann", written, offset, void)
        stored.store.insert(f"INSERT INTO {database}.control ({columns}) VALUES", [row])
    now = datetime.fromtimestamp(AT, UTC)
    rows = [
        ("Web-2", "system.cpu.busy", "", now, 0.5),
        ("Web-2", "app.100%_done", "path=/a\\,b,zone=Web", now, 1.0),
        ("db-1", "app.100%_done", "zone=Web", now, 1.0),
    ]
    names = "server_id, name, labels, recorded_at, value"
    stored.store.insert(f"INSERT INTO {database}.latest ({names}) VALUES", rows)
    stored.store.insert(
        f"INSERT INTO {database}.sightings (server_id, source, last_seen_at) VALUES", [("Web-2", "agent", now)]
    )
    stored.put(transition(server_id="Web-2", alert_id="abc123"), transition(server_id="db-1", alert_id="def456"))
    made = Reader(clickhouse.reader_of(stored.settings))
    yield made
    made.close()
    stored.close()
    clickhouse.drop(stored.settings)


def at_ms(offset: int) -> int:
    return (AT + offset * STEP) * 1000


@pytest.mark.parametrize(
    ("offset", "environment"),
    [(-1, None), (0, "staging"), (2, "staging"), (3, "production"), (4, "production"), (6, None)],
)
def test_a_server_is_what_was_said_of_it_then(reader: Reader, offset: int, environment: str | None) -> None:
    found = reader.servers_as_of(at_ms(offset))
    assert [(one.entity_id, one.body["name"], one.body["environment"]) for one in found] == (
        [("web-1", "Web 1", environment)] if environment else []
    )


def test_rules_are_those_in_force_then(reader: Reader) -> None:
    assert [(one.id, one.version) for one in reader.rules_as_of(at_ms(1))] == [("cpu", 1)]
    assert [(one.id, one.version) for one in reader.rules_as_of(at_ms(7))] == [("cpu", 5)]
    assert reader.rules_as_of(at_ms(1) - 1) == ()


def test_silences_are_those_that_held_then(reader: Reader) -> None:
    held = [[one.name for one in reader.silences_as_of(at_ms(offset))] for offset in range(7)]
    assert held == [[], [], [], ["silence/s1"], ["silence/s1"], [], []]


def test_search_finds_each_kind_by_a_part_of_its_name(reader: Reader) -> None:
    found = reader.search("WEB")
    assert [(one.kind, one.id) for one in found] == [("server", "Web-2"), ("label", "zone=Web"), ("alert", "abc123")]
    assert found[1] == Found("label", "zone=Web", "on 1 metrics of 2 servers")
    assert [(one.kind, one.id) for one in reader.search("cpu.b")][:1] == [("metric", "system.cpu.busy")]
    assert [one.id for one in reader.search("a\\,b")] == ["path=/a\\,b"]
    assert [one.id for one in reader.search("abc1") if one.kind == "alert"] == ["abc123"]


@pytest.mark.parametrize("text", ["%", "100%_", "'; DROP TABLE samples", "\\", "", "  "])
def test_signs_of_sql_mean_themselves(reader: Reader, text: str) -> None:
    assert all(text.strip() in one.id + one.about for one in reader.search(text))
    assert bool(reader.search(text)) == (text in ("%", "100%_", "\\"))


def test_search_gives_at_most_so_many_of_a_kind(reader: Reader) -> None:
    assert len([one for one in reader.search("e", most=1) if one.kind == "metric"]) == 1
