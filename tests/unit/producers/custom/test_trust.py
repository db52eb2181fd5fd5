import os
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from pulsemon_producers.custom.trust import Owners, TrustError, opened


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True, mode=0o755)
    path = folder / "file"
    path.write_text("x")
    path.chmod(0o755)
    return path


def opens(path: Path, owners: Owners | None = None) -> bool:
    with opened(path, owners or Owners.own()) as descriptor:
        return os.fstat(descriptor).st_ino == path.stat().st_ino


def test_a_file_that_nobody_else_could_have_written_is_opened(file: Path) -> None:
    assert opens(file)
    assert opens(file.parent)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda file: file.chmod(0o775), "can be written by its group or by others: chmod go-w it"),
        (lambda file: file.chmod(0o757), "can be written by its group"),
        (lambda file: file.parent.chmod(0o775), "the folder of 'file' on the way to"),
        (lambda file: file.parent.chmod(0o1777), "the folder of 'file' on the way to"),
        (lambda file: file.parent.parent.chmod(0o777), "the folder of 'b' on the way to"),
    ],
)
def test_what_others_can_write_is_refused_all_the_way(file: Path, spoil: Callable[[Path], None], told: str) -> None:
    spoil(file)

    with pytest.raises(TrustError, match=told):
        opens(file)


@pytest.mark.parametrize("name", ["none", "none/file"])
def test_what_is_not_there_is_told_with_its_whole_path(file: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        opens(file.parent / name)
    assert caught.value.filename == str(file.parent / name)


def test_a_folder_for_all_further_up_must_be_sticky(file: Path) -> None:
    file.parent.parent.chmod(0o1777)

    assert opens(file)


def test_what_belongs_to_another_user_is_refused(file: Path) -> None:
    nobody_here = Owners(frozenset({os.geteuid() + 1}))

    with pytest.raises(TrustError, match="belongs to user"):
        opens(file, nobody_here)


def test_a_link_between_trusted_folders_is_followed(file: Path, tmp_path: Path) -> None:
    (tmp_path / "absolute").symlink_to(file)
    (tmp_path / "a" / "relative").symlink_to("../a/b")

    assert opens(tmp_path / "absolute")
    assert opens(tmp_path / "a" / "relative" / "file")


def test_a_link_to_where_others_can_write_is_refused(file: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(file)
    file.parent.chmod(0o777)

    with pytest.raises(TrustError, match="the folder of 'file' on the way to"):
        opens(tmp_path / "link")


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")

    with pytest.raises(TrustError, match="more than 16 links"):
        opens(tmp_path / "one")


def test_what_is_not_there_is_an_os_error_and_no_descriptor_stays_open(file: Path, tmp_path: Path) -> None:
    before = psutil.Process().num_fds()
    for _ in range(20):
        assert opens(file)
        for path in (tmp_path / "none", tmp_path / "none" / "deeper"):
            with pytest.raises(FileNotFoundError):
                opens(path)
    assert psutil.Process().num_fds() < before + 10
