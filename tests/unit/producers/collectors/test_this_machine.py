"""Every collector on the machine that the tests run on: whatever it is, nothing may fail, be refused or be told."""

import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest
from pulsemon_producers.admission import Admission, Sample
from pulsemon_producers.collectors.base import Collector, Tick
from pulsemon_producers.collectors.builtin import built_in
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.collectors.kernel_clock import read_kernel_clock
from pulsemon_producers.collectors.process_table import ProcessTable, arguments_of, descriptor_limit, use_of
from pulsemon_producers.intervals import metric_intervals_ms
from pulsemon_producers.selection import select
from pulsemon_producers.settings import AgentSettings
from pulsemon_schemas.catalogue import METRICS
from support.waiting import wait_until

SECRET = "--password=hunter2"
EVERYTHING = AgentSettings("web-1", enable=("system.*",), watch_processes=(f"sleeper=*{SECRET}*", "not-there"))


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process with a secret in its command line."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", SECRET])
    try:
        wait_until(lambda: SECRET in arguments_of(Host(), child.pid), 5, "the program to start")
        yield child
    finally:
        child.kill()
        child.wait()


def two_ticks(collector: Collector) -> list[Sample]:
    """What it sends at two hours, with everything on."""
    metrics = select(METRICS, EVERYTHING.enable, ())
    intervals_ms = metric_intervals_ms(metrics, 10_000)
    admission = Admission(metrics, intervals_ms)
    samples: list[Sample] = []
    for previous_ms, now_ms in ((None, 0), (0, 3_600_000)):
        tick = Tick(now_ms, previous_ms, "boot", intervals_ms)
        admitted, refused = admission.admit(collector.name, tick, list(collector.collect(tick)))
        assert refused == 0
        samples += admitted
    collector.close()
    return samples


def test_nothing_fails_and_no_command_line_leaves(sleeper: subprocess.Popen[bytes]) -> None:
    samples = {collector.name: two_ticks(collector) for collector in built_in(Host(), EVERYTHING)}

    assert {"cpu", "memory", "process", "tcp"} <= {name for name, sent in samples.items() if sent}
    texts = [f"{name}{labels}" for sent in samples.values() for name, labels, _ in sent]
    assert not [text for text in texts if "hunter2" in text]
    up = {labels: value for name, labels, value in samples["process"] if name == "process.up"}
    assert up == {"process.executable.name=sleeper": 1.0, "process.executable.name=not-there": 0.0}
    series = [(name, labels) for sent in samples.values() for name, labels, _ in sent]
    assert len(series) > 150


def test_a_process_is_read_as_others_read_it(sleeper: subprocess.Popen[bytes]) -> None:
    known = psutil.Process(sleeper.pid)
    wait_until(lambda: known.status() == psutil.STATUS_SLEEPING, 5, "the program to sleep")

    (found,) = (one for one in ProcessTable(Host()).read() if one.pid == sleeper.pid)

    assert found.name == known.name()
    assert found.threads == known.num_threads()
    assert found.resident_pages * Host().page_bytes == pytest.approx(known.memory_info().rss, rel=0.1)
    assert found.cpu_ticks / 100 == pytest.approx(sum(known.cpu_times()[:2]), abs=0.1)
    assert found.started_ticks / 100 + psutil.boot_time() == pytest.approx(known.create_time(), abs=2)
    use = use_of(Host(), sleeper.pid)
    assert use.descriptors == known.num_fds()
    assert descriptor_limit(Host(), sleeper.pid) == known.rlimit(psutil.RLIMIT_NOFILE)[0]
    assert use.read_bytes is not None


def test_a_process_that_ended_uses_nothing() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()

    use = use_of(Host(), gone.pid)

    assert (use.read_bytes, use.written_bytes, use.descriptors) == (None, None, None)
    assert arguments_of(Host(), gone.pid) == ""
    assert descriptor_limit(Host(), gone.pid) is None


def test_the_kernels_clock_is_asked_and_not_changed() -> None:
    clock = read_kernel_clock()

    if clock is None:
        pytest.skip("this machine does not let its clock be asked")
    assert abs(clock.offset_seconds) < 1
    assert 0 <= clock.max_error_seconds <= 16
