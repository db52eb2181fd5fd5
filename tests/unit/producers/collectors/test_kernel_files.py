import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pulsemon_producers.collectors.kernel_files import MAX_OPEN, OpenFiles, read_bytes
from support.waiting import wait_until

NAME = Path("/proc/self/comm")


@pytest.fixture
def own_name() -> Iterator[str]:
    """The name of this process, given back at the end: a file of the kernel that a test may change."""
    before = NAME.read_text()
    yield before
    NAME.write_text(before)


def open_descriptors() -> set[str]:
    return {str(entry.readlink()) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()}


def test_a_file_that_stays_open_is_read_as_it_is_now(own_name: str) -> None:
    files = OpenFiles()
    assert files.read(str(NAME)) == own_name.encode()

    NAME.write_text("renamed")

    assert files.read(str(NAME)) == b"renamed\n"


def test_the_same_file_is_opened_once_and_let_go_of() -> None:
    before = open_descriptors()
    files = OpenFiles()

    for _ in range(3):
        assert files.read("/proc/uptime")
        assert b"MemTotal" in files.read("/proc/meminfo")

    assert open_descriptors() - before == {"/proc/uptime", "/proc/meminfo"}
    del files
    assert open_descriptors() - before == set()


def test_files_of_processes_and_of_recorded_trees_are_opened_anew(tmp_path: Path) -> None:
    before = open_descriptors()
    (tmp_path / "stat").write_text("recorded")
    files = OpenFiles()

    assert files.read(f"/proc/{os.getpid()}/stat")
    assert files.read(str(tmp_path / "stat")) == b"recorded"

    assert open_descriptors() == before


def test_only_so_many_stay_open() -> None:
    before = len(open_descriptors())
    files = OpenFiles()
    names = [str(path) for path in Path("/proc/sys/net/ipv4").iterdir() if path.is_file() and os.access(path, os.R_OK)]
    assert len(names) > MAX_OPEN

    for name in names:
        assert files.read(name) == read_bytes(name)

    assert len(open_descriptors()) - before <= MAX_OPEN


def test_what_is_gone_is_an_error_and_holds_nothing() -> None:
    before = open_descriptors()
    files = OpenFiles()
    is_done = threading.Event()
    thread = threading.Thread(target=is_done.wait)
    thread.start()
    path = f"/proc/self/task/{thread.native_id}/comm"
    assert files.read(path)

    is_done.set()
    thread.join()

    def is_gone() -> bool:
        try:
            files.read(path)
        except OSError:
            return True
        return False

    wait_until(is_gone, what="the kernel to forget the thread")
    assert open_descriptors() == before


def test_a_long_file_is_read_to_its_end(tmp_path: Path) -> None:
    for length in (0, 1, 4095, 4096, 4097, 70_000, 200_000):
        (tmp_path / "long").write_bytes(os.urandom(length))
        assert read_bytes(str(tmp_path / "long")) == (tmp_path / "long").read_bytes()
