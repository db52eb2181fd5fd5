"""What roles print: lines, levels, bounded files, and the one line format of the console."""

import io
import logging
import time
from pathlib import Path

import pytest
from pulsemon_deploy.supervisor.console import Console
from pulsemon_deploy.supervisor.log_file import LogFile
from pulsemon_deploy.supervisor.output import LINE_BYTES, Lines, level_and_message, says_why


@pytest.mark.parametrize(
    ("line", "level", "message"),
    [
        ("2026-11-24T21:00:00.123Z WARNING pulsemon_sinks.sink away", logging.WARNING, "pulsemon_sinks.sink away"),
        ("[2026-11-24 21:00:00,123] ERROR Disk error (kafka.log)", logging.ERROR, "Disk error (kafka.log)"),
        ("INFO: started", logging.INFO, "started"),
        ("  File 'x.py', line 3, in ERROR", logging.NOTSET, "  File 'x.py', line 3, in ERROR"),
        ("", logging.NOTSET, ""),
        ("WARNING", logging.WARNING, ""),
    ],
)  # fmt: skip
def test_the_level_of_a_line(line: str, level: int, message: str) -> None:
    assert level_and_message(line) == (level, message)


@pytest.mark.parametrize(
    ("line", "is_reason"),
    [
        ("java.io.IOException: No space left on device", True),
        ("ValueError: port", True),
        ("\tat kafka.Kafka.main(Kafka.scala)", False),
        ("\t... 30 more", False),
        ("... 30 more", False),
        ("    raise ValueError", False),
        ("", False),
    ],
)
def test_a_reason_is_no_part_of_a_stack_trace(line: str, is_reason: bool) -> None:
    assert says_why(line) is is_reason


def test_lines_from_any_pieces() -> None:
    lines = Lines()
    assert lines.feed(b"one\ntw") == ["one"]
    assert lines.feed("o ü".encode()[:-1]) == []
    assert lines.feed("ü".encode()[1:] + b"\r\n\n") == ["two ü", ""]
    assert lines.feed(b"rest") == []
    assert lines.end() == ["rest"]
    assert lines.end() == []


def test_a_line_without_end_does_not_grow_for_ever() -> None:
    lines = Lines()
    assert [len(line) for line in lines.feed(b"x" * (LINE_BYTES + 1))] == [LINE_BYTES + 1]
    assert lines.end() == []


def test_logs_are_bounded_and_the_newest_is_kept(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "role.log", file_bytes=100, old_files=2)
    for number in range(100):
        log.write(b"line %02d\n" % number)
    log.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["role.log", "role.log.1", "role.log.2"]
    assert all(path.stat().st_size <= 100 for path in tmp_path.iterdir())
    assert (tmp_path / "role.log").read_text().endswith("line 99\n")


def test_a_rotation_that_fails_costs_lines_and_is_tried_again(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "role.log", file_bytes=100, old_files=1)
    log.write(b"x" * 99 + b"\n")
    in_the_way = tmp_path / "role.log.new"
    in_the_way.mkdir()
    with (tmp_path / "other").open("w+b") as other:  # would take the number of a file that was closed
        for _ in range(3):
            log.write(b"lost\n")
        assert other.read() == b""
    in_the_way.rmdir()
    log.write(b"after\n")
    log.close()
    assert (tmp_path / "role.log.1").stat().st_size == 100
    assert (tmp_path / "role.log").read_text() == ("(15 bytes before this line were lost: the disk was full)\nafter\n")


def test_a_log_goes_on_where_it_ended(tmp_path: Path) -> None:
    for text in (b"first\n", b"second\n"):
        log = LogFile(tmp_path / "role.log")
        log.write(text)
        log.close()
    assert (tmp_path / "role.log").read_text() == "first\nsecond\n"


def test_a_full_disk_costs_lines_and_nothing_else() -> None:
    log = LogFile(Path("/dev/full"))
    log.write(b"lost\n")
    log.close()


def test_one_line_format(tmp_path: Path) -> None:
    out = io.StringIO()
    own = LogFile(tmp_path / "own.log")
    console = Console(own, logging.WARNING, out, lambda: 1_700_000_000.0)
    console.say("sink", "ready after 1.0 s")
    console.say("pulsemon", "open http://127.0.0.1/", keep=False)
    console.relay("agent", "2026 INFO x quiet")
    console.relay("agent", "2026 WARNING x loud")
    at = time.strftime("%H:%M:%S", time.localtime(1_700_000_000))
    assert out.getvalue().splitlines() == [
        f"{at} sink       ready after 1.0 s",
        f"{at} pulsemon   open http://127.0.0.1/",
        f"{at} agent      WARNING x loud",
    ]
    own.close()
    assert (tmp_path / "own.log").read_text() == f"{at} sink       ready after 1.0 s\n", "links are kept out of files"


def test_a_terminal_that_is_gone_is_no_reason_to_end(tmp_path: Path) -> None:
    own, out = LogFile(tmp_path / "own.log"), io.StringIO()
    out.close()
    Console(own, logging.WARNING, out).say("sink", "ready")
    own.close()
