import socket
from pathlib import Path

import pytest
from pulsemon_producers.settings import ENVIRONMENT_PREFIX, AgentSettings
from pulsemon_schemas.errors import SettingsError
from pulsemon_schemas.runtime.settings import load


def test_nothing_has_to_be_set() -> None:
    assert load(AgentSettings, ENVIRONMENT_PREFIX, {}) == AgentSettings(socket.gethostname(), 10.0, None)


def test_all_can_be_set() -> None:
    environ = {
        "PULSEMON_AGENT_SERVER_ID": "web-1",
        "PULSEMON_AGENT_INTERVAL_SECONDS": "2.5",
        "PULSEMON_AGENT_STATE_DIR": "/var/lib/pulsemon",
        "PULSEMON_AGENT_BUFFER_SAMPLES": "1000",
    }

    settings = load(AgentSettings, ENVIRONMENT_PREFIX, environ)

    assert settings == AgentSettings("web-1", 2.5, Path("/var/lib/pulsemon"), 1000)
    assert settings.interval_ms == 2500


@pytest.mark.parametrize(
    ("name", "value"),
    [("SERVER_ID", "_tick"), ("INTERVAL_SECONDS", "0.5"), ("INTERVAL_SECONDS", "1.0001"), ("BUFFER_SAMPLES", "0")],
)
def test_what_cannot_work_is_refused(name: str, value: str) -> None:
    with pytest.raises(SettingsError):
        load(AgentSettings, ENVIRONMENT_PREFIX, {f"PULSEMON_AGENT_{name}": value})
