"""All roles together: which may start now, which have to stop before which, and what other programs are told."""

import contextlib
import logging
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pulsemon_deploy.supervisor.console import OWN_NAME, Console
from pulsemon_deploy.supervisor.life import State
from pulsemon_deploy.supervisor.loop import Loop
from pulsemon_deploy.supervisor.role import Role, all_needs, check_plan
from pulsemon_deploy.supervisor.runner import Runner
from pulsemon_deploy.supervisor.state import SupervisorState, write_state


class Supervisor:
    """Runs roles until a signal, or until one of them can never become ready.

    ``all_ready`` is called once, when everything was ready for the first time.
    """

    def __init__(
        self,
        roles: Sequence[Role],
        loop: Loop,
        console: Console,
        folders: tuple[Path, Path],
        environ: Mapping[str, str],
        all_ready: Callable[[], None] = lambda: None,
    ) -> None:
        """``folders`` are that of the logs and the file of the state."""
        check_plan(tuple(roles))
        logs_folder, self._state_file = folders
        self._needs = all_needs(tuple(roles))
        self._loop = loop
        self._console = console
        self._all_ready = all_ready
        self._started_at = time.time()
        self._is_stopping = False
        self._is_ready = False
        self._has_failed = False
        self._runners = {role.name: Runner(role, loop, console, logs_folder, environ, self._changed) for role in roles}

    def run(self) -> bool:
        """Starts, keeps and finally stops everything; False if a role could not be brought up."""
        with self._loop.signals(self._signalled):
            self._start_what_may()
            self._loop.run()
        for runner in self._runners.values():
            runner.close()
        self._state_file.unlink(missing_ok=True)
        return not self._has_failed

    def stop(self) -> None:
        """Stops all in reverse order; ``run`` then returns."""
        if not self._is_stopping:
            self._is_stopping = True
            self._console.say(OWN_NAME, "stopping everything; once more (Ctrl-C) ends it at once")
            self._stop_what_may()

    def snapshot(self) -> SupervisorState:
        """What other programs may know."""
        roles = tuple(runner.snapshot() for runner in self._runners.values())
        return SupervisorState(os.getpid(), self._started_at, self._is_ready, roles)

    def _signalled(self, number: int) -> None:
        if self._is_stopping and number == signal.SIGINT:
            for runner in self._runners.values():
                runner.kill()
        self.stop()

    def _changed(self, runner: Runner) -> None:
        if self._is_stopping:
            self._stop_what_may()
        else:
            self._carry_out_again(runner)
            self._end_if_hopeless(runner)
            self._start_what_may()
        self._publish()
        self._tell_if_ready()

    def _start_what_may(self) -> None:
        """Each start reports a change of its own, which comes back here: one start a call is enough."""
        for runner in self._runners.values():
            needs = (self._runners[name].life for name in runner.role.needs)
            if not self._is_stopping and runner.life.state is State.WAITING and all(life.satisfies for life in needs):
                runner.start()

    def _stop_what_may(self) -> None:
        """Whoever needs a role is stopped before it."""
        for runner in self._runners.values():
            if not self._dependents_running(runner.role.name) and runner.life.state not in (
                State.STOPPING,
                State.STOPPED,
            ):
                runner.stop()
        if all(runner.life.state is State.STOPPED for runner in self._runners.values()):
            self._loop.stop()

    def _dependents_running(self, name: str) -> bool:
        return any(name in self._needs[other] and self._runners[other].life.is_running for other in self._needs)

    def _carry_out_again(self, runner: Runner) -> None:
        """A broker that came back may have come back empty: its tasks are repeated; they cost little."""
        if runner.life.state is not State.READY or runner.life.restarts == 0:
            return
        for other in self._runners.values():
            if runner.role.name in other.role.follows and other.life.state is State.DONE:
                other.life.state = State.WAITING

    def _end_if_hopeless(self, runner: Runner) -> None:
        if runner.is_hopeless and not runner.life.was_ever_ready and not self._has_failed:
            self._has_failed = True
            self.stop()

    def _tell_if_ready(self) -> None:
        awaited = (runner.life for runner in self._runners.values() if runner.role.is_awaited)
        if not self._is_ready and all(life.satisfies for life in awaited):
            self._is_ready = True
            self._publish()
            self._console.say(OWN_NAME, f"everything is ready after {time.time() - self._started_at:.1f} s")
            self._all_ready()

    def _publish(self) -> None:
        try:
            write_state(self._state_file, self.snapshot())
        except OSError as error:
            with contextlib.suppress(OSError):
                self._console.say(OWN_NAME, f"the state could not be written: {error}", logging.WARNING)
