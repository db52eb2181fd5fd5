"""Roles start by readiness, in the order of their needs."""

from pathlib import Path

from pulsemon_deploy.supervisor.role import Readiness, Role
from support.supervised import script, service, supervised
from support.waiting import wait_until


def test_a_role_starts_only_when_what_it_needs_is_ready(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    first = service("first", f"while not os.path.exists({str(gate)!r}): time.sleep(0.01)\nready(); wait()")
    with supervised(tmp_path, [first, service("second", needs=("first",))]) as running:
        running.wait_for("first", "starting")
        assert running.role("second").state == "waiting"
        assert running.role("second").pid == 0
        gate.touch()
        running.wait_ready()
        code, output = running.stop()
    assert code == 0
    assert output.index("first      ready") < output.index("second     ready") < output.index("ALL READY")


def test_a_task_must_end_well_before_what_needs_it_starts(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    task = Role("task", script(f"open({str(mark)!r}, 'w').close()"), Readiness.EXIT)
    after = service("after", f"assert os.path.exists({str(mark)!r}); ready(); wait()", needs=("task",))
    with supervised(tmp_path, [task, after]) as running:
        running.wait_ready()
        assert running.role("task").state == "done"
        assert running.role("after").restarts == 0


def test_a_port_that_accepts_connections_is_readiness_too(tmp_path: Path) -> None:
    listen = """
        server = socket.socket()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", int(sys.argv[1])))
        time.sleep(0.3)
        server.listen()
        wait()
    """
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    role = Role("listener", (*script(listen), str(port)), Readiness.PORT, port=port)
    with supervised(tmp_path, [role]) as running:
        running.wait_for("listener", "starting")
        running.wait_ready()


def test_a_role_that_says_nothing_is_not_ready(tmp_path: Path) -> None:
    with supervised(tmp_path, [service("quiet", "print('here', flush=True); wait()", start_seconds=0.5)]) as running:
        wait_until(lambda: running.role("quiet").restarts >= 1, 10, "the quiet role was started again")
        _, output = running.stop()
    assert "not ready within 0.5 s, so it is ended" in output
    assert "ALL READY" not in output


def test_tasks_are_repeated_when_what_they_follow_came_back(tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    task = Role(
        "task", script(f"open({str(marks)!r}, 'a').write('x')"), Readiness.EXIT, needs=("base",), follows=("base",)
    )
    with supervised(tmp_path, [service("base"), task, service("user", needs=("task",))]) as running:
        running.wait_ready()
        user = running.role("user").pid
        import os
        import signal

        os.kill(running.role("base").pid, signal.SIGKILL)
        wait_until(lambda: marks.read_text() == "xx", 10, "the task ran a second time")
        running.wait_for("task", "done")
        assert running.role("user").pid == user, "a running role is not restarted for that"


def test_what_a_role_says_it_does_is_shown_until_it_is_ready(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    body = f"""
        client = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        client.sendto(b"STATUS=downloads 45 MB", "\\0" + os.environ["NOTIFY_SOCKET"][1:])
        while not os.path.exists({str(gate)!r}): time.sleep(0.01)
        ready(); wait()
    """
    with supervised(tmp_path, [service("slow", body)]) as running:
        wait_until(lambda: running.role("slow").message == "downloads 45 MB", 10, "the message is in the state")
        gate.touch()
        running.wait_ready()
        assert running.role("slow").message == ""
        _, output = running.stop()
    assert "slow       downloads 45 MB" in output
