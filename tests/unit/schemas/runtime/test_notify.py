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
