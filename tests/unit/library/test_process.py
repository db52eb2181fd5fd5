"""What a service's process takes, compared with what the system says."""

import os
import subprocess
import sys

import psutil
import pytest
from pulsemon.process import ProcessMetrics, watch_process
from pulsemon.testing import MemoryClient


def test_it_tells_what_the_system_tells() -> None:
    client = MemoryClient()
    watch_process(client)
    me, times = psutil.Process(), os.times()

    assert client.value("process.memory.usage") == pytest.approx(me.memory_info().rss, rel=0.1)
    assert client.value("process.memory.virtual") == pytest.approx(me.memory_info().vms, rel=0.1)
    assert client.value("process.cpu.time", **{"cpu.mode": "user"}) == pytest.approx(times.user, abs=0.2)
    assert client.value("process.cpu.time", **{"cpu.mode": "system"}) == pytest.approx(times.system, abs=0.2)
    assert (client.value("process.uptime") or 0) > 0
    client.assert_nothing_dropped()


FOLLOWING = """
import gc, threading, time
from pulsemon.process import watch_process
from pulsemon.testing import MemoryClient

client = MemoryClient()
watch_process(client)
threads, files = client.value("process.thread.count"), client.value("process.unix.file_descriptor.count")
collections = client.value("cpython.gc.collections", **{"cpython.gc.generation": 2})
end = threading.Event()
thread = threading.Thread(target=end.wait)
thread.start()
with open("/dev/null"):
    gc.collect()
    assert client.value("process.thread.count") == threads + 1
    assert client.value("process.unix.file_descriptor.count") == files + 1
    assert client.value("cpython.gc.collections", **{"cpython.gc.generation": 2}) == collections + 1
end.set()
thread.join()
give_up_at = time.monotonic() + 30
while client.value("process.thread.count") != threads:  # the system ends a thread a moment after Python does
    assert time.monotonic() < give_up_at
assert len(client.values("cpython.gc.collections")) == 3
"""


def test_values_follow_what_happens() -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", FOLLOWING], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_forked_child_tells_of_itself() -> None:
    script = """
import os, sys
from pulsemon.process import ProcessMetrics
source = ProcessMetrics()
source()
burnt = sum(range(3_000_000))
if os.fork() == 0:
    cpu = {one.labels["cpu.mode"]: one.value for one in source() if one.name == "process.cpu.time"}
    print(cpu["user"] < os.times().user + 0.05 and cpu["user"] <= 0.05, flush=True)
    os._exit(0)
os.wait()
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True", done.stderr


def test_what_the_system_keeps_to_itself_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(process: psutil.Process) -> int:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil.Process, "num_fds", refuse)
    names = {one.name for one in ProcessMetrics()()}
    assert "process.unix.file_descriptor.count" not in names
    assert {"process.cpu.time", "process.memory.usage", "process.thread.count"} <= names


def test_psutil_is_not_loaded_before_it_is_needed() -> None:
    script = "import sys; from pulsemon.process import ProcessMetrics; ProcessMetrics(); print('psutil' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
