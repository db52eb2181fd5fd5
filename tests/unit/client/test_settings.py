import re
import socket
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from pulsemon import Client
from pulsemon_producers.client.names import RESERVED
from pulsemon_producers.client.settings import ENVIRONMENT_PREFIX, FIELDS, ClientSettings, resolve
from pulsemon_schemas.catalogue import METRICS
from support.clients import dropped

PAGE = Path(__file__).parents[3] / "docs" / "library.md"


class NoText:
    """Has no text to show."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


def test_arguments_win_over_the_environment_and_that_over_defaults() -> None:
    environ = {
        "PULSEMON_CLIENT_SERVICE": "from-environment",
        "PULSEMON_CLIENT_FLUSH_INTERVAL_SECONDS": "2.5",
        "PULSEMON_CLIENT_MAX_SERIES": "7",
        "PULSEMON_CLIENT_LABELS": "team=shop, stage=test",
        "PULSEMON_CLIENT_KEY": "",
        "PULSEMON_AGENT_INTERVAL_SECONDS": "1",
    }
    settings, problems = resolve({"service": "given", "max_series": 9}, environ)

    assert problems == []
    assert (settings.service, settings.max_series, settings.flush_interval_seconds) == ("given", 9, 2.5)
    assert settings.labels == (("stage", "test"), ("team", "shop"))
    assert settings.server_id == socket.gethostname()
    assert settings._replace(server_id="", service="service", labels=()) == ClientSettings(
        flush_interval_seconds=2.5, max_series=9
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("service", ""),
        ("service", 7),
        ("server_id", "_tick"),
        ("transport", "pigeon"),
        ("flush_interval_seconds", 0),
        ("flush_interval_seconds", "10"),
        ("exit_seconds", -1),
        ("max_series", 0),
        ("max_buffered_bytes", 1.5),
        ("labels", {"instance": "x"}),
        ("labels", {"a b": "x"}),
        ("labels", 5),
        ("labels", {"a": NoText()}),
        ("service", NoText()),
        ("kafka", "localhost:9092"),
        ("transport", 5),
        ("transport", object()),
        ("url", "ftp://pulsemon.example"),
        ("url", "http://pulsemon.example"),
        ("url", "https://user:secret@pulsemon.example"),
        ("key", "secret"),
        ("key", b"pm_secret"),
    ],
)
def test_a_wrong_argument_is_seen_at_the_first_start(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=name) as caught:
        Client(**{name: value}, environ={})
    assert "secret" not in str(caught.value)


def test_a_folder_may_be_a_path(tmp_path: Path) -> None:
    client = Client(runtime_folder=tmp_path, transport="none", environ={})
    assert client._core.settings.runtime_folder == str(tmp_path)


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("PULSEMON_CLIENT_FLUSH_INTERVAL_SECONDS", "soon"),
        ("PULSEMON_CLIENT_MAX_SERIES", "-1"),
        ("PULSEMON_CLIENT_LABELS", "nonsense"),
        ("PULSEMON_CLIENT_SERVER_ID", "_x"),
        ("PULSEMON_CLIENT_NO_SUCH", "1"),
        ("PULSEMON_CLIENT_URL", "pulsemon.example"),
        ("PULSEMON_CLIENT_KEY", "secret"),
    ],
)
def test_a_wrong_variable_is_logged_and_does_not_keep_the_service_from_running(
    variable: str, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    client = Client(environ={variable: text})
    client.counter("shop.a")
    assert variable in caplog.text
    assert "secret" not in caplog.text
    assert len(caplog.records) == 1
    client.close()


def test_secrets_are_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    settings, _ = resolve({"key": "pm_1_secret"}, {})
    assert "secret" not in repr(settings)


def test_wrong_kafka_settings_are_told_and_nothing_is_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    client = Client(environ={"PULSEMON_KAFKA_BOOTSTRAP": "nowhere"}, runtime_folder=str(tmp_path))
    client.count("shop.a")
    assert not client.flush()
    client.count("shop.a")
    assert not client.flush()
    assert caplog.text.count("are not sent") == 1
    assert len(caplog.records) == 2, "each cause is logged once"
    assert not client.close()


def test_a_gateway_without_address_is_told_with_what_to_write(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    client = Client(environ={}, transport="http", runtime_folder=str(tmp_path))
    client.count("shop.a")
    assert not client.flush()
    assert "with a path in front if any. The service itself goes on" in caplog.text


def test_a_transport_that_cannot_be_made_ends_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def fails() -> Any:
        raise KeyError("no way")

    client = Client(transport=fails, environ={}, runtime_folder=str(tmp_path), flush_interval_seconds=300)
    client.count("shop.a")
    assert not client.flush(60)
    assert dropped(client)["undelivered"] > 0
    assert "no way" in caplog.text
    assert not client.close(60)


def test_what_sends_cannot_be_loaded_and_the_service_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "pulsemon_producers.client.worker", None)
    client = Client(environ={}, transport="none", runtime_folder=str(tmp_path))
    client.count("shop.a")
    begun = time.monotonic()
    assert not client.flush(60)
    client.count("shop.a")
    assert not client.flush(60)
    assert not client.close(60)
    assert time.monotonic() - begun < 30, "nobody waits for what never comes"
    assert caplog.text.count("are not sent: what sends them cannot be loaded, install it anew (ModuleNotFound") == 1


def test_a_client_can_be_switched_off(tmp_path: Path) -> None:
    client = Client(environ={"PULSEMON_CLIENT_TRANSPORT": "none"}, runtime_folder=str(tmp_path))
    client.count("shop.a")
    client.event("deploy")
    assert client.flush()
    assert client.close()


def test_every_setting_stands_on_the_page_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| `PULSEMON_CLIENT_\w+` \| (.+?) \|", PAGE.read_text(), re.MULTILINE))
    assert set(rows) == set(FIELDS) == set(ClientSettings._fields)
    variables = set(re.findall(r"`(PULSEMON_CLIENT_\w+)`", PAGE.read_text()))
    assert variables == {f"{ENVIRONMENT_PREFIX}{name.upper()}" for name in FIELDS}
    for name, default in ClientSettings._field_defaults.items():
        if isinstance(default, int | float):
            assert f"{default:,}" in rows[name] or f"{default:g}" in rows[name], name


def test_no_service_can_send_what_agents_and_the_product_name() -> None:
    named = {metric.name.partition(".")[0] + "." for metric in METRICS if metric.group != "application"}
    assert named == set(RESERVED)
