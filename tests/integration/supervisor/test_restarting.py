"""What ends is started again, with patience; what cannot start is told in one sentence."""

import os
import signal
from functools import partial
from pathlib import Path

import pytest
from pulsemon_deploy.supervisor.role import Role
from support.supervised import Supervised, service, supervised
from support.waiting import wait_until


def test_a_killed_role_comes_back_and_is_counted(tmp_path: Path) -> None:
    with supervised(tmp_path, [service("worker")]) as running:
        running.wait_ready()
        first = running.role("worker").pid
        for restarts in (1, 2):
            os.kill(running.role("worker").pid, signal.SIGKILL)
            wait_until(partial(_was_restarted, running, restarts), 10, "it was started again")
            running.wait_for("worker", "ready")
        assert running.role("worker").pid != first
        _, output = running.stop()
    assert "worker     WARNING was ended by signal 9 (Killed); starting again in 0.2 s" in output
    assert "starting again in 0.5 s" in output, "the second time it waits longer"


def test_a_role_that_can_never_start_ends_everything_with_one_sentence(tmp_path: Path) -> None:
    broken = service("broken", "sys.exit('the engine does not fit')")
    with supervised(tmp_path, [service("fine"), broken]) as running:
        code, output = running.wait_end()
    assert code == 1
    log = tmp_path / "home" / "logs" / "broken.log"
    sentence = (
        "broken     ERROR ended with exit code 1: the engine does not fit. "
        f"It could not be kept running 5 times in a row; its log says why: {log}"
    )
    assert sentence in output
    assert log.read_text() == "the engine does not fit\n" * 5


@pytest.mark.parametrize("exit_code", [2, 3])
def test_what_no_repetition_mends_is_not_tried_again(tmp_path: Path, exit_code: int) -> None:
    broken = service("broken", f"print('the secret is missing', file=sys.stderr); sys.exit({exit_code})")
    with supervised(tmp_path, [broken]) as running:
        code, output = running.wait_end()
    assert code == 1
    assert "starting again" not in output
    assert f"ended with exit code {exit_code}: the secret is missing. It could not be kept running; " in output


def test_one_that_once_worked_is_tried_again_for_ever_and_that_is_said(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    with supervised(
        tmp_path, [service("worker", f"os.path.exists({str(gate)!r}) and sys.exit(1); ready(); wait()")]
    ) as (running):
        running.wait_ready()
        gate.touch()
        os.kill(running.role("worker").pid, signal.SIGKILL)
        wait_until(
            lambda: running.role("worker").restarts >= 4 and running.role("worker").pid == 0, 20, "five failures"
        )
        wait_until(lambda: running.role("worker").state == "restarting", 5, "it waits")
        _, output = running.stop()
    assert "It could not be kept running 5 times in a row; it is tried again in 5 s; its log says why: " in output


def test_a_process_that_cannot_be_started_is_a_failed_start(tmp_path: Path) -> None:
    too_long = Role("huge", ("/bin/true", "x" * 200_000))
    with supervised(tmp_path, [service("fine"), too_long]) as running:
        running.wait_for("fine", "ready")
        code, output = running.wait_end()
    assert code == 1
    assert "huge       WARNING could not be started (Argument list too long); starting again in 0.2 s" in output
    assert (
        "huge       ERROR could not be started (Argument list too long). It could not be kept running 5 times" in output
    )
    assert "Traceback" not in output


def test_what_a_dead_role_left_behind_is_ended_with_it(tmp_path: Path) -> None:
    note = tmp_path / "grandchild"
    parent = f"""
        import subprocess
        child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
        open({str(note)!r}, "w").write(str(child.pid))
        ready(); wait()
    """
    with supervised(tmp_path, [service("parent", parent)]) as running:
        running.wait_ready()
        grandchild = int(note.read_text())
        os.kill(running.role("parent").pid, signal.SIGKILL)
        wait_until(lambda: not _runs(grandchild), 10, "the grandchild ended")


def test_a_role_waits_for_its_need_before_it_comes_back(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    gate.touch()
    base = service("base", f"while not os.path.exists({str(gate)!r}): time.sleep(0.01)\nready(); wait()")
    with supervised(tmp_path, [base, service("user", needs=("base",))]) as running:
        running.wait_ready()
        gate.unlink()
        os.kill(running.role("base").pid, signal.SIGKILL)
        os.kill(running.role("user").pid, signal.SIGKILL)
        running.wait_for("base", "starting")
        running.wait_for("user", "waiting")
        gate.touch()
        running.wait_for("user", "ready")


def _was_restarted(running: Supervised, times: int) -> bool:
    return running.role("worker").restarts == times


def _runs(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return status != "Z"


ALIVE = """
client = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
ready()
for _ in range({beats}):
    client.sendto(b"WATCHDOG=1", "\\0" + os.environ["NOTIFY_SOCKET"][1:])
    time.sleep(int(os.environ["WATCHDOG_USEC"]) / 2e6)
wait()
"""


def test_a_role_without_a_sign_of_life_is_killed_and_started_again(tmp_path: Path) -> None:
    """One falls silent, one goes on giving signs, and one never gave any."""
    hung = service("hung", ALIVE.format(beats=2), watchdog_seconds=0.4)
    alive = service("alive", ALIVE.format(beats=10_000), watchdog_seconds=2.0)
    quiet = service("quiet", watchdog_seconds=0.4)
    with supervised(tmp_path, [hung, alive, quiet]) as running:
        running.wait_ready()
        wait_until(lambda: running.role("hung").restarts >= 1, 15, "the silent one was started again")
        assert (running.role("alive").restarts, running.role("quiet").restarts) == (0, 0)
        _, output = running.stop()
    assert "hung       WARNING gave no sign of life for 0.4 s, so it is killed" in output
