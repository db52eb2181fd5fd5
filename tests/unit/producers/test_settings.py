import re
import socket
from pathlib import Path
from typing import Any

import pytest
from pulsemon_producers.settings import ENVIRONMENT_PREFIX, AgentSettings
from pulsemon_schemas.errors import SettingsError
from pulsemon_schemas.runtime.settings import Secret, load


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


def test_batches_wait_below_the_state_folder_unless_told_otherwise(tmp_path: Path) -> None:
    assert AgentSettings(server_id="web-1").spool_folder is None
    assert AgentSettings(server_id="web-1", state_dir=tmp_path).spool_folder == tmp_path / "spool"
    assert AgentSettings(server_id="web-1", state_dir=tmp_path, spool_dir=Path("/else")).spool_folder == Path("/else")
    assert AgentSettings(server_id="web-1", state_dir=tmp_path, spool_bytes=0).spool_folder is None


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"spool_bytes": 1000}, "spool_bytes must be 0"),
        ({"spool_dir": Path("/x")}, "spool_dir needs a state_dir"),
        ({"transport": "http"}, "url ''"),
        ({"transport": "http", "url": "ftp://x", "key": Secret("pm_a")}, "write https://HOST"),
        ({"transport": "http", "url": "https://x?key=1", "key": Secret("pm_a")}, "no login, no"),
        ({"transport": "http", "url": "https://u:p@x", "key": Secret("pm_a")}, "no login, no"),
        ({"transport": "http", "url": "http://x", "key": Secret("pm_a")}, "use https"),
        ({"transport": "http", "url": "https://x"}, "needs a key"),
        ({"transport": "http", "url": "https://x", "key": Secret("pm_a\nb")}, "copy it again"),
        ({"url": "https://x"}, "of no use without transport http"),
    ],
)
def test_what_cannot_work_is_refused_with_what_to_do(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)):
        AgentSettings(server_id="web-1", **given)
