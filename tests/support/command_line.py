"""The command line in this process, against services that run already."""

import pytest
from click.testing import CliRunner, Result
from pulsemon_deploy.cli.root import root
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from support.kafka import Broker
from support.logging_state import kept_logging


def invoke(*arguments: str) -> Result:
    with kept_logging():
        return CliRunner().invoke(root, arguments)


def use_kafka(monkeypatch: pytest.MonkeyPatch, broker: Broker, role: str = "operator") -> None:
    """Commands log in to this broker as somebody else's."""
    settings = broker.settings_for(role)
    for name, value in {
        "BOOTSTRAP": settings.bootstrap,
        "SECURITY_PROTOCOL": settings.security_protocol,
        "USERNAME": settings.username,
        "PASSWORD": settings.password.reveal(),
    }.items():
        monkeypatch.setenv(f"PULSEMON_KAFKA_{name}", value)


def use_clickhouse(monkeypatch: pytest.MonkeyPatch, settings: ClickHouseSettings) -> None:
    """Commands ask this engine with this login."""
    for name, value in {
        "HOST": settings.host,
        "PORT": str(settings.port),
        "HTTP_PORT": str(settings.http_port),
        "USER": settings.user,
        "PASSWORD": settings.password.reveal(),
        "DATABASE": settings.database,
    }.items():
        monkeypatch.setenv(f"PULSEMON_CLICKHOUSE_{name}", value)
