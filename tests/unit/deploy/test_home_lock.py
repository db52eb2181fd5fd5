"""Whoever works with a home keeps it from being deleted; whoever deletes it keeps others from beginning."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pulsemon_deploy.home import Home, HomeError
from pulsemon_deploy.home_lock import HomeInUseError, alone, used


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def test_many_may_use_it_at_once(home: Home) -> None:
    with used(home), used(home):
        assert home.logs.is_dir()


def test_it_is_not_deleted_while_it_is_used(home: Home) -> None:
    with used(home), pytest.raises(HomeInUseError, match=f"process {os.getpid()}.*nothing was deleted"), alone(home):
        pass
    with alone(home):
        pass


def test_nothing_begins_while_it_is_deleted(home: Home) -> None:
    home.prepare()
    with alone(home), pytest.raises(HomeInUseError, match="just being deleted; nothing was started"), used(home):
        pass


def test_one_that_was_deleted_is_made_anew(home: Home) -> None:
    home.prepare()
    with alone(home):
        shutil.rmtree(home.root)
    with used(home):
        assert home.secrets.is_dir()


def test_the_program_that_takes_over_keeps_it(home: Home) -> None:
    code = "import os, sys; os.execv(sys.executable, [sys.executable, '-c', 'print(1, flush=True); input()'])"
    begin = (
        "from pulsemon_deploy.home import Home; from pulsemon_deploy.home_lock import used; from pathlib import Path\n"
    )
    body = f"{begin}with used(Home(Path({str(home.root)!r})), is_kept_by_successor=True):\n    {code}"
    with subprocess.Popen([sys.executable, "-c", body], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"1\n"
        with pytest.raises(HomeInUseError, match=f"process {process.pid}"), alone(home):
            pass
        process.communicate(b"\n", timeout=10)
    with alone(home):
        pass


def test_somebody_elses_folder_is_not_used(home: Home) -> None:
    home.root.mkdir()
    (home.root / "thesis.txt").touch()
    with pytest.raises(HomeError, match=r"did not make it \(it holds thesis.txt\); nothing was changed"), used(home):
        pass
    assert [path.name for path in home.root.iterdir()] == ["thesis.txt"]
