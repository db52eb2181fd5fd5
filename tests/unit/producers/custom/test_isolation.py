"""A collector that is slow or hangs delays no other: shown with what really hangs."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pulsemon_producers.collectors.base import Collector, Tick
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.crew import Crew
from pulsemon_producers.custom.probe.settings import ProbeSettings
from pulsemon_producers.custom.program.settings import ProgramSettings
from pulsemon_producers.custom.roster import roster
from pulsemon_producers.custom.scrape.settings import ScrapeSettings
from pulsemon_producers.custom.settings import CustomSettings
from pulsemon_producers.custom.text_files.settings import TextFileSettings
from support.small_servers import Page, silent_server, web_server
from support.waiting import wait_until
from unit.producers.doubles import Steady

PATIENCE_SECONDS = 0.3
# what the agent gives its collectors; a probe that hangs ends with the process
CLOSE_SECONDS = 0.5
TICK_MS = 30_000


@contextmanager
def crew_of(settings: CustomSettings) -> Iterator[Crew]:
    members: list[Collector] = [Steady(Host()), *roster(Host(), settings)]
    crew = Crew.of(members, TICK_MS)
    crew.patience_seconds = PATIENCE_SECONDS
    try:
        yield crew
    finally:
        crew.close(CLOSE_SECONDS)


def values(crew: Crew, number: int) -> dict[str, dict[str, float]]:
    """What arrives at a tick: collector to series to value."""
    tick = Tick(number * TICK_MS, None, "boot", {})
    return {
        outcome.collector: {f"{point.name}{{{point.labels}}}": point.value for point in outcome.points}
        for outcome in crew.collect(tick)
    }


def test_what_hangs_delays_neither_its_kind_nor_the_others(tmp_path: Path) -> None:
    blocking, quick = tmp_path / "blocking", tmp_path / "quick"
    blocking.write_text("#!/bin/sh\nexec sleep 60\n")
    quick.write_text("#!/bin/sh\necho a 1\n")
    for path in (blocking, quick):
        path.chmod(0o755)
    folder = tmp_path / "text"
    folder.mkdir(mode=0o755)
    os.mkfifo(folder / "fifo.prom", 0o644)
    (folder / "good.prom").write_text("b 1\n")
    (folder / "good.prom").chmod(0o644)
    with silent_server() as silent, web_server(Page(b"c 1\n")) as page:
        settings = CustomSettings(
            probes=(
                ProbeSettings("silent", f"http://127.0.0.1:{silent}/", timeout_seconds=30),
                ProbeSettings("web", f"http://127.0.0.1:{page.port}/"),
            ),
            scrapes=(
                ScrapeSettings("silent", f"http://127.0.0.1:{silent}/", timeout_seconds=30),
                ScrapeSettings("app", f"http://127.0.0.1:{page.port}/"),
            ),
            programs=(ProgramSettings("blocking", blocking, timeout_seconds=30), ProgramSettings("quick", quick)),
            folder=TextFileSettings(folder),
        )
        with crew_of(settings) as crew:
            begun = time.monotonic()
            first, second = values(crew, 2), values(crew, 4)
            seconds = time.monotonic() - begun

    assert set(first) == set(second) == {"steady", "probe.web", "scrape.app", "exec.quick", "textfile"}
    assert seconds < 2 * PATIENCE_SECONDS + 1
    assert second["probe.web"]["probe.up{probe=web}"] == 1.0
    assert second["scrape.app"]["c{scrape=app}"] == 1.0
    assert second["exec.quick"]["custom.a{}"] == 1.0
    assert second["textfile"]["custom.b{}"] == 1.0
    assert {name for name, member in crew.members.items() if member.missed} == {
        "probe.silent",
        "scrape.silent",
        "exec.blocking",
    }


def test_an_agent_that_stops_takes_its_programs_along(tmp_path: Path) -> None:
    path, pid = tmp_path / "program", tmp_path / "pid"
    path.write_text(f"#!/bin/sh\necho $$ > {pid}.new; mv {pid}.new {pid}\nexec sleep 60\n")
    path.chmod(0o755)
    with crew_of(CustomSettings(programs=(ProgramSettings("long", path, timeout_seconds=60),))) as crew:
        values(crew, 2)
        wait_until(pid.exists, what="the start of the program")

    assert not Path(f"/proc/{int(pid.read_text())}").exists()
