"""One role while the supervisor runs: its life, its process, its log."""

import logging
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from pulsemon_schemas.runtime.notify import USEC_PER_SECOND, WATCHDOG_PID_VARIABLE, WATCHDOG_VARIABLE

from pulsemon_deploy.supervisor.child import Child
from pulsemon_deploy.supervisor.console import Console
from pulsemon_deploy.supervisor.life import HOPELESS_FAILURES, Ending, Life, State
from pulsemon_deploy.supervisor.log_file import LogFile
from pulsemon_deploy.supervisor.loop import Loop, read_available
from pulsemon_deploy.supervisor.output import Lines, level_and_message, says_why
from pulsemon_deploy.supervisor.probe import accepts
from pulsemon_deploy.supervisor.role import Readiness, Role
from pulsemon_deploy.supervisor.signs_of_life import SignsOfLife
from pulsemon_deploy.supervisor.state import RoleState

# Only while a role starts.
PROBE_SECONDS = 0.1
REASON_CHARACTERS = 300
FAILED_EXIT_CODE = 1


class Runner:
    """Starts, watches and stops the process of one role; tells ``changed`` after each change, whoever caused it."""

    def __init__(
        self,
        role: Role,
        loop: Loop,
        console: Console,
        logs_folder: Path,
        environ: Mapping[str, str],
        changed: Callable[["Runner"], None],
    ) -> None:
        self.role = role
        self.life = Life()
        self.is_hopeless = False
        self._loop = loop
        self._console = console
        self._environ = {**environ, **role.environ, **watchdog_environ(role.watchdog_seconds)}
        self._changed = changed
        self._log_path = logs_folder / role.log_name
        self._log = LogFile(logs_folder / role.output_name)
        self._child: Child | None = None
        self._signs: SignsOfLife | None = None
        self._lines = Lines()
        self._last_line = ""
        self._message = ""
        self._started_at = 0.0

    def start(self) -> None:
        """Starts the process."""
        self._lines, self._last_line = Lines(), ""
        self._started_at = time.time()
        self.life.started()
        try:
            child = self._child = Child(self.role.argv, self._environ)
        except OSError as error:  # too many processes or open files: that passes
            self._failed(f"could not be started ({error.strerror})")
        else:
            self._watch(child)
        self._changed(self)

    def _watch(self, child: Child) -> None:
        self._loop.on_readable(child.output, lambda: self._read(child))
        self._loop.on_readable(child.ended, lambda: self._ended(child))
        self._loop.after(self.role.start_seconds, lambda: self._give_up_starting(child))
        self._loop.on_readable(child.notify.fileno(), lambda: self._notified(child))
        if self.role.watchdog_seconds:
            self._signs = SignsOfLife(self._loop, self.role.watchdog_seconds, lambda: self._kill_hung(child))
        if self.role.readiness is Readiness.PORT:
            self._probe(child)

    def stop(self) -> None:
        """Asks the process to end, and ends it at the deadline; without a process there is nothing to do."""
        child = self._child
        if child is None:
            self.life.state = State.STOPPED
        elif self.life.state is not State.STOPPING:
            self.life.state = State.STOPPING
            child.terminate()
            self._loop.after(self.role.stop_seconds, lambda: self._kill_late(child))
        self._changed(self)

    def kill(self) -> None:
        """Ends the process at once."""
        if self._child is not None:
            self._child.kill()

    def close(self) -> None:
        """Frees the log."""
        self._log.close()

    def snapshot(self) -> RoleState:
        """What other programs may know."""
        pid = self._child.pid if self._child else 0
        role, life = self.role, self.life
        started_at = self._started_at if pid else 0.0
        return RoleState(
            role.name, life.state, role.is_task, pid, started_at, life.restarts, self._message, str(self._log_path)
        )

    def _read(self, child: Child) -> None:
        data = read_available(child.output)
        if data == b"":
            self._loop.forget(child.output)
        elif data:
            self._log.write(data)
            self._relay(self._lines.feed(data))

    def _relay(self, lines: list[str]) -> None:
        for line in lines:
            self._last_line = line if says_why(line) else self._last_line
            self._console.relay(self.role.name, line)

    def _notified(self, child: Child) -> None:
        notice = child.notify.read()
        if notice.is_alive and self._signs is not None:
            self._signs.sign()
        if notice.status:
            self._message = notice.status
            self._console.say(self.role.name, notice.status)
            self._changed(self)
        if notice.is_ready and self.role.readiness is Readiness.NOTIFY:
            self._ready(child)

    def _probe(self, child: Child) -> None:
        if self._child is child and self.life.state is State.STARTING:
            if accepts(self.role.port):
                self._ready(child)
            else:
                self._loop.after(PROBE_SECONDS, lambda: self._probe(child))

    def _ready(self, child: Child) -> None:
        if self._child is not child or self.life.state is not State.STARTING:
            return
        self.life.ready(self._loop.now())
        self._message = ""
        self._console.say(self.role.name, f"ready after {time.time() - self._started_at:.1f} s")
        self._changed(self)

    def _ended(self, child: Child) -> None:
        exit_code = child.reap()
        self._drain(child)
        for file in (child.output, child.ended, child.notify.fileno()):
            self._loop.forget(file)
        child.close()
        self._child = None
        if self._signs is not None:
            self._signs.end()
        self._judge(exit_code)
        self._changed(self)

    def _drain(self, child: Child) -> None:
        while data := read_available(child.output):
            self._log.write(data)
            self._relay(self._lines.feed(data))
        self._relay(self._lines.end())

    def _judge(self, exit_code: int) -> None:
        if self.life.state is State.STOPPING:
            self.life.state = State.STOPPED
        elif self.role.is_task and exit_code == 0:
            self.life.done()
            self._message = ""
            self._console.say(self.role.name, f"done after {time.time() - self._started_at:.1f} s")
        else:
            self._failed(ending_words(exit_code) + (self._reason() if exit_code > 0 else ""), exit_code)

    def _failed(self, message: str, exit_code: int = FAILED_EXIT_CODE) -> None:
        ending = self.life.failed(self._loop.now(), exit_code)
        self._message = message
        self._tell(ending)
        starts = self.life.starts
        self._loop.after(ending.delay_seconds, lambda: self._back(starts))

    def _back(self, starts: int) -> None:
        if self.life.state is State.RESTARTING and self.life.starts == starts:
            self.life.state = State.WAITING
            self._changed(self)

    def _reason(self) -> str:
        """What a role says last, when it ends by itself, is why."""
        _, text = level_and_message(self._last_line)
        return f": {text[:REASON_CHARACTERS]}" if text else ""

    def _tell(self, ending: Ending) -> None:
        self.is_hopeless = self.is_hopeless or ending.is_hopeless
        if ending.is_hopeless:
            times = "" if self.life.failures < HOPELESS_FAILURES else f" {self.life.failures} times in a row"
            again = f"; it is tried again in {ending.delay_seconds:g} s" if self.life.was_ever_ready else ""
            text = f"{self._message}. It could not be kept running{times}{again}; its log says why: {self._log_path}"
            self._console.say(self.role.name, text, logging.ERROR)
        else:
            text = f"{self._message}; starting again in {ending.delay_seconds:g} s"
            self._console.say(self.role.name, text, logging.WARNING)

    def _give_up_starting(self, child: Child) -> None:
        if self._child is child and self.life.state is State.STARTING:
            text = f"not ready within {self.role.start_seconds:g} s, so it is ended"
            self._console.say(self.role.name, text, logging.WARNING)
            child.kill()

    def _kill_hung(self, child: Child) -> None:
        if self._child is child and self.life.state is State.READY:
            text = f"gave no sign of life for {self.role.watchdog_seconds:g} s, so it is killed"
            self._console.say(self.role.name, text, logging.WARNING)
            child.kill()

    def _kill_late(self, child: Child) -> None:
        if self._child is child:
            text = f"did not end within {self.role.stop_seconds:g} s, so it is killed"
            self._console.say(self.role.name, text, logging.WARNING)
            child.kill()


def watchdog_environ(limit_seconds: float) -> Mapping[str, str]:
    """What tells a process to give signs of life; "" takes back what our own starter said to us."""
    return {
        WATCHDOG_VARIABLE: f"{limit_seconds * USEC_PER_SECOND:.0f}" if limit_seconds else "",
        WATCHDOG_PID_VARIABLE: "",
    }


def ending_words(exit_code: int) -> str:
    """How a process ended, in words."""
    if exit_code >= 0:
        return f"ended with exit code {exit_code}"
    return f"was ended by signal {-exit_code} ({signal.strsignal(-exit_code)})"
