from pathlib import Path

import pytest
from pulsemon_deploy.clickhouse.engine.configuration import Layout, write_configuration
from pulsemon_deploy.clickhouse.engine.errors import FolderError, engine_error
from pulsemon_deploy.clickhouse.engine.folder import check_version
from pulsemon_deploy.clickhouse.settings import EngineSettings
from pulsemon_schemas.runtime.settings import Secret


@pytest.mark.parametrize(
    ("written", "is_refused"), [("26.9.0", False), ("26.8.3", False), ("26.9.1", True), ("27.1", True)]
)
def test_a_folder_of_a_newer_engine_stays_closed(tmp_path: Path, written: str, is_refused: bool) -> None:
    layout = Layout(tmp_path)
    layout.version_file.write_text(written + "\n")
    if is_refused:
        with pytest.raises(FolderError, match="nothing was changed; install the newer pulsemon again"):
            check_version(layout, "26.9.0")
    else:
        check_version(layout, "26.9.0")


def test_configuration_is_written_without_secrets(tmp_path: Path) -> None:
    folder = tmp_path / "a & <b>"
    settings = EngineSettings(folder, Secret("writer-secret"), Secret("reader-secret"))
    layout = write_configuration(settings)
    texts = layout.server_file.read_text() + layout.users_file.read_text()
    assert "secret" not in texts
    assert "a &amp; &lt;b&gt;" in texts
    assert "600000000" in texts
    assert (layout.data.stat().st_mode & 0o777) == 0o700


@pytest.mark.parametrize(
    ("raised", "code", "text"),
    [
        (RuntimeError("Code: 60. DB::Exception: No t. (UNKNOWN_TABLE)"), 60, "No t. (UNKNOWN_TABLE)"),
        (
            RuntimeError("Code: 164. DB::Exception: Code: 164. DB::Exception: No. (X) (version 26.9.2.1). (X)"),
            164, "No. (X). (X)",
        ),
        (RuntimeError("what?"), 1002, "what?"),
        (UnicodeDecodeError("utf-8", b"Code: 469. DB::Exception: \xff", 26, 27, "x"), 469, "\ufffd"),
    ],
)  # fmt: skip
def test_errors_of_the_engine(raised: Exception, code: int, text: str) -> None:
    error = engine_error(raised)
    assert (error.code, error.text) == (code, text)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    from pulsemon_deploy.clickhouse.engine.database import Database

    (tmp_path / "file").write_text("")
    settings = EngineSettings(tmp_path / "file" / "engine", Secret("w"), Secret("r"))
    with pytest.raises(FolderError, match="cannot be written"):
        Database(settings)
