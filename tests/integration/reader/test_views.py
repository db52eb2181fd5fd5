"""The views for people with a SQL client, by the login that may only read, and the queries of docs/sql.md."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pulsemon_schemas.rules import default_records
from pulsemon_sinks.clickhouse.connection import NativeStore
from support.alerts import state, transition
from support.clickhouse import Engine
from support.stored_alerts import StoredAlerts

pytestmark = pytest.mark.clickhouse

DOCUMENT = Path(__file__).parents[3] / "docs" / "sql.md"
QUERIES = re.findall(r"```sql\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
START = int(time.time()) // 3600 * 3600 - 3600
ROOT = "device=a,mountpoint=/"
DISK = "system.filesystem.utilization"


class Views:
    def __init__(self, clickhouse: Engine) -> None:
        self.alerts = StoredAlerts(clickhouse.fresh_database())
        self.database = self.alerts.settings.database
        self._reader = NativeStore(clickhouse.reader_of(self.alerts.settings))

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        return self._reader.rows(sql.replace("{}", self.database))

    def samples(self, server: str, name: str, labels: str, values: dict[int, float]) -> None:
        rows = [(server, name, labels, datetime.fromtimestamp(START + at, UTC), value) for at, value in values.items()]
        self.alerts.store.insert(
            f"INSERT INTO {self.database}.samples (server_id, name, labels, recorded_at, value) VALUES", rows
        )

    def control(self, offset: int, kind: str, name: str, body: str, operation: str = "put") -> None:
        columns = "topic_id, offset, append_time, entity_type, entity_id, operation, change_id, author, body, version"
        row = ("log", offset, datetime.now(UTC), kind, name, operation, f"c{offset}", "ann", body, offset)
        self.alerts.store.insert(f"INSERT INTO {self.database}.control ({columns}) VALUES", [row])

    def close(self) -> None:
        self.alerts.close()
        self._reader.close()


@pytest.fixture(scope="module")
def views(clickhouse: Engine) -> Iterator[Views]:
    made = Views(clickhouse)
    for offset, one in enumerate(default_records()):
        made.control(offset, one.entity_type, one.entity_id, one.body)
    yield made
    made.close()
    clickhouse.drop(made.alerts.settings)


def alert(number: int, at: int, status: str, level: str, **changes: Any) -> Any:
    at_ms = (START + at) * 1000
    return transition(number=number, state=status, level=level, occurred_at_ms=at_ms, started_at_ms=at_ms, **changes)


def test_the_status_of_a_sample_is_what_was_thought_of_it_then(views: Views) -> None:
    views.samples("web-1", DISK, ROOT, dict.fromkeys(range(0, 70, 10), 0.9))
    views.samples("web-1", DISK, "device=b,mountpoint=/data", {40: 0.9})
    views.samples("web-2", "shop.orders", "", {0: 5.0})
    views.alerts.put(
        alert(0, 5, "pending", "warning"),
        alert(1, 15, "firing", "warning"),
        alert(2, 35, "firing", "critical"),
        alert(3, 45, "acknowledged", "critical"),
        alert(4, 55, "resolved", "critical"),
        alert(0, 25, "firing", "info", alert="a2"),  # milder, and still open
    )
    found = views.ask(
        f"SELECT toUnixTimestamp(recorded_at) - {START}, status, `group`, value FROM {{}}.status_metrics "
        f"WHERE name = '{DISK}' AND server = 'web-1' AND labels = '{ROOT}' ORDER BY recorded_at"
    )
    statuses = ["ok", "ok", "warning", "warning", "critical", "critical", "info"]
    assert [(at, status) for at, status, _, _ in found] == list(zip(range(0, 70, 10), statuses, strict=True))
    assert {row[2:] for row in found} == {("filesystem", 0.9)}
    others = views.ask(
        f"SELECT server, name, `group`, status FROM {{}}.status_metrics WHERE labels != '{ROOT}' ORDER BY server"
    )
    assert others == [("web-1", DISK, "filesystem", "ok"), ("web-2", "shop.orders", "custom", "ok")]


def test_the_key_of_the_samples_is_used_through_the_view(views: Views) -> None:
    plan = views.ask(
        f"EXPLAIN indexes = 1 SELECT value FROM {{}}.status_metrics WHERE name = '{DISK}' AND server = 'web-1' "
        "AND recorded_at > now() - INTERVAL 1 HOUR"
    )
    text = "\n".join(row[0] for row in plan)
    assert re.search(r"Keys:\s+name", text), text


def test_rules_in_force_are_rows_with_their_limits(views: Views) -> None:
    views.control(
        1000, "rule", "db_disk",
        '{"metric": "system.filesystem.utilization", "levels": {"critical": {"limit": 0.97}}, "operator": ">=",'
        ' "scope": {"kind": "role", "value": "db"}, "enabled": false}',
    )  # fmt: skip
    views.control(1001, "rule", "gone", '{"metric": "m", "levels": {"warning": {"limit": 1}}}')
    views.control(1002, "rule", "gone", "", operation="delete")
    rows = views.ask(
        "SELECT rule_id, metric_name, warning_threshold, critical_threshold, scope, is_enabled "
        "FROM {}.threshold_configurations WHERE rule_id IN ('db_disk', 'gone', 'cpu_steal') ORDER BY rule_id"
    )
    assert rows == [
        ("cpu_steal", "system.cpu.utilization", 0.1, 0.25, "global", 1),
        ("db_disk", DISK, None, 0.97, "role=db", 0),
    ]


def test_servers_have_their_place_status_and_when_they_were_seen(views: Views) -> None:
    views.control(2000, "server", "db-9", '{"name": "Nine", "environment": "prod", "region": "eu", "role": "db"}')
    views.alerts.put(state("db-9", "warning", worst_level="warning"), state("web-9", "ok", worst_level=""))
    views.alerts.put(state("web-9", "purged"), log_id="log")
    columns = "server_id, name, environment, region, status, worst_level"
    assert views.ask(f"SELECT {columns} FROM {{}}.servers WHERE server_id IN ('db-9', 'web-9')") == [
        ("db-9", "Nine", "prod", "eu", "warning", "warning")
    ]
    views.control(2001, "server", "fresh-1", '{"environment": "prod"}')
    assert views.ask("SELECT status FROM {}.servers WHERE server_id = 'fresh-1'") == [("new",)]


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_the_queries_of_the_document_run(query: str, views: Views) -> None:
    assert len(QUERIES) >= 10
    sql = re.sub(r"\$__timeFilter\((\w+)\)", r"\1 >= now() - INTERVAL 1 DAY AND \1 <= now()", query)
    sql = re.sub(r"\$__timeInterval\((\w+)\)", r"toStartOfInterval(toDateTime(\1), INTERVAL 60 SECOND)", sql)
    assert "$" not in sql
    views.ask(sql.replace("pulsemon.", "{}."))


def test_the_document_names_every_column_of_the_views(views: Views) -> None:
    text = DOCUMENT.read_text("utf-8")
    for view in ("servers", "status_metrics", "threshold_configurations"):
        line = next(one for one in text.splitlines() if one.startswith(f"| `{view}`"))
        named = re.findall(r"`(\w+)`", line.split("|")[3])
        found = views.ask(
            f"SELECT name FROM system.columns WHERE database = '{views.database}' AND table = '{view}' "
            "ORDER BY position"
        )
        assert named == [row[0] for row in found]
