"""What the supervisor tells other programs."""

from pathlib import Path

from pulsemon_deploy.supervisor.state import RoleState, SupervisorState, read_state, write_state

STATE = SupervisorState(12, 1.5, True, (RoleState("sink", "ready", False, 34, 2.5, 1, "", "/logs/sink.log"),))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_state(tmp_path / "state.json", STATE)
    assert read_state(tmp_path / "state.json") == STATE
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


def test_no_file_and_other_formats_are_no_state(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    assert read_state(path) is None
    for text in ("", '{"version": 99}', "{"):
        path.write_text(text)
        assert read_state(path) is None
