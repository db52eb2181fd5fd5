import logging
import threading
import time
from pathlib import Path

import psutil
import pytest
from pulsemon_producers.collectors.base import Kind, Point, Tick
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.custom.exposition.page import ExpositionError
from pulsemon_producers.custom.program.collector import ProgramCollector
from pulsemon_producers.custom.program.process import RunError
from pulsemon_producers.custom.program.settings import ProgramSettings
from pulsemon_producers.custom.trust import TrustError
from support.waiting import wait_until

TICK = Tick(0, None, "boot", {})


def program(folder: Path, script: str, *arguments: str, timeout_seconds: float = 10.0) -> ProgramCollector:
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return ProgramCollector(Host(), ProgramSettings("mail", path, arguments, timeout_seconds=timeout_seconds))


def points(collector: ProgramCollector) -> list[Point]:
    return list(collector.collect(TICK))


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_what_a_program_prints_is_sent_under_custom(tmp_path: Path) -> None:
    collector = program(
        tmp_path, "echo '# TYPE mail_total counter'; echo 'mail_total{to=\"'$1'\"} 3'; echo free 1", "a b"
    )

    assert collector.name == "exec.mail"
    assert points(collector) == [
        Point(Kind.COUNTER, "custom.mail_total", "to=a b", 3.0),
        Point(Kind.GAUGE, "custom.free", "", 1.0),
    ]


def test_it_gets_nothing_of_the_agents_environment_and_no_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULSEMON_KAFKA_PASSWORD", "secret")
    monkeypatch.setenv("LD_PRELOAD_OF_MINE", "x")
    collector = program(tmp_path, f"env > {tmp_path}/env; pwd >> {tmp_path}/env; cat > {tmp_path}/input")

    assert points(collector) == []
    names = {line.partition("=")[0] for line in (tmp_path / "env").read_text().splitlines()}
    assert names <= {"PATH", "LANG", "PWD", "OLDPWD", "SHLVL", "_", "/"}
    assert (tmp_path / "input").read_text() == ""


def test_no_shell_reads_its_arguments(tmp_path: Path) -> None:
    collector = program(tmp_path, 'echo "a{x=\\"$1\\"} 1"', "$(id); `id` > y")

    assert points(collector)[0].labels == "x=$(id); `id` > y"


@pytest.mark.parametrize(
    ("script", "error", "told"),
    [
        ("echo a 1; exit 3", RunError, "ended with 3"),
        ("echo disk on fire >&2; exit 1", RunError, "ended with 1: disk on fire"),
        ("kill -9 $$", RunError, "was ended by signal 9"),
        ("echo a 1; echo b", ExpositionError, "line 2: it has no value"),
        ("printf 'a 1'", ExpositionError, "cut off"),
        ("head -c 2000000 /dev/zero", RunError, "more than 1048576 bytes"),
        ("i=0; while [ $i -lt 1001 ]; do echo a$i 1; i=$((i+1)); done", RunError, "printed 1001 samples"),
    ],
)
def test_a_run_counts_whole_or_not_at_all(tmp_path: Path, script: str, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        points(program(tmp_path, script))


def test_the_whole_group_is_ended_at_the_deadline(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f"trap '' TERM; sleep 60 & echo $! > {pids}; echo $$ >> {pids}; echo a 1; wait; wait"
    begun = time.monotonic()

    with pytest.raises(RunError, match=r"took longer than 0.3 s, and was ended"):
        points(program(tmp_path, script, timeout_seconds=0.3))

    assert time.monotonic() - begun < 5
    assert len(pids.read_text().split()) == 2
    wait_until(lambda: not any(is_running(int(pid)) for pid in pids.read_text().split()), what="the end of the group")


def test_what_it_leaves_running_is_ended_with_it(tmp_path: Path) -> None:
    pid = tmp_path / "pid"

    assert len(points(program(tmp_path, f"sleep 60 >/dev/null 2>&1 & echo $! > {pid}; echo a 1"))) == 1
    wait_until(lambda: not is_running(int(pid.read_text())), what="the end of what it left")


def test_a_child_that_keeps_the_output_open_is_waited_for_until_the_deadline(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="took longer"):
        points(program(tmp_path, "sleep 60 & echo a 1", timeout_seconds=0.3))


def test_a_run_ends_when_the_agent_stops(tmp_path: Path) -> None:
    collector = program(tmp_path, f"touch {tmp_path}/started; sleep 60")

    def interrupt() -> None:
        wait_until((tmp_path / "started").exists, what="the start")
        collector.interrupt()

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(RunError, match="the agent stops"):
        points(collector)
    thread.join()


def test_the_first_line_of_its_standard_error_is_logged_when_it_changes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    collector = program(tmp_path, f"cat {tmp_path}/words >&2; echo a 1")
    for words in ("low on ink\nmore\n", "low on ink\n", "", "low on ink\n"):
        (tmp_path / "words").write_text(words)
        assert len(points(collector)) == 1

    assert [record.getMessage() for record in caplog.records] == [
        "Collector exec.mail wrote to its standard error: low on ink"
    ] * 2


def test_a_program_that_others_could_have_changed_is_not_started(tmp_path: Path) -> None:
    collector = program(tmp_path, f"touch {tmp_path}/ran")
    (tmp_path / "program").chmod(0o775)

    with pytest.raises(TrustError, match="chmod go-w"):
        points(collector)
    assert not (tmp_path / "ran").exists()


def test_no_descriptor_and_no_zombie_stays(tmp_path: Path) -> None:
    collector = program(tmp_path, "echo a 1")
    before, children = psutil.Process().num_fds(), len(psutil.Process().children())
    for _ in range(20):
        points(collector)

    assert psutil.Process().num_fds() < before + 10
    assert len(psutil.Process().children()) < children + 10
