import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from pulsemon_schemas.runtime import notify


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.settimeout(5)
        yield server


def test_readiness_reaches_whoever_started_the_process(listener: socket.socket, tmp_path: Path) -> None:
    listener.bind(str(tmp_path / "notify"))

    notify.ready({"NOTIFY_SOCKET": str(tmp_path / "notify")})
    notify.stopping({"NOTIFY_SOCKET": str(tmp_path / "notify")})
    notify.status({"NOTIFY_SOCKET": str(tmp_path / "notify")}, "downloads 45 MB")

    assert [listener.recv(100) for _ in range(3)] == [b"READY=1", b"STOPPING=1", b"STATUS=downloads 45 MB"]


def test_an_abstract_socket_is_reached(listener: socket.socket, tmp_path: Path) -> None:
    listener.bind(f"\0{tmp_path}")

    notify.ready({"NOTIFY_SOCKET": f"@{tmp_path}"})

    assert listener.recv(100) == b"READY=1"


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}])
def test_nobody_is_told_when_nobody_asked(environ: dict[str, str]) -> None:
    notify.ready(environ)


def test_signs_of_life_are_sent_where_they_are_asked_for(listener: socket.socket, tmp_path: Path) -> None:
    listener.bind(str(tmp_path / "notify"))
    environ = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "100000"}
    heartbeat = notify.Heartbeat(environ)
    for _ in range(1000):
        heartbeat.beat()
    assert listener.recv(100) == b"WATCHDOG=1"
    listener.setblocking(False)
    for _ in range(3):
        with contextlib.suppress(BlockingIOError):
            assert listener.recv(100) == b"WATCHDOG=1"
    listener.settimeout(5)
    notify.ready(environ)
    assert listener.recv(100) == b"READY=1", "a thousand beats are few messages"


@pytest.mark.parametrize(
    "asked", [{}, {"WATCHDOG_USEC": ""}, {"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "soon"}]
)
def test_nobody_hears_signs_of_life_who_did_not_ask_this_process(
    asked: dict[str, str], listener: socket.socket, tmp_path: Path
) -> None:
    listener.bind(str(tmp_path / "notify"))
    environ = {"NOTIFY_SOCKET": str(tmp_path / "notify"), **asked}
    notify.Heartbeat(environ).beat()
    notify.ready(environ)
    assert listener.recv(100) == b"READY=1"


def test_a_starter_that_is_gone_ends_nobody(tmp_path: Path) -> None:
    notify.Heartbeat({"NOTIFY_SOCKET": str(tmp_path / "gone"), "WATCHDOG_USEC": "1000000"}).beat()
