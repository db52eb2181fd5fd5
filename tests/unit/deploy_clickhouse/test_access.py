from email.message import Message
from pathlib import Path

import pytest
from pulsemon_deploy.clickhouse.access.browsers import refusal
from pulsemon_deploy.clickhouse.access.logins import Login, Logins
from pulsemon_deploy.clickhouse.engine.errors import EngineError
from pulsemon_deploy.clickhouse.settings import EngineSettings, is_loopback
from pulsemon_schemas.runtime.settings import Secret


def _settings(**changed: object) -> EngineSettings:
    given: dict[str, object] = {
        "folder": Path("x"),
        "writer_password": Secret("w"),
        "reader_password": Secret("r"),
        **changed,
    }
    return EngineSettings(**given)  # type: ignore[arg-type] # tests give wrong values on purpose


def test_logins() -> None:
    logins = Logins(_settings())
    assert logins.verify("writer", "w") == Login("writer", is_reader=False)
    assert logins.verify("reader", "r") == Login("reader", is_reader=True)
    for user, password in [
        ("writer", "r"),
        ("reader", "w"),
        ("writer", ""),
        ("", ""),
        ("Writer", "w"),
        ("nobody", "w"),
        ("é", "\udcff"),
    ]:
        with pytest.raises(EngineError) as refused:
            logins.verify(user, password)
        assert refused.value.code == 516


@pytest.mark.parametrize(
    ("host", "is_own"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("0.0.0.0", False),
        ("192.168.0.1", False),
        ("::", False),
        ("::ffff:10.0.0.1", False),
        ("localhost", False),
        ("", False),
    ],
)
def test_loopback(host: str, is_own: bool) -> None:
    assert is_loopback(host) is is_own


@pytest.mark.parametrize(
    "changed",
    [{"host": "0.0.0.0"}, {"host": "localhost"}, {"writer_password": Secret("")}, {"reader_user": "writer"}],
)
def test_settings_that_are_refused(changed: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"loopback|password|differ"):
        _settings(**changed)


def test_secrets_stay_hidden() -> None:
    shown = repr(_settings(writer_password=Secret("hunter2")))
    assert "hunter2" not in shown


def _headers(**headers: str) -> Message:
    message = Message()
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    return message


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "127.0.0.1:8123"},
        {"Host": "localhost"},
        {"Host": "[::1]:8123"},
        {"Host": "LOCALHOST:1"},
        {"host": "127.0.0.1:8123", "origin": "http://127.0.0.1:8123"},
        {"Host": "127.0.0.1", "Sec_Fetch_Site": "none"},
    ],
)
def test_own_requests(headers: dict[str, str]) -> None:
    assert refusal(_headers(**headers)) is None  # type: ignore[arg-type] # headers of a request find names in any case


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": ""},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "user@evil.example"},
        {"Host": "[::1"},
        {"Host": "127.0.0.1", "Origin": "null"},
        {"Host": "127.0.0.1", "Origin": "http://evil.example"},
        {"Host": "127.0.0.1:8123", "Origin": "http://127.0.0.1:8501"},
        {"Host": "127.0.0.1:8123", "Origin": "https://127.0.0.1:8123"},
        {"Host": "127.0.0.1", "Sec_Fetch_Site": "cross-site"},
    ],
)
def test_foreign_requests(headers: dict[str, str]) -> None:
    assert refusal(_headers(**headers)) is not None  # type: ignore[arg-type] # headers of a request find names in any case
