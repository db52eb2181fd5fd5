"""The folder of one machine: its layout, who may read it, and which version made it."""

import stat
from pathlib import Path

import pytest
from pulsemon_deploy.home import LAYOUT_VERSION, Home, HomeError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_home_is_for_its_owner_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "deep" / "home")
    home.prepare()
    assert mode(home.root) == 0o700
    assert mode(home.secrets) == 0o700
    assert home.version() == LAYOUT_VERSION
    home.prepare()


def test_a_home_of_a_newer_version_is_refused_and_kept(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.version_file.write_text(f"{LAYOUT_VERSION + 1}\n")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(HomeError, match=r"made by a newer Pulse Monitor .* nothing was changed. Install that version"):
        home.prepare()
    assert sorted(tmp_path.iterdir()) == before


def test_a_version_file_without_a_number_is_refused(tmp_path: Path) -> None:
    (tmp_path / "version").write_text("one")
    with pytest.raises(HomeError, match="holds no number"):
        Home(tmp_path).check()


def test_one_that_others_may_look_into_is_closed(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.prepare()
    home.root.chmod(0o755)
    home.prepare()
    assert mode(home.root) == 0o700


@pytest.mark.parametrize("made_before", [(), ("lost+found",)])
def test_an_empty_folder_becomes_a_home(tmp_path: Path, made_before: tuple[str, ...]) -> None:
    for name in made_before:
        (tmp_path / name).mkdir()
    Home(tmp_path).prepare()
    assert Home(tmp_path).version() == LAYOUT_VERSION


def test_a_folder_of_somebody_else_is_refused_and_kept(tmp_path: Path) -> None:
    for name in ("ui", "kafka", "deploy", "docs"):
        (tmp_path / name).mkdir()
    with pytest.raises(HomeError, match=r"is not empty.*\(it holds deploy, docs, kafka, …\).*Set PULSEMON_LOCAL_HOME"):
        Home(tmp_path).prepare()
    with pytest.raises(HomeError, match="is not empty"):
        Home(tmp_path).password("writer")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deploy", "docs", "kafka", "ui"]


def test_a_home_that_cannot_be_made_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HomeError, match="PULSEMON_LOCAL_HOME"):
        Home(tmp_path / "file" / "home").prepare()


def test_a_password_is_made_once_and_hidden_from_others(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    first = home.password("writer")
    assert len(first) == 48
    assert home.password("writer") == first
    assert home.password("reader") != first
    assert mode(home.secrets / "writer") == 0o600
    assert sorted(path.name for path in home.secrets.iterdir()) == ["reader", "writer"]
