"""What people are told to type works where they type it."""

import sys
from pathlib import Path

import pytest
from pulsemon_deploy.invocation import as_invoked, program


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation in ``.venv`` of the present folder, not on the PATH."""
    folder = tmp_path / ".venv" / "bin"
    folder.mkdir(parents=True)
    script = folder / "pulsemon"
    script.touch(mode=0o700)
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.chdir(tmp_path)
    return script


@pytest.mark.usefixtures("script")
def test_in_a_checkout_it_is_that_of_the_environment() -> None:
    assert as_invoked("`pulsemon status` makes another; or: pulsemon up") == (
        "`.venv/bin/pulsemon status` makes another; or: .venv/bin/pulsemon up"
    )


@pytest.mark.parametrize(
    "text", ["pulsemon.metrics", "pip install 'pulsemon[local]'", "pulsemon: no", "/home/pulsemon up", "pulsemon upper"]
)
@pytest.mark.usefixtures("script")
def test_other_things_of_that_name_stay(text: str) -> None:
    assert as_invoked(text) == text


def test_elsewhere_it_is_the_whole_place(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(script.parent)
    assert program() == "./pulsemon"
    monkeypatch.chdir("/usr")
    assert program() == str(script)


def test_on_the_path_it_is_its_name(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(script.parent))
    assert as_invoked("pulsemon up") == "pulsemon up"


def test_another_one_on_the_path_is_not_meant(script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "pulsemon").touch(mode=0o700)
    monkeypatch.setenv("PATH", str(other))
    assert program() == ".venv/bin/pulsemon"


def test_without_a_script_it_is_the_module(script: Path) -> None:
    script.unlink()
    assert program() == f"{sys.executable} -m pulsemon_deploy.cli"
