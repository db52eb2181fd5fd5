"""Everything stops, in reverse order; nothing stays behind, not even after kill -9 of the supervisor."""

import os
import signal
from pathlib import Path

import psutil
from pulsemon_deploy.supervisor.down import down
from pulsemon_deploy.supervisor.role import Readiness, Role
from support.supervised import script, service, supervised
from support.waiting import wait_until

_TELLS = """
    def end(*_):
        open({path!r}, "a").write({name!r})
        sys.exit(0)
    signal.signal(signal.SIGTERM, end)
    ready(); wait()
"""


def test_what_needs_others_stops_before_them(tmp_path: Path) -> None:
    order = str(tmp_path / "order")
    roles = [
        service("a", _TELLS.format(path=order, name="a")),
        service("b", _TELLS.format(path=order, name="b"), needs=("a",)),
        service("c", _TELLS.format(path=order, name="c"), needs=("b",)),
    ]
    with supervised(tmp_path, roles) as running:
        running.wait_ready()
        children = running.descendants()
        code, output = running.stop()
    assert code == 0
    assert Path(order).read_text() == "cba"
    assert "ERROR" not in output
    assert not any(child.is_running() for child in children)
    assert not running.home.state_file.exists()


def test_what_was_needed_through_a_task_that_is_done_stops_last(tmp_path: Path) -> None:
    order = str(tmp_path / "order")
    slow = _TELLS.replace("open(", "time.sleep(0.5); open(")
    roles = [
        service("a", _TELLS.format(path=order, name="a")),
        Role("task", script(""), Readiness.EXIT, needs=("a",)),
        service("b", slow.format(path=order, name="b"), needs=("task",)),
    ]
    with supervised(tmp_path, roles) as running:
        running.wait_ready()
        assert running.stop()[0] == 0
    assert Path(order).read_text() == "ba"


def test_a_role_that_does_not_end_is_killed_at_its_deadline(tmp_path: Path) -> None:
    deaf = service("deaf", "signal.signal(signal.SIGTERM, signal.SIG_IGN); ready(); wait()", stop_seconds=0.3)
    with supervised(tmp_path, [deaf]) as running:
        running.wait_ready()
        code, output = running.stop()
    assert code == 0
    assert "deaf       WARNING did not end within 0.3 s, so it is killed" in output


def test_a_second_interrupt_ends_at_once(tmp_path: Path) -> None:
    deaf = service("deaf", "signal.signal(signal.SIGTERM, signal.SIG_IGN); ready(); wait()", stop_seconds=60)
    with supervised(tmp_path, [deaf]) as running:
        running.wait_ready()
        running.process.send_signal(signal.SIGINT)
        running.wait_for("deaf", "stopping")
        running.process.send_signal(signal.SIGINT)
        code, _ = running.wait_end()
    assert code == 0


def test_nothing_stays_behind_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    deaf = (
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.signal(signal.SIGHUP, signal.SIG_IGN); ready(); wait()"
    )
    with supervised(tmp_path, [service("one", deaf), service("two", deaf)]) as running:
        running.wait_ready()
        children = running.descendants()
        assert len(children) == 2
        os.kill(running.process.pid, signal.SIGKILL)
        _, alive = psutil.wait_procs(children, timeout=5)
    assert not alive


def test_stop_while_something_waits_for_its_next_start(tmp_path: Path) -> None:
    with supervised(tmp_path, [service("fine"), service("broken", "sys.exit(1)")]) as running:
        wait_until(lambda: running.role("broken").restarts >= 2, 10, "it was started again twice")
        code, _ = running.stop()
    assert code == 0


def test_down_stops_the_supervisor_of_a_home_and_waits(tmp_path: Path) -> None:
    with supervised(tmp_path, [service("worker")]) as running:
        running.wait_ready()
        assert down(running.home) == running.process.pid
        code, _ = running.wait_end()
    assert code == 0
    assert down(running.home) is None


def test_a_second_supervisor_on_one_home_is_refused(tmp_path: Path) -> None:
    with supervised(tmp_path, [service("worker")]) as running:
        running.wait_ready()
        with supervised(tmp_path, [service("worker")]) as second:
            code, output = second.wait_end()
        assert code == 1
        assert f"already runs on {running.home.root} (process {running.process.pid})" in output
        assert running.role("worker").state == "ready"
