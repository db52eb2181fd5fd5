import os
from pathlib import Path

import pytest
from pulsemon_producers.state_lock import held
from pulsemon_schemas.errors import PermanentError


def test_a_second_agent_is_told_who_has_the_folder_and_what_to_do(tmp_path: Path) -> None:
    with (
        held(tmp_path / "new"),
        pytest.raises(PermanentError, match=rf"process {os.getpid()} .*nothing was started.*state_dir"),
        held(tmp_path / "new"),
    ):
        pass
    with held(tmp_path / "new"):
        pass


def test_a_folder_that_cannot_be_locked_is_told_and_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("not a folder")

    with held(blocker / "below"):
        pass

    assert "cannot be locked" in caplog.text
