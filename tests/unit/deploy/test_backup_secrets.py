"""Secrets go into a backup only when asked for, and into a home only before anything is in it."""

import stat
from pathlib import Path

import pytest
from click.testing import CliRunner
from pulsemon_deploy.backup.making import SECRETS, Backup
from pulsemon_deploy.backup.restoring import Restore
from pulsemon_deploy.cli.root import root
from pulsemon_deploy.installation import Installation, installation
from pulsemon_sinks.backup.manifest import BackupError

ONLY = frozenset({SECRETS})


def home(folder: Path) -> Installation:
    return installation({"PULSEMON_LOCAL_HOME": str(folder), "HOME": str(folder)})


def says(text: str) -> None:
    raise AssertionError(text)


@pytest.fixture(name="backup")
def made_backup(tmp_path: Path) -> Path:
    own = home(tmp_path / "first")
    own.home.prepare()
    (own.home.secrets / "kafka").write_text("abc")
    (own.home.secrets / ".kafka.half").write_text("no secret yet")
    target = tmp_path / "backup"
    assert list(Backup(own, target, ONLY, says).run()) == []
    return target


def test_they_come_back_for_the_owner_alone(backup: Path, tmp_path: Path) -> None:
    assert stat.S_IMODE(backup.stat().st_mode) == 0o700
    assert stat.S_IMODE((backup / "secrets" / "kafka").stat().st_mode) == 0o600
    other = home(tmp_path / "second")
    restore = Restore(other, backup, ONLY, says)
    assert list(restore.run()) == []
    assert restore.restored.secrets == ["kafka"]
    assert (other.home.secrets / "kafka").read_text() == "abc"
    assert stat.S_IMODE((other.home.secrets / "kafka").stat().st_mode) == 0o600
    with pytest.raises(BackupError, match=r"holds secrets already \(kafka\): nothing was changed"):
        list(Restore(other, backup, ONLY, says).run())


def test_a_part_that_is_not_there_is_told(backup: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="the backup has no tables, only secrets: nothing was changed"):
        Restore(home(tmp_path / "second"), backup, frozenset({"tables"}), says)


def test_damage_is_one_sentence_and_an_exit_code(backup: Path) -> None:
    assert CliRunner().invoke(root, ["backup", "verify", str(backup)]).exit_code == 0
    (backup / "secrets" / "kafka").write_text("abd")
    result = CliRunner().invoke(root, ["backup", "verify", str(backup)])
    assert result.exit_code == 1
    assert "secrets/kafka is not what was written" in result.stderr
    restored = CliRunner().invoke(root, ["restore", str(backup), "--only", "secrets"])
    assert restored.exit_code == 1
    assert "is damaged: secrets/kafka is not what was written. Nothing was stored" in restored.stderr
    nothing = CliRunner().invoke(root, ["restore", str(backup.parent)])
    assert (nothing.exit_code, "is no backup" in nothing.stderr) == (1, True)
