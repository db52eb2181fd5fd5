"""A process that cannot outlive the one that started it, not even when that one is killed."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def dying_with_parent(argv: Sequence[str]) -> list[str]:
    """The same command, to be started by this process: the kernel kills it when the starting thread ends.

    A small Python becomes ``argv`` (same process id). Code between fork and exec would not be safe beside threads.
    """
    return [sys.executable, "-I", "-S", str(Path(__file__)), str(os.getpid()), *argv]


def start_child(argv: Sequence[str], environ: Mapping[str, str], output: Path) -> subprocess.Popen[bytes]:
    """Starts ``argv`` so that it dies with this process; its output is appended to a file."""
    with output.open("ab") as file:
        return subprocess.Popen(
            dying_with_parent(argv),
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in a terminal is for the parent, which stops its children in order
        )


def _become(parent_pid: int, argv: list[str]) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:  # it ended before the kernel was told
        sys.exit(1)
    os.execv(argv[0], argv)  # noqa: S606


if __name__ == "__main__":
    _become(int(sys.argv[1]), sys.argv[2:])
