from pathlib import Path

import pytest
from pulsemon_producers.state_file import UNKNOWN, ProducerState, StateFile
from pulsemon_producers.used_times import UsedTimes

STATE = ProducerState("a1b2", 41, UsedTimes.of([(0, 1000), (5000, 9000)]))


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    StateFile(tmp_path / "new").save(STATE)

    assert StateFile(tmp_path / "new").load() == STATE
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["producer.json"]


def test_a_first_start_is_no_damage(tmp_path: Path) -> None:
    assert StateFile(tmp_path).load() == UNKNOWN


def test_without_a_folder_nothing_is_kept() -> None:
    StateFile(None).save(STATE)

    assert StateFile(None).load() is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"version": 2, "producer_id": "a", "sequence": 1, "used": []}',
        '{"version": 1, "producer_id": "a", "sequence": "1", "used": []}',
        '{"version": 1, "producer_id": "a", "sequence": 1, "used": [[2, 1]]}',
        '{"version": 1, "producer_id": "a", "sequence": 1, "used": [5]}',
        '{"version": 1, "producer_id": "a"}',
    ],
)
def test_a_damaged_file_is_told_and_replaced(tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "producer.json").write_text(text)
    file = StateFile(tmp_path)

    assert file.load() is None
    assert "cannot be read" in caplog.text
    file.save(STATE)
    assert file.load() == STATE


def test_bytes_that_are_no_text_are_damage_too(tmp_path: Path) -> None:
    (tmp_path / "producer.json").write_bytes(b"\xff\xfe\x00")

    assert StateFile(tmp_path).load() is None


def test_a_disk_that_fails_is_told_once_and_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("not a folder")
    file = StateFile(blocker / "below")

    file.save(STATE)
    file.save(STATE)

    assert caplog.text.count("cannot be written") == 1
