"""One started process: its end, its output and its readiness as files that a loop can wait for."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pulsemon_deploy.supervisor.notify import NotifySocket

GUARD = Path(__file__).with_name("guard.py")


class Child:
    """A process in a session of its own: Ctrl-C does not reach it, and what it starts can be ended with it."""

    def __init__(self, argv: Sequence[str], environ: Mapping[str, str]) -> None:
        """Starts it. Raises OSError; then nothing of it is left."""
        with contextlib.ExitStack() as undo:
            self.notify = NotifySocket()
            undo.callback(self.notify.close)
            self._process = self._start(argv, environ)
            undo.callback(self._undo_start)
            self.ended = os.pidfd_open(self._process.pid)
            undo.pop_all()
        assert self._process.stdout is not None
        self.output = self._process.stdout.fileno()
        os.set_blocking(self.output, False)

    def _start(self, argv: Sequence[str], environ: Mapping[str, str]) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(GUARD), str(os.getpid()), *argv],
            env={**environ, "NOTIFY_SOCKET": self.notify.address},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _undo_start(self) -> None:
        assert self._process.stdout is not None
        self.reap()
        self._process.stdout.close()

    @property
    def pid(self) -> int:
        """Its process id, which is also that of its process group."""
        return self._process.pid

    def terminate(self) -> None:
        """Asks it to end."""
        self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it, and whatever it started that is still there."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def reap(self) -> int:
        """Its exit code, or the negative number of the signal that ended it; call it when ``ended`` is readable."""
        self.kill()  # the process itself is over; this is for what it may have left behind
        return self._process.wait()

    def close(self) -> None:
        """Frees the files."""
        assert self._process.stdout is not None
        self._process.stdout.close()
        self.notify.close()
        os.close(self.ended)
