"""``pulsemon up`` with a broker and an engine that somebody else runs: it starts none, and the metrics arrive."""

from pathlib import Path

import pytest
from support.clickhouse import Engine
from support.kafka import running_broker
from support.stack import Stack, running_stack
from support.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]


def stored(stack: Stack) -> int:
    settings = stack.own.clickhouse_reader()
    with stack.store() as store:
        rows = store.rows(
            f"SELECT count() FROM {settings.database}.samples WHERE server_id = %(server)s",
            {"server": stack.own.agent().server_id},
        )
    return int(rows[0][0])


def test_nothing_is_started_twice_and_metrics_arrive(tmp_path: Path, clickhouse: Engine) -> None:
    database = clickhouse.fresh_database()
    with running_broker(tmp_path / "theirs") as broker:
        admin = broker.settings
        settings = {
            "PULSEMON_KAFKA_BOOTSTRAP": admin.bootstrap,
            "PULSEMON_KAFKA_SECURITY_PROTOCOL": admin.security_protocol,
            "PULSEMON_KAFKA_USERNAME": admin.username,
            "PULSEMON_KAFKA_PASSWORD": admin.password.reveal(),
            "PULSEMON_CLICKHOUSE_HOST": database.host,
            "PULSEMON_CLICKHOUSE_PORT": str(database.port),
            "PULSEMON_CLICKHOUSE_HTTP_PORT": str(database.http_port),
            "PULSEMON_CLICKHOUSE_USER": database.user,
            "PULSEMON_CLICKHOUSE_PASSWORD": database.password.reveal(),
            "PULSEMON_CLICKHOUSE_DATABASE": database.database,
            "PULSEMON_AGENT_INTERVAL_SECONDS": "1",
        }
        with running_stack(tmp_path, settings=settings) as stack:
            roles = stack.state.roles if stack.state else ()
            assert [role.name for role in roles] == ["topics", "migrate", "ui", "sink", "processor", "gateway", "agent"]
            wait_until(lambda: stored(stack), 15.0, "samples of this host in the other one's store")
            assert not stack.own.home.kafka.exists()
            assert not stack.own.home.clickhouse.exists()
            assert stack.command("status").returncode == 0
            assert stack.stop() == 0
        assert broker.is_alive
        assert clickhouse.is_alive
