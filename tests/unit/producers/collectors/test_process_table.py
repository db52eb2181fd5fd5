import shutil
from pathlib import Path

from pulsemon_producers.collectors.host import Host
from pulsemon_producers.collectors.process_table import ProcessTable

LINE = "{pid} (worker) S 1 7 7 0 -1 4194304 0 0 0 0 {ticks} 22 0 0 20 0 3 0 {started} 1000 55 18446744073709551615\n"


def write(procfs: Path, pid: int, ticks: int = 11, started: int = 444) -> None:
    (procfs / str(pid)).mkdir(exist_ok=True)
    (procfs / str(pid) / "stat").write_text(LINE.format(pid=pid, ticks=ticks, started=started))


def test_what_did_nothing_stays_the_same_and_what_ran_ended_or_began_does_not(tmp_path: Path) -> None:
    for pid in (7, 8, 9, 10):
        write(tmp_path, pid)
    table = ProcessTable(Host(procfs=tmp_path))
    first = {process.pid: process for process in table.read()}
    write(tmp_path, 8, ticks=12)
    shutil.rmtree(tmp_path / "9")
    write(tmp_path, 10, started=555)
    write(tmp_path, 11)

    second = {process.pid: process for process in table.read()}

    assert first.keys() == {7, 8, 9, 10}
    assert second.keys() == {7, 8, 10, 11}
    assert second[7] is first[7]
    assert second[8].cpu_ticks == first[8].cpu_ticks + 1
    assert second[10].identity != first[10].identity
    assert {process.pid for process in table.read()} == second.keys()
