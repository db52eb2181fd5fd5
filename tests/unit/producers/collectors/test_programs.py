import pytest
from pulsemon_producers.collectors.process_table import Process, Use, parse_process
from pulsemon_producers.collectors.programs import Running, biggest, by_name, watched, watches

USE = Use(read_bytes=0, written_bytes=0, descriptors=3)


def running(name: str, pid: int, cpu_ticks: int = 0, use: Use = USE) -> Running:
    process = Process(pid, name, "S", False, 100, 1, 50, 10)
    return Running(process, use, cpu_ticks, 0, 0)


def test_a_name_may_hold_anything() -> None:
    columns = "S 1 7 7 0 -1 4194304 0 0 0 0 11 22 0 0 20 0 3 0 444 1000 55"

    found = parse_process(f"7 (a) b (c) {columns}\n".encode())

    assert found == Process(7, "a) b (c", "S", False, 33, 3, 444, 55)


def test_threads_of_the_kernel_are_one_family() -> None:
    columns = "I 2 0 0 0 -1 69238880 0 0 0 0 0 9 0 0 20 0 1 0 24 0 0"

    names = [parse_process(f"9 ({name}) {columns}\n".encode()).name for name in ("kworker/u4:3-x", "jbd2/vda-8", "md0")]

    assert names == ["kworker", "jbd2", "md0"]


def test_the_biggest_come_first_and_those_with_nothing_not_at_all() -> None:
    programs = by_name(
        [running("a", 1, 5), running("b", 2, 3), running("b", 3, 4), running("c", 4, 0), running("d", 5, 5)]
    )

    assert biggest(programs.values(), "cpu_ticks", 10) == ["b", "a", "d"]
    assert biggest(programs.values(), "cpu_ticks", 2) == ["b", "a"]


def test_what_somebody_elses_process_does_not_show_is_unknown_and_not_zero() -> None:
    hidden, partly = Use(None, None, None), Use(None, None, 5)
    programs = by_name([running("a", 1), running("a", 2, use=hidden), running("b", 3, use=partly), running("c", 4)])

    assert [name for name, program in programs.items() if program.shows_descriptors] == ["b", "c"]
    assert [name for name, program in programs.items() if program.shows_disk_bytes] == ["c"]


@pytest.mark.parametrize(
    ("watch", "program", "arguments", "fits"),
    [
        ("nginx", "nginx", "nginx: master process /usr/sbin/nginx", True),
        ("nginx", "nginx-debug", "/usr/sbin/nginx-debug", False),
        ("systemd-timesyncd", "systemd-timesyn", "/usr/lib/systemd/systemd-timesyncd", True),
        ("shop=*java*shop.jar*", "java", "/usr/bin/java -Xmx2g -jar /opt/shop.jar", True),
        ("shop=*java*shop.jar*", "java", "/usr/bin/java -jar /opt/other.jar", False),
        ("workers=celery*", "celery", "", True),
    ],
)
def test_a_watch_fits_the_name_or_the_command_line(watch: str, program: str, arguments: str, fits: bool) -> None:
    found = watched([running(program, 7)], watches([watch]), {7: arguments})

    (name,) = found
    assert name == watch.partition("=")[0]
    assert bool(found[name].members) is fits
