"""A full disk and a port in use: one clear sentence that names what to do."""

import os
import socket
from pathlib import Path

import pytest
from pulsemon_deploy import ports
from pulsemon_deploy.supervisor import disk
from pulsemon_deploy.supervisor.disk import FULL_BYTES, LOW_BYTES, Room
from pulsemon_schemas.errors import SettingsError


@pytest.mark.parametrize(
    ("free", "room"),
    [
        (LOW_BYTES, Room.ENOUGH),
        (LOW_BYTES - 1, Room.LOW),
        (FULL_BYTES, Room.LOW),
        (FULL_BYTES - 1, Room.FULL),
        (0, Room.FULL),
    ],
)
def test_how_much_room_there_is(free: int, room: Room) -> None:
    assert disk.judge(free) is room


def test_the_sentence_about_the_disk() -> None:
    assert disk.sentence(Room.ENOUGH, 10**12, Path("/data")) == ""
    assert disk.sentence(Room.FULL, 12_000_000, Path("/data")) == (
        "the disk of /data has 12 MB left, so new data may not be stored until you free some space"
    )
    assert disk.refusal(12_000_000, Path("/data")) == (
        "the disk of /data has 12 MB left, and 300 MB are the least to begin with: free some space, or move the data "
        "with PULSEMON_LOCAL_HOME"
    )


def test_room_is_asked_for_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    assert disk.free_bytes(tmp_path / "not" / "yet") > 0


def test_a_port_in_use_names_port_owner_and_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(SettingsError) as caught:
            ports.check_free({"PULSEMON_LOCAL_UI_PORT": port}, patience_seconds=0)
    (sentence,) = caught.value.problems
    assert f"port {port} is in use by " in sentence
    assert f"(process {os.getpid()})" in sentence
    assert "set PULSEMON_LOCAL_UI_PORT to a free port" in sentence
    ports.check_free({"PULSEMON_LOCAL_UI_PORT": port}, patience_seconds=0)
