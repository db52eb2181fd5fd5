import pytest
from pulsemon_deploy.kafka.node import LOG_SETTINGS


@pytest.fixture
def settings() -> dict[str, str]:
    lines = LOG_SETTINGS.read_text().splitlines()
    return dict(line.split(" = ", 1) for line in lines if line and not line.startswith("#"))


def test_the_log_is_kept_and_bounded(settings: dict[str, str]) -> None:
    assert settings["appender.file.type"] == "RollingFile"
    assert settings["appender.file.policy.size"] == "10MB"
    assert settings["appender.file.strategy.max"] == "5"
    assert settings["rootLogger.appenderRef.file.ref"] == "file"


def test_the_console_gets_only_what_ends_the_broker(settings: dict[str, str]) -> None:
    to_console = {name.split(".")[1] for name, value in settings.items() if value == "console" and "Ref" in name}

    assert to_console == {"main", "fault"}
    assert {settings[f"logger.{name}.appenderRef.console.level"] for name in to_console} == {"ERROR"}
