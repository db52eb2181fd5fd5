import os
from pathlib import Path

import pytest
from support.tree_archive import pack, unpack

CONTENTS = (
    b"",
    b"\n",
    b"one line\n",
    b"no end",
    b"blank lines\n\n\n",
    b"\n\nno end after blank lines\n\n ",
    b"/sbin/init\0--quiet\0",
    b"-- proc/stat --\nlooks like a heading\n",
    b"text\n-- as well\n",
    "Räder µs\n".encode(),
    b"\xff\xfe no text \\x00 \n",
    b"carriage\r\nreturn",
    b"-- ",
)


def contents(folder: Path) -> dict[str, object]:
    return {
        str(path.relative_to(folder)): str(path.readlink())
        if path.is_symlink()
        else path.read_bytes()
        if path.is_file()
        else None
        for path in folder.rglob("*")
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with all that there may be, at two ticks."""
    folder = tmp_path / "folder"
    for tick in ("tick-0000", "tick-0030"):
        (folder / tick / "sys" / "empty").mkdir(parents=True)
        (folder / tick / "sys" / "device").symlink_to("../../../coretemp.0")
        (folder / tick / "sys" / "gone").symlink_to("/nowhere")
        for number, content in enumerate(CONTENTS):
            (folder / tick / f"file-{number}").write_bytes(content)
    (folder / "tick-0030" / "file-2").write_bytes(b"another line\n")
    return folder


def test_what_is_packed_comes_back_byte_for_byte(folder: Path, tmp_path: Path) -> None:
    text = pack(folder)

    unpack(text, tmp_path / "again")

    assert contents(tmp_path / "again") == contents(folder)
    assert pack(tmp_path / "again") == text


def test_what_did_not_change_is_written_once(folder: Path) -> None:
    text = pack(folder)

    assert text.count("one line\n") == 1
    assert "-- tick-0030/file-4 -- as tick-0000/file-4\n" in text
    assert "-- tick-0030/file-2 --\nanother line\n" in text


def test_any_bytes_come_back(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for number in range(50):
        (tmp_path / "folder" / f"file-{number}").write_bytes(os.urandom(number))
    (tmp_path / "folder" / "all").write_bytes(bytes(range(256)))

    unpack(pack(tmp_path / "folder"), tmp_path / "again")

    assert contents(tmp_path / "again") == contents(tmp_path / "folder")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("before the first heading\n-- file --\n", "line 2"),
        ("-- file\nno end of the heading\n", "line 1 is no heading"),
        ("-- file -- as another\n", "line 1 ends with 'as another'"),
        ("-- file --\n\n-- other -- backwards\n", "line 3 ends with 'backwards'"),
        ("-- /etc/passwd --\n", "leads out"),
        ("-- a/../../b --\n", "leads out"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_line(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=said):
        unpack(text, tmp_path)
