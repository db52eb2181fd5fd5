"""One run of an executable: no shell, nothing of our environment, a group of its own, and an end for certain."""

import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ENVIRONMENT: Mapping[str, str] = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
}
MAX_OUTPUT_BYTES = 1 << 20
MAX_ERROR_BYTES = 4096
READ_BYTES = 65_536
POLL_SECONDS = 0.1
"""How soon a run notices that the agent stops."""
EXIT_POLL_SECONDS = 0.01
GRACE_SECONDS = 0.25
"""From SIGTERM to SIGKILL: a stopping agent waits half a second for its collectors."""


class RunError(Exception):
    """Why a run yielded nothing."""


@dataclass(frozen=True, slots=True)
class Output:
    """What a program wrote, and how it ended."""

    out: bytes
    error: bytes
    exit_code: int


def run(argv: Sequence[str], timeout_seconds: float, stop: threading.Event) -> Output:
    """Starts the program, reads all it writes, and ends its process group, whatever happens.

    Raises RunError if it takes too long, writes too much, or if ``stop`` is set meanwhile; OSError if it cannot start.
    """
    with subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd="/",
        env=dict(ENVIRONMENT),
        start_new_session=True,
    ) as process:
        watched = _Watched(process, timeout_seconds, stop)
        try:
            watched.read()
            watched.wait()
        finally:
            watched.end()
    return Output(bytes(watched.out), bytes(watched.error), process.returncode)


class _Watched:
    """A process whose first member is not reaped before its group is ended: so the group's number stays its own."""

    def __init__(self, process: "subprocess.Popen[bytes]", timeout_seconds: float, stop: threading.Event) -> None:
        self._process = process
        self._timeout_seconds = timeout_seconds
        self._until = time.monotonic() + timeout_seconds
        self._stop = stop
        self.out = bytearray()
        self.error = bytearray()

    def read(self) -> None:
        """Reads both pipes to their ends: those of all that hold them. Raises RunError."""
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        with selectors.DefaultSelector() as selector:
            for pipe, kept in ((self._process.stdout, self.out), (self._process.stderr, self.error)):
                os.set_blocking(pipe.fileno(), False)
                selector.register(pipe, selectors.EVENT_READ, kept)
            while selector.get_map():
                self._check()
                wait_seconds = min(POLL_SECONDS, max(0.0, self._until - time.monotonic()))
                for key, _ in selector.select(wait_seconds):
                    chunk = os.read(key.fd, READ_BYTES)
                    if not chunk:
                        selector.unregister(key.fileobj)
                    elif key.data is self.out or len(self.error) < MAX_ERROR_BYTES:
                        key.data.extend(chunk)
            self._check()

    def wait(self) -> None:
        """Waits for the end of the first process. Raises RunError."""
        while not self._has_ended():
            self._check()
            time.sleep(EXIT_POLL_SECONDS)

    def end(self) -> None:
        """Ends what is left of the group: kindly while its first process lives, then for certain."""
        if not self._has_ended():
            self._signal(signal.SIGTERM)
            until = time.monotonic() + GRACE_SECONDS
            while not self._has_ended() and time.monotonic() < until:
                time.sleep(EXIT_POLL_SECONDS)
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _check(self) -> None:
        """Raises RunError if the run is over before its end."""
        if len(self.out) > MAX_OUTPUT_BYTES:
            raise RunError(f"it wrote more than {MAX_OUTPUT_BYTES} bytes, and was ended")
        if self._stop.is_set():
            raise RunError("it was ended, for the agent stops")
        if time.monotonic() >= self._until:
            raise RunError(f"it took longer than {self._timeout_seconds:g} s, and was ended")

    def _signal(self, number: int) -> None:
        try:
            os.killpg(self._process.pid, number)
        except PermissionError:
            # a member that changed its user; the others got the signal
            return

    def _has_ended(self) -> bool:
        return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
