import logging
import os
from pathlib import Path

import pytest
from pulsemon_producers.collectors.base import Kind, Point, Tick
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.custom.text_files.collector import TextFileCollector
from pulsemon_producers.custom.text_files.settings import TextFileSettings
from pulsemon_producers.custom.trust import TrustError

TICK = Tick(0, None, "boot", {})
NOW_SECONDS = 1_780_000_000.0
MAX_AGE_SECONDS = 600.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "files"
    path.mkdir(mode=0o755)
    return path


@pytest.fixture
def collector(folder: Path) -> TextFileCollector:
    return TextFileCollector(Host(wall_seconds=lambda: NOW_SECONDS), TextFileSettings(folder, MAX_AGE_SECONDS))


def write(path: Path, text: str, age_seconds: float = 10.0) -> None:
    path.write_text(text)
    path.chmod(0o644)
    os.utime(path, (NOW_SECONDS - age_seconds, NOW_SECONDS - age_seconds))


def values(collector: TextFileCollector) -> dict[str, float]:
    return {
        f"{point.name}{{{point.labels}}}" if point.labels else point.name: point.value
        for point in collector.collect(TICK)
    }


def test_all_files_of_the_folder_are_sent_under_custom(folder: Path, collector: TextFileCollector) -> None:
    write(folder / "backup.prom", '# TYPE backups_total counter\nbackups_total{to="tape"} 12\n')
    write(folder / "raid.prom", "raid_ok 1\n", age_seconds=20)
    write(folder / "raid.prom.tmp", "raid_ok 0\n")

    assert list(collector.collect(TICK)) == [
        Point(Kind.GAUGE, "textfile.left_out", "", 0.0),
        Point(Kind.GAUGE, "textfile.age", "file=backup.prom", 10.0),
        Point(Kind.GAUGE, "textfile.expired", "file=backup.prom", 0.0),
        Point(Kind.GAUGE, "textfile.error", "file=backup.prom", 0.0),
        Point(Kind.COUNTER, "custom.backups_total", "to=tape", 12.0),
        Point(Kind.GAUGE, "textfile.age", "file=raid.prom", 20.0),
        Point(Kind.GAUGE, "textfile.expired", "file=raid.prom", 0.0),
        Point(Kind.GAUGE, "textfile.error", "file=raid.prom", 0.0),
        Point(Kind.GAUGE, "custom.raid_ok", "", 1.0),
    ]


@pytest.mark.parametrize("age_seconds", [601.0, -601.0])
def test_an_old_file_yields_nothing_and_says_so(folder: Path, collector: TextFileCollector, age_seconds: float) -> None:
    write(folder / "a.prom", "a 1\n", age_seconds)

    found = values(collector)

    assert "custom.a" not in found
    assert (found["textfile.expired{file=a.prom}"], found["textfile.error{file=a.prom}"]) == (1.0, 0.0)
    assert found["textfile.age{file=a.prom}"] == 601.0
    write(folder / "a.prom", "a 2\n")
    assert values(collector)["custom.a"] == 2.0


def test_a_file_that_is_being_written_is_not_taken_and_its_neighbours_are(
    folder: Path, collector: TextFileCollector, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    write(folder / "a.prom", "a 1\nb 12")
    write(folder / "b.prom", "c 3\n")
    for _ in range(2):
        found = values(collector)

    assert {name for name in found if name.startswith("custom.")} == {"custom.c"}
    assert (found["textfile.error{file=a.prom}"], found["textfile.error{file=b.prom}"]) == (1.0, 0.0)
    write(folder / "a.prom", "a 1\nb 123\n")
    assert values(collector)["custom.b"] == 123.0
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "the last line has no end" in caplog.text


def test_what_others_could_have_written_is_not_taken(
    folder: Path, collector: TextFileCollector, tmp_path: Path
) -> None:
    write(folder / "open.prom", "open 1\n")
    (folder / "open.prom").chmod(0o664)
    write(tmp_path / "elsewhere", "link 1\n")
    (folder / "link.prom").symlink_to(tmp_path / "elsewhere")
    write(folder / "good.prom", "good 1\n")

    found = values(collector)

    assert {name for name in found if name.startswith("custom.")} == {"custom.good"}
    assert found["textfile.error{file=open.prom}"] == found["textfile.error{file=link.prom}"] == 1.0
    assert "textfile.age{file=link.prom}" not in found, "nobody looked"
    folder.chmod(0o777)
    with pytest.raises(TrustError, match="can be written by its group or by others"):
        values(collector)


def test_a_fifo_and_a_folder_keep_nobody_waiting(folder: Path, collector: TextFileCollector) -> None:
    os.mkfifo(folder / "fifo.prom", 0o644)
    (folder / "folder.prom").mkdir(mode=0o755)
    write(folder / "good.prom", "good 1\n")

    found = values(collector)

    assert found["custom.good"] == 1.0
    assert found["textfile.error{file=fifo.prom}"] == found["textfile.error{file=folder.prom}"] == 1.0


def test_the_folder_as_a_whole_has_limits(folder: Path, collector: TextFileCollector) -> None:
    lines = "".join(f"a{number} 1\n" for number in range(600))
    write(folder / "1.prom", lines)
    write(folder / "2.prom", lines.replace("a", "b"))
    write(folder / "3.prom", "c 1\n")
    write(folder / "4.prom", "#" + "x" * (1 << 20) + "\n")
    write(folder / "5.prom", "d 1\na1 2\n")

    found = values(collector)

    wrong = {name for name, value in found.items() if name.startswith("textfile.error") and value}
    assert wrong == {f"textfile.error{{file={number}.prom}}" for number in (2, 4, 5)}
    assert len([name for name in found if name.startswith("custom.")]) == 601


def test_more_files_than_are_looked_at_are_counted(folder: Path, collector: TextFileCollector) -> None:
    for number in range(103):
        write(folder / f"{number:03}.prom", f"a{number} 1\n")

    found = values(collector)

    assert found["textfile.left_out"] == 3.0
    assert "custom.a99" in found
    assert "custom.a100" not in found


def test_a_folder_that_is_not_there_is_the_collectors_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        values(TextFileCollector(Host(), TextFileSettings(tmp_path / "none")))
